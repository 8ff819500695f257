//! The only place that builds URLs.

use crate::{
    report::{ExportFormat, Link, Links, Record, ReportId, Status, TypedLink},
    token::{Action, Forged, Signer},
};

/// Where the reports live, below the origin.
const REPORTS: &str = "/api/v1/report";

/// Makes the links of a report, and checks those that come back.
#[derive(Clone, Debug)]
pub struct Linker {
    signer: Signer,
}

impl Linker {
    /// A linker that signs with `signer`.
    pub fn new(signer: Signer) -> Self {
        Self { signer }
    }

    /// The path of a report's resource, for a `Location`.
    pub fn path(id: ReportId) -> String {
        format!("{REPORTS}/{id}")
    }

    /// Everything that can be done with the report now. A function of the record alone: two reads of
    /// one version are the same text.
    pub fn links(&self, record: &Record) -> Links {
        let this = format!("{}{}", record.origin, Self::path(record.id));
        let token = |action| self.signer.sign(action, record.id);
        // http becomes ws and https becomes wss
        let socket = this.replacen("http", "ws", 1);
        let finished = record.status == Status::Completed;
        let file = finished.then(|| token(Action::Download));
        let typed = |name: &str, media_type| {
            file.as_ref().map(|token| TypedLink { href: format!("{this}/{name}?token={token}"), media_type })
        };
        Links {
            events: Link { href: format!("{this}/events?token={}", token(Action::Follow)) },
            ws: Link { href: format!("{socket}/ws?token={}", token(Action::Follow)) },
            download: typed("pdf", "application/pdf"),
            model: typed("model", "application/json"),
            alternate: ExportFormat::ALL
                .into_iter()
                .filter_map(|format| typed(format.name(), format.media_type()))
                .collect(),
            this: Link { href: this },
        }
    }

    /// Whether the token of a link allows `action` on `id`.
    ///
    /// # Errors
    ///
    /// [`Forged`].
    pub fn check(&self, token: &str, action: Action, id: ReportId) -> Result<(), Forged> {
        self.signer.check(token, action, id)
    }
}
