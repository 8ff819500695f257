//! The only place that builds URLs.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::{
    report::{ExportFormat, Link, Links, Record, ReportId, Status, TypedLink},
    store::Clock,
    token::{Action, BadLink, Signer},
};

/// Where the reports live, below the origin.
const REPORTS: &str = "/api/v1/report";

/// Who is handed the links, and what they are to be able to do with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Whose report it is: everything, for as long as a link lives.
    Owner,
    /// Whoever follows it, by whatever leave: the file, and no longer leave to follow than they have.
    Follower,
    /// Whoever opens a letter, when it suits them: the file, for as long as the report is kept.
    Letter,
}

/// Makes the links of a report, and checks those that come back.
#[derive(Clone)]
pub struct Linker {
    signer: Signer,
    clock: Clock,
    lifetime: Duration,
}

impl Linker {
    /// A linker that signs with `signer` links that can be used for `lifetime` by `clock`.
    pub fn new(signer: Signer, clock: Clock, lifetime: Duration) -> Self {
        Self { signer, clock, lifetime }
    }

    /// The path of a report's resource, for a `Location`.
    pub fn path(id: ReportId) -> String {
        format!("{REPORTS}/{id}")
    }

    /// Everything that `reader` can do with the report from now on.
    pub fn links(&self, record: &Record, reader: Reader) -> Links {
        let this = format!("{}{}", record.origin, Self::path(record.id));
        let end = match reader {
            Reader::Letter => record.expires_at,
            Reader::Owner | Reader::Follower => self.end(),
        };
        let token = |action| format!("?token={}", self.signer.sign(action, record.id, end));
        let follow = if reader == Reader::Owner { token(Action::Follow) } else { String::new() };
        // http becomes ws and https becomes wss
        let socket = this.replacen("http", "ws", 1);
        let finished = record.status == Status::Completed;
        let file = finished.then(|| token(Action::Download));
        let typed = |name: &str, media_type| {
            file.as_ref().map(|token| TypedLink { href: format!("{this}/{name}{token}"), media_type })
        };
        Links {
            events: Link { href: format!("{this}/events{follow}") },
            ws: Link { href: format!("{socket}/ws{follow}") },
            download: typed("pdf", "application/pdf"),
            model: typed("model", "application/json"),
            alternate: ExportFormat::ALL
                .into_iter()
                .filter_map(|format| typed(format.name(), format.media_type()))
                .collect(),
            this: Link { href: this },
        }
    }

    /// Until when links that are made now can be used. It moves in steps, so that what is made of one record within a
    /// step is the same text.
    fn end(&self) -> Timestamp {
        const STEPS: i64 = 8;
        let lifetime = i64::try_from(self.lifetime.as_secs()).unwrap_or(i64::MAX / 2);
        let step = (lifetime / STEPS).max(1);
        let end = (self.clock)().as_second().saturating_add(lifetime) / step * step;
        Timestamp::from_second(end).unwrap_or(Timestamp::MAX)
    }

    /// Until when links that were made `at` then are good enough to be handed out again: at least half of their time
    /// is left.
    pub fn good_until(&self, at: Timestamp) -> Timestamp {
        at.saturating_add(SignedDuration::try_from(self.lifetime / 4).unwrap_or(SignedDuration::MAX))
            .unwrap_or(Timestamp::MAX)
    }

    /// The time by which links end.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Until when the token of a link allows `action` on `id`.
    ///
    /// # Errors
    ///
    /// [`BadLink`].
    pub fn check(&self, token: &str, action: Action, id: ReportId) -> Result<Timestamp, BadLink> {
        self.signer.check(token, action, id, (self.clock)())
    }
}
