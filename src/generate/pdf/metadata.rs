//! What a document says about itself (ISO 32000-1, section 14.3.3), in any script.

use lopdf::{Dictionary, Object, StringFormat};

use crate::generate::model::Model;

/// The document information dictionary.
pub(super) fn of(model: &Model) -> Dictionary {
    let mut about = Dictionary::new();
    about.set("Title", text(&title(model)));
    if let Some(author) = &model.author {
        about.set("Author", text(author));
    }
    if !model.subtitle.is_empty() {
        about.set("Subject", text(&model.subtitle));
    }
    let created = model.created_at.strftime("D:%Y%m%d%H%M%SZ").to_string();
    about.set("CreationDate", Object::string_literal(created.clone()));
    about.set("ModDate", Object::string_literal(created));
    about.set("Creator", Object::string_literal("reportwire"));
    about
}

/// The title of the document, as a window or a tab shows it.
fn title(model: &Model) -> String {
    if model.subtitle.is_empty() {
        model.title.clone()
    } else {
        format!("{} – {}", model.title, model.subtitle)
    }
}

/// A text string: as it is in ASCII, else UTF-16 with a byte order mark (section 7.9.2.2).
pub(super) fn text(text: &str) -> Object {
    if text.bytes().all(|byte| matches!(byte, 0x20..=0x7e)) {
        return Object::string_literal(text);
    }
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    Object::String(units.flat_map(u16::to_be_bytes).collect(), StringFormat::Hexadecimal)
}
