//! What can be asked for and done.

use async_graphql::{Context, ID, InputObject, Object, Result};
use serde_json::{Map, Value};

use super::{
    Sender,
    query::{pass, report_id, reports},
    report::{ChannelName, Report, StartWhenName},
};
use crate::{
    catalog::RESERVED,
    links::Reader,
    report::{Fault, Problem, Scope},
};

pub(super) struct Mutation;

/// What can be asked for and done.
#[Object]
impl Mutation {
    /// Asks for a report: the same request, with the same checks, as POST /api/v1/report. The answer comes when it
    /// is durable.
    #[graphql(complexity = "10 + child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "each is a member of the request")]
    async fn create_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to make, as COFFEE_SALES.")] report_type: String,
        #[graphql(desc = "Its parameters by name, an object.")] parameters: Option<Value>,
        #[graphql(desc = "Rows for a report type that takes them: {\"items\": [{…}]}.")] data: Option<Value>,
        #[graphql(desc = "How the result is to reach whoever asked.")] deliver: Option<DeliverInput>,
        #[graphql(desc = "When the work may begin; now unless told.")] start_when: Option<StartWhenName>,
        #[graphql(desc = "Where a webhook about this report goes.")] callback_url: Option<String>,
        #[graphql(
            desc = "1 to 255 visible ASCII characters. The same key with the same request gets the first report again, as over REST."
        )]
        idempotency_key: Option<String>,
    ) -> Option<Result<Report>> {
        let (mut body, faults) = members(parameters);
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                body.insert(name.into(), value);
            }
        };
        put("reportType", Some(report_type.into()));
        put("data", data);
        put("deliver", deliver.map(DeliverInput::into_member));
        put("startWhen", start_when.map(|start| start.name().into()));
        put("callbackUrl", callback_url.map(Value::from));
        Some(create(ctx, body, faults, idempotency_key.as_deref()).await)
    }

    /// Ends the work because nobody wants it. A report that has ended keeps its end.
    #[graphql(complexity = "10 + child_complexity")]
    async fn cancel_report(&self, ctx: &Context<'_>, id: ID) -> Option<Result<Report>> {
        Some(cancel(ctx, &id).await)
    }

    /// Queues a failed or cancelled report again.
    #[graphql(complexity = "10 + child_complexity")]
    async fn retry_report(&self, ctx: &Context<'_>, id: ID) -> Option<Result<Report>> {
        Some(retry(ctx, &id).await)
    }
}

async fn create(
    ctx: &Context<'_>,
    body: Map<String, Value>,
    mut faults: Vec<Fault>,
    key: Option<&str>,
) -> Result<Report> {
    let reports = reports(ctx)?;
    let pass = pass(ctx, Scope::Create)?;
    let origin = ctx.data::<Sender>()?.url.clone();
    match reports.intake.read(body, key, origin) {
        Ok(report) if faults.is_empty() => {
            let created = reports.reports.create(&pass, report).await.map_err(Problem::from)?;
            Ok(reports.show(created.record, Reader::Owner, &pass))
        }
        Ok(_) => Err(Problem::bad_request(faults).into()),
        Err(more) => {
            faults.extend(more);
            Err(Problem::bad_request(faults).into())
        }
    }
}

async fn cancel(ctx: &Context<'_>, id: &ID) -> Result<Report> {
    let (reports, pass) = (reports(ctx)?, pass(ctx, Scope::Cancel)?);
    let record = reports.reports.cancel(&pass, report_id(id)?).await.map_err(Problem::from)?;
    Ok(reports.show(record, Reader::Owner, &pass))
}

async fn retry(ctx: &Context<'_>, id: &ID) -> Result<Report> {
    let (reports, pass) = (reports(ctx)?, pass(ctx, Scope::Create)?);
    let record = reports.reports.retry(&pass, report_id(id)?).await.map_err(Problem::from)?;
    Ok(reports.show(record, Reader::Owner, &pass))
}

/// The delivery terms of a request.
#[derive(InputObject)]
#[graphql(name = "DeliverInput")]
pub(super) struct DeliverInput {
    /// For how many seconds after the end the server waits for the client before the delivery is unclaimed; 60 unless told.
    wait_for_client_seconds: Option<i64>,
    /// In which order to tell the client: the next when no proof of receipt came in time.
    prefer: Option<Vec<ChannelName>>,
    /// How many seconds the proof of one channel may take before the next is tried; 10 unless told.
    ack_within_seconds: Option<i64>,
    /// Whom to write a letter when the work has ended.
    email: Option<String>,
    /// What the callback URL is told, as report.completed.
    events: Option<Vec<String>>,
}

impl DeliverInput {
    /// The member `deliver` as it stands in the body of a request.
    fn into_member(self) -> Value {
        let prefer = |channels: Vec<ChannelName>| channels.into_iter().map(|channel| channel.name().into());
        let members: [(&str, Option<Value>); 5] = [
            ("waitForClientSeconds", self.wait_for_client_seconds.map(Value::from)),
            ("prefer", self.prefer.map(|channels| Value::Array(prefer(channels).collect()))),
            ("ackWithinSeconds", self.ack_within_seconds.map(Value::from)),
            ("email", self.email.map(Value::from)),
            ("events", self.events.map(Value::from)),
        ];
        let given = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(given.collect())
    }
}

/// The parameters as they stand at the top level of a request. One that has the name of another member would pass
/// for it.
fn members(parameters: Option<Value>) -> (Map<String, Value>, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut body = match parameters {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(parameters)) => parameters,
        Some(_) => {
            faults.push(Fault::at("parameters", "must be an object: the parameters by name"));
            Map::new()
        }
    };
    body.retain(|name, _| {
        let reserved = RESERVED.contains(&name.as_str());
        if reserved {
            let pointer = format!("/parameters/{name}");
            faults.push(Fault { pointer, detail: "is no parameter; it is an argument or a field".into() });
        }
        !reserved
    });
    (body, faults)
}
