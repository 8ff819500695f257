//! What can be read.

use std::sync::Arc;

use async_graphql::{Context, Error, ID, Object, Result, SimpleObject};

use super::{
    Reports, Sender,
    report::{Report, ReportType, StatusName},
};
use crate::{
    access::Pass,
    catalog::today,
    links::Reader,
    report::{Fault, Owner, Problem, ReportId, Scope},
    store::Filter,
};

/// The longest page.
const MAX_LIMIT: i64 = 100;

pub(super) struct Query;

/// What can be read.
#[Object]
impl Query {
    /// One report as it is now.
    async fn report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The report's id, a UUID.")] id: ID,
    ) -> Option<Result<Report>> {
        Some(find(ctx, &id).await)
    }

    /// The reports, the newest first, page by page.
    #[graphql(complexity = "page_cost(limit, child_complexity)")]
    async fn reports(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in this status.")] status: Option<StatusName>,
        #[graphql(desc = "Only those of this type, as COFFEE_SALES.")] report_type: Option<String>,
        #[graphql(desc = "Go on after the page whose `next` this is.")] cursor: Option<String>,
        #[graphql(desc = "At most this many, from 1 to 100.", default = 20)] limit: i64,
    ) -> Result<ReportPage> {
        let Some(limit) = usize::try_from(limit).ok().filter(|_| (1..=MAX_LIMIT).contains(&limit)) else {
            let detail = format!("must be a number from 1 to {MAX_LIMIT}");
            return Err(Problem::bad_request(vec![Fault::at("limit", detail)]).into());
        };
        let (reports, pass) = (reports(ctx)?, pass(ctx, Scope::Read)?);
        // whose they are is for the pass to say
        let filter = Filter {
            status: status.map(Into::into),
            report_type,
            cursor,
            ..Filter::of(Owner::anonymous(), limit)
        };
        let page = reports.reports.list(&pass, filter).await.map_err(Problem::from)?;
        Ok(ReportPage {
            reports: page
                .records
                .into_iter()
                .map(|record| reports.show(record, Reader::Owner, &pass))
                .collect(),
            next: page.next,
        })
    }

    /// What can be asked for.
    #[graphql(complexity = "child_complexity.saturating_mul(TYPES).saturating_add(1)")]
    async fn report_types(&self, ctx: &Context<'_>) -> Result<Vec<ReportType>> {
        let catalog = reports(ctx)?.intake.library.catalog();
        catalog.summaries(today()).map(ReportType::of).collect()
    }
}

/// As how many report types their list counts.
const TYPES: usize = 10;

/// What a page costs. A length that will be refused counts as the nearest that will not: the sum over a document is
/// taken with plain arithmetic, and counts what `@skip` leaves out, too.
fn page_cost(limit: i64, of_each: usize) -> usize {
    let length = usize::try_from(limit.clamp(1, MAX_LIMIT)).unwrap_or(1);
    length.saturating_mul(of_each).saturating_add(1)
}

// a field whose error is its own is `Option<Result<_>>`: the other way round it would take its neighbours along
async fn find(ctx: &Context<'_>, id: &ID) -> Result<Report> {
    let (reports, pass) = (reports(ctx)?, pass(ctx, Scope::Read)?);
    let record = reports.reports.read(&pass, report_id(id)?).await.map_err(Problem::from)?;
    Ok(reports.show(record, Reader::Owner, &pass))
}

/// A page of reports.
#[derive(SimpleObject)]
pub(super) struct ReportPage {
    /// The newest first.
    reports: Vec<Report>,
    /// The cursor of the next page; null on the last one.
    next: Option<String>,
}

pub(super) fn reports<'a>(ctx: &Context<'a>) -> Result<&'a Arc<Reports>> {
    ctx.data::<Arc<Reports>>()
}

/// Leave of whoever sends the operation to do `scope`.
pub(super) fn pass(ctx: &Context<'_>, scope: Scope) -> Result<Pass> {
    let caller = &ctx.data::<Sender>()?.caller;
    Ok(Pass::of(&reports(ctx)?.gate, caller, scope).map_err(Problem::from)?)
}

/// The id in an argument. What is not an id names no report.
pub(super) fn report_id(id: &ID) -> Result<ReportId> {
    let detail = "a report's id is a UUID such as createReport returned";
    id.parse().map_err(|_| Error::from(Problem::new("not-found", 404, "Not found", detail)))
}
