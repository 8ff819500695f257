//! GraphQL: the same reports, the same checks and the same snapshots, asked for in one language.
//!
//! ```text
//! members of a request ──read──► Request ──measure──► Operation ──Schema──► responses, one or many
//!                                                     transports: HTTP and SSE in `http`, socket/ for WebSocket
//! ```
//!
//! Documents are judged before anything runs: what is nested too deep, spread out too wide or costs too much is refused
//! with its numbers. Subscriptions stand at the hub like every other listener. Nothing here knows of HTTP.

mod document;
mod error;
mod mutation;
mod query;
mod report;
mod request;
mod rules;
pub mod socket;
mod subscription;

use std::sync::Arc;

use async_graphql::{Response, SchemaBuilder};
use futures_util::{Stream, StreamExt as _, stream::BoxStream};

use crate::{
    access::{self, Caller, Gate, Pass},
    intake::Intake,
    links::{Linker, Reader},
    metrics::Metrics,
    report::Record,
};

pub use document::{MAX_DEPTH, MAX_FIELDS};
pub use request::{Kind, Operation, Unreadable};
pub use rules::MAX_COMPLEXITY;

/// Everything that a resolver may reach.
pub struct Reports {
    /// Who comes in.
    pub gate: Arc<Gate>,
    /// The reports.
    pub reports: Arc<access::Reports>,
    /// Reads requests for reports.
    pub intake: Arc<Intake>,
    /// Makes links and checks them.
    pub linker: Linker,
    /// Counts who follows.
    pub metrics: Arc<Metrics>,
}

impl Reports {
    fn show(&self, record: Record, reader: Reader, pass: &Pass) -> report::Report {
        report::Report { links: self.linker.links(&record, reader), record, pass: pass.clone() }
    }
}

/// Who sends an operation, and how.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Scheme and authority of the links of a report that it asks for.
    pub url: String,
    /// Who.
    pub caller: Caller,
}

type Roots = async_graphql::Schema<query::Query, mutation::Mutation, subscription::Subscription>;

/// The schema with its resolvers. A clone is the same schema.
#[derive(Clone)]
pub struct Schema(Roots);

impl Schema {
    /// A schema over `reports`.
    pub fn new(reports: Arc<Reports>) -> Self {
        let roots: SchemaBuilder<_, _, _> =
            Roots::build(query::Query, mutation::Mutation, subscription::Subscription);
        Self(roots.data(reports).extension(rules::Rules).finish())
    }

    /// The responses to an operation: one to a query or a mutation, any number to a subscription. A response is
    /// only asked for when the one before it was written; a subscription takes that for a receipt.
    pub fn run(&self, operation: Operation, sender: Sender) -> BoxStream<'static, Response> {
        self.0.execute_stream(operation.request.data(sender)).map(error::coded).boxed()
    }

    /// The one response to a query or a mutation.
    pub async fn answer(&self, operation: Operation, sender: Sender) -> Response {
        error::coded(self.0.execute(operation.request.data(sender)).await)
    }

    /// The schema in its own language.
    pub fn text(&self) -> String {
        self.0.sdl()
    }
}

/// Whether nothing was run, because the document itself is wrong (GraphQL, section 7.1.2: a request error).
pub fn is_request_error(response: &Response) -> bool {
    let is_null = response.data == async_graphql::Value::Null;
    is_null && response.is_err() && response.errors.iter().all(|error| error.path.is_empty())
}

/// A stream of responses that says nothing but what is wrong.
pub fn refused(response: Response) -> impl Stream<Item = Response> + Send + 'static {
    futures_util::stream::once(std::future::ready(response))
}
