//! What whoever hands a file out says about it: this server, or the bucket itself after a redirect.

use object_store::{Attribute, Attributes};

/// What is said about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// `Content-Type`.
    pub media_type: &'static str,
    /// `Content-Disposition`.
    pub disposition: String,
}

impl Label {
    /// A PDF, shown in the browser and saved under this name.
    pub fn pdf(file_name: &str) -> Self {
        Self { media_type: "application/pdf", disposition: disposition("inline", file_name) }
    }

    pub(super) fn attributes(&self) -> Attributes {
        Attributes::from_iter([
            (Attribute::ContentType, self.media_type.to_owned()),
            (Attribute::ContentDisposition, self.disposition.clone()),
        ])
    }
}

/// Shown in the browser (`inline`) or saved (`attachment`), under this name (RFC 6266).
pub fn disposition(kind: &str, name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_. ".contains(c);
    let name: String = name.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    format!("{kind}; filename=\"{name}\"")
}
