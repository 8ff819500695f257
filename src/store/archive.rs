//! What an installation has stored, on its way from one engine to another: rows as neither of them keeps them.
//!
//! One engine gives them out in batches, each in the order of its keys ([`Batch`]); the other takes them in ([`Sink`]). A
//! batch and the mark up to which it reaches are one write, so that a copy that was cut off goes on where it was, and what
//! was copied once is not written again: it may have been told, and be gone, since then. A report comes with everything that
//! belongs to it, so there is no moment at which a worker could find half of it.
//!
//! The engines do not know each other; both know this.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

use super::{ApiKey, Logged, Result};
use crate::report::{
    Artifact, Channel, Endpoint, EndpointId, EventType, IdempotencyKey, Owner, Record, ReportId,
};

/// A kind of row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// API keys.
    Keys,
    /// Registered endpoints, with their secrets.
    Endpoints,
    /// What is known of the lanes in which messages wait.
    Lanes,
    /// How many turns each owner with work has had.
    Turns,
    /// Reports, tombstones too.
    Reports,
    /// Their tasks; they come with them.
    Tasks,
    /// Their models; they come with them.
    Models,
    /// The rows that came with their requests; they come with them.
    Sent,
    /// The log of what endpoints were told.
    Entries,
    /// Messages that wait, or are kept to be replayed, with their news.
    Messages,
}

impl Kind {
    /// Those that are copied for themselves, in this order: a lane is paused before a message is in it, and an owner has
    /// their turn before there is a task of theirs.
    pub const MOVED: [Kind; 7] =
        [Kind::Keys, Kind::Endpoints, Kind::Lanes, Kind::Turns, Kind::Reports, Kind::Entries, Kind::Messages];

    /// All of them.
    pub const ALL: [Kind; 10] = [
        Kind::Keys,
        Kind::Endpoints,
        Kind::Lanes,
        Kind::Turns,
        Kind::Reports,
        Kind::Tasks,
        Kind::Models,
        Kind::Sent,
        Kind::Entries,
        Kind::Messages,
    ];

    /// As the operator knows it. Never changes: marks are kept under it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Keys => "keys",
            Kind::Endpoints => "endpoints",
            Kind::Lanes => "lanes",
            Kind::Turns => "turns",
            Kind::Reports => "reports",
            Kind::Tasks => "tasks",
            Kind::Models => "models",
            Kind::Sent => "sent rows",
            Kind::Entries => "log entries",
            Kind::Messages => "messages",
        }
    }
}

/// The key of the last row of a batch, as text. Only the engine that gave it out reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark(pub String);

/// Rows that follow each other.
#[derive(Clone)]
pub struct Batch {
    /// The rows, at least one.
    pub rows: Rows,
    /// Up to where they reach.
    pub upto: Mark,
}

/// Rows of one kind.
#[derive(Clone)]
pub enum Rows {
    /// API keys.
    Keys(Vec<StoredKey>),
    /// Endpoints.
    Endpoints(Vec<StoredEndpoint>),
    /// Lanes.
    Lanes(Vec<StoredLane>),
    /// Owners' turns.
    Turns(Vec<StoredTurn>),
    /// Reports.
    Reports(Vec<StoredReport>),
    /// Entries of the log.
    Entries(Vec<StoredEntry>),
    /// Messages.
    Messages(Vec<StoredMessage>),
}

impl Rows {
    /// Which kind.
    pub fn kind(&self) -> Kind {
        match self {
            Rows::Keys(_) => Kind::Keys,
            Rows::Endpoints(_) => Kind::Endpoints,
            Rows::Lanes(_) => Kind::Lanes,
            Rows::Turns(_) => Kind::Turns,
            Rows::Reports(_) => Kind::Reports,
            Rows::Entries(_) => Kind::Entries,
            Rows::Messages(_) => Kind::Messages,
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Rows::Keys(rows) => rows.len(),
            Rows::Endpoints(rows) => rows.len(),
            Rows::Lanes(rows) => rows.len(),
            Rows::Turns(rows) => rows.len(),
            Rows::Reports(rows) => rows.len(),
            Rows::Entries(rows) => rows.len(),
            Rows::Messages(rows) => rows.len(),
        }
    }

