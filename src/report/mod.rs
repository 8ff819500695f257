//! What a report is: the words that every other module speaks, and the rules of its life.
//!
//! Nothing here does I/O. A [`NewReport`] comes in from a client, a [`Record`] is what the store keeps of
//! it, and a [`Snapshot`] is what every channel shows of that record. Between them stand two small state
//! machines: [`Status`] says where the work is, [`DeliveryState`] says whether the person who asked knows.
//!
//! ```text
//! NewReport ──create──► Record ──(Status, Event)──► Record ──with Links──► Snapshot
//! ```

mod attempt;
mod delivery;
mod endpoint;
mod event;
mod export;
mod id;
mod owner;
mod problem;
mod record;
mod request;
mod snapshot;
mod status;

pub use attempt::{Attempt, Channel, REMEMBERED_ATTEMPTS, Receipt};
pub use delivery::{Delivery, DeliveryEvent, DeliveryState, Proof};
pub use endpoint::{Endpoint, EndpointState};
pub use event::{EventId, EventType};
pub use export::{ExportFormat, UnknownFormat};
pub use id::{EndpointId, KeyId, ReportId};
pub use owner::{BadOwner, Owner, Scope, Scopes};
pub use problem::{Fault, Problem};
pub use record::{Artifact, Progress, Record};
pub use request::{Deliver, IdempotencyKey, NewReport, Parameters, StartWhen};
pub use snapshot::{Link, Links, Snapshot, TypedLink};
pub use status::{Event, Illegal, Status};