    /// Whether there are none; no engine gives out such.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An API key.
#[derive(Clone)]
pub struct StoredKey {
    /// SHA-256 of its text.
    pub hash: [u8; 32],
    /// All else.
    pub key: ApiKey,
}

/// A registered endpoint.
#[derive(Clone)]
pub struct StoredEndpoint {
    /// Whose it is.
    pub owner: Owner,
    /// As it is shown.
    pub endpoint: Endpoint,
    /// Its secrets as they are stored, which is sealed, the newest first.
    pub secrets: Vec<StoredSecret>,
}

/// A secret of an endpoint.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSecret {
    /// Sealed.
    pub secret: String,
    /// Until when it is valid; the newest one without end.
    pub until: Option<Timestamp>,
}

/// What is known of a lane.
#[derive(Clone, Debug)]
pub struct StoredLane {
    /// Its name.
    pub name: String,
    /// Its endpoint is paused.
    pub paused: bool,
    /// Its receiver has not answered.
    pub silent: bool,
}

/// How often an owner was served.
#[derive(Clone, Debug)]
pub struct StoredTurn {
    /// Who.
    pub owner: Owner,
    /// How many turns more than the one who had the fewest.
    pub ahead: u64,
}

/// A report, with everything that must be there at the moment at which it is.
#[derive(Clone, Debug)]
pub struct StoredReport {
    /// The report, or its tombstone.
    pub record: Record,
    /// How long it is kept after its creation, and again after the end of its work.
    pub keep: Duration,
    /// What makes a repeated request return it.
    pub idempotency: Option<IdempotencyKey>,
    /// Its task, while it is unfinished.
    pub task: Option<StoredTask>,
    /// Its model as JSON text.
    pub model: Option<Bytes>,
    /// The rows that came with its request, as JSON text.
    pub sent: Option<Bytes>,
}

/// A task that nobody holds.
#[derive(Clone, Debug)]
pub struct StoredTask {
    /// From when it may be claimed; `None` while its report is held back.
    pub due_at: Option<Timestamp>,
    /// How often it was tried.
    pub attempt: u32,
}

/// An entry of an endpoint's log.
#[derive(Clone, Debug)]
pub struct StoredEntry {
    /// Whose log.
    pub endpoint: EndpointId,
    /// The entry.
    pub entry: Logged,
}

/// A message that nobody holds.
#[derive(Clone, Debug)]
pub struct StoredMessage {
    /// Its number.
    pub number: i64,
    /// What happened.
    pub event: EventType,
    /// The name of the event.
    pub event_id: String,
    /// The report that it tells of.
    pub report: Option<ReportId>,
    /// The record that it tells, which messages of one event share.
    pub news: Option<StoredNews>,
    /// By which way.
    pub channel: Channel,
    /// The registered endpoint, if it is to one.
    pub endpoint: Option<EndpointId>,
    /// A URL or a mail address, if it is to none.
    pub address: Option<String>,
    /// What it shares a limit with.
    pub lane: String,
    /// It is only sent if nobody knows.
    pub fallback: bool,
    /// What became of it.
    pub state: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// From when it may be claimed; `None` once it has ended.
    pub due_at: Option<Timestamp>,
    /// How often it was tried.
    pub attempt: u32,
}

/// What messages tell.
#[derive(Clone, Debug)]
pub struct StoredNews {
    /// Its number, the same for all messages that share it.
    pub number: i64,
    /// A record as JSON text.
    pub record: String,
}

/// A finished file that a living report names.
#[derive(Clone, Debug)]
pub struct StoredFile {
    /// Whose file.
    pub report: ReportId,
    /// The file.
    pub artifact: Artifact,
}

/// The highest numbers that were given out.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    /// Of messages.
    pub messages: i64,
    /// Of entries of the log.
    pub entries: i64,
}

/// What is not as it was given: which kind, and its name.
pub type Difference = (Kind, String);

/// An engine that takes in what another one had.
#[async_trait]
pub trait Sink: Send + Sync {
    /// How many nodes use it now.
    async fn nodes(&self) -> Result<usize>;

    /// Keeps these numbers, and all below them, for rows that will be put in. Idempotent.
    async fn reserve(&self, numbers: Numbers) -> Result<()>;

    /// Up to where rows of this kind were put in.
    async fn mark(&self, kind: Kind) -> Result<Option<Mark>>;

    /// Puts in those rows whose key is not in use, with what belongs to them, and moves the mark, all in one write. Returns
    /// how many were put in, of each kind.
    async fn put(&self, batch: &Batch) -> Result<Vec<(Kind, u64)>>;

    /// Which of these rows are not here, or are older than or other than those given. A report of a later version has moved
    /// on and does not count.
    async fn differing(&self, rows: &Rows) -> Result<Vec<Difference>>;
}
