//! The URL table.

use std::{convert::Infallible, future::ready, sync::Arc};

use hyper::upgrade::OnUpgrade;
use warp::{
    Filter, Rejection, Reply,
    http::{StatusCode, header},
    reject::{InvalidQuery, MethodNotAllowed},
};

use super::{
    Answer, Api, Connection, Refusal, Response, ack, cancel, create, endpoints, events, export, file,
    graphql, list, metrics, page, show, socket, visitor::visitor,
};
use crate::report::ExportFormat;

// Every route and every group is boxed: the type of a filter names those of all its parts, some of them more than
// once, and without a lid on it thirty routes take the compiler minutes. A request pays about a microsecond.
#[rustfmt::skip]
pub(super) fn routes(api: Arc<Api>) -> impl Filter<Extract = (impl Reply,), Error = Infallible> + Clone + Send + Sync + 'static {
    use warp::{body, delete, ext, path as url, post};
    let api = warp::any().map(move || Arc::clone(&api));
    let who = visitor;
    let headers = warp::header::headers_cloned;
    let get = || warp::get().or(warp::head()).unify();

    let create = url!("api" / "v1" / "report")
        .and(post()).and(api.clone()).and(who()).and(body::stream()).then(create::create).map(answer).boxed();
    let list = url!("api" / "v1" / "report")
        .and(get()).and(api.clone()).and(who()).then(list::list).map(answer).boxed();
    let show = url!("api" / "v1" / "report" / String)
        .and(get()).and(api.clone()).and(who()).then(show::show).map(answer).boxed();
    let remove = url!("api" / "v1" / "report" / String)
        .and(delete()).and(api.clone()).and(who()).then(cancel::remove).map(answer).boxed();
    let ws = url!("api" / "v1" / "report" / String / "ws")
        .and(warp::get()).and(api.clone()).and(who())
        .and(ext::optional::<OnUpgrade>()).and(ext::optional::<Connection>()).then(socket::open).map(answer).boxed();
    let events = url!("api" / "v1" / "report" / String / "events")
        .and(warp::get()).and(api.clone()).and(who()).then(events::events).map(answer).boxed();
    let pdf = url!("api" / "v1" / "report" / String / "pdf")
        .and(get()).and(api.clone()).and(who()).and(warp::method()).then(file::pdf).map(answer).boxed();
    let model = url!("api" / "v1" / "report" / String / "model")
        .and(get()).and(api.clone()).and(who()).then(file::model).map(answer).boxed();
    let export = url!("api" / "v1" / "report" / String / ExportFormat)
        .and(get()).and(api.clone()).and(who()).then(export::export).map(answer).boxed();
    let listeners = url!("api" / "v1" / "report" / String / "listeners")
        .and(get()).and(api.clone()).and(who()).then(show::listeners).map(answer).boxed();
    let cancel = url!("api" / "v1" / "report" / String / "cancel")
        .and(post()).and(api.clone()).and(who()).then(cancel::cancel).map(answer).boxed();
    let retry = url!("api" / "v1" / "report" / String / "retry")
        .and(post()).and(api.clone()).and(who()).then(cancel::retry).map(answer).boxed();
    let register = url!("api" / "v1" / "webhook-endpoints")
        .and(post()).and(api.clone()).and(who()).and(body::stream()).then(endpoints::register).map(answer).boxed();
    let endpoints = url!("api" / "v1" / "webhook-endpoints")
        .and(get()).and(api.clone()).and(who()).then(endpoints::list).map(answer).boxed();
    let endpoint = url!("api" / "v1" / "webhook-endpoints" / String)
        .and(get()).and(api.clone()).and(who()).then(endpoints::show).map(answer).boxed();
    let unregister = url!("api" / "v1" / "webhook-endpoints" / String)
        .and(delete()).and(api.clone()).and(who()).then(endpoints::unregister).map(answer).boxed();
    let attempts = url!("api" / "v1" / "webhook-endpoints" / String / "attempts")
        .and(get()).and(api.clone()).and(who()).then(endpoints::attempts).map(answer).boxed();
    let pause = url!("api" / "v1" / "webhook-endpoints" / String / "pause")
        .and(post()).and(api.clone()).and(who()).then(endpoints::pause).map(answer).boxed();
    let resume = url!("api" / "v1" / "webhook-endpoints" / String / "resume")
        .and(post()).and(api.clone()).and(who()).then(endpoints::resume).map(answer).boxed();
    let rotate = url!("api" / "v1" / "webhook-endpoints" / String / "rotate")
        .and(post()).and(api.clone()).and(who()).and(body::stream()).then(endpoints::rotate).map(answer).boxed();
    let test = url!("api" / "v1" / "webhook-endpoints" / String / "test")
        .and(post()).and(api.clone()).and(who()).then(endpoints::test).map(answer).boxed();
    let replay = url!("api" / "v1" / "webhook-endpoints" / String / "replay")
        .and(post()).and(api.clone()).and(who()).and(body::stream()).then(endpoints::replay).map(answer).boxed();
    let ack = url!("api" / "v1" / "report" / String / "ack")
        .and(post()).and(api.clone()).and(who()).and(body::stream()).then(ack::ack).map(answer).boxed();
    let types = url!("api" / "v1" / "report-types")
        .and(get()).and(api.clone()).and(who()).then(page::report_types).map(answer).boxed();
    let gql_post = url!("graphql")
        .and(post()).and(api.clone()).and(who()).and(body::stream()).then(graphql::post).map(answer).boxed();
    let gql_get = url!("graphql")
        .and(get()).and(api.clone()).and(who()).then(graphql::get).map(answer).boxed();
    let gql_ws = url!("graphql" / "ws")
        .and(warp::get()).and(api.clone()).and(who())
        .and(ext::optional::<OnUpgrade>()).and(ext::optional::<Connection>()).then(graphql::socket).map(answer).boxed();
    let graphiql = url!("graphql" / "assets" / String).and(get()).and(headers()).then(graphql::asset).map(answer).boxed();
    let metrics = url!("metrics").and(get()).and(api.clone()).and(who()).then(metrics::metrics).map(answer).boxed();
    let healthz = url!("healthz").and(get()).then(page::healthz).map(answer).boxed();
    let readyz = url!("readyz").and(get()).and(api.clone()).then(page::readyz).map(answer).boxed();
    let index = warp::path::end().and(get()).and(api.clone()).and(headers()).then(page::index).map(answer).boxed();
    let asset = url!("static" / String).and(get()).and(api).and(headers()).then(page::asset).map(answer).boxed();
    let font = url!("licences" / "font").and(get()).then(page::font_licence).map(answer).boxed();

    // a path with another method is answered where the path is known, with what it allows
    let reports = create.or(list).unify().recover(allow("GET, HEAD, POST")).unify().boxed();
    let report = show.or(remove).unify().recover(allow("GET, HEAD, DELETE")).unify().boxed();
    let upgrades = ws.or(events).unify().or(gql_ws).unify().recover(allow("GET")).unify().boxed();
    let reads = pdf.or(model).unify().or(export).unify().or(listeners).unify().or(types).unify().or(index).unify()
        .or(asset).unify().or(font).unify().or(healthz).unify().or(readyz).unify().or(graphiql).unify().or(metrics).unify().recover(allow("GET, HEAD")).unify().boxed();
    let actions = cancel.or(retry).unify().or(ack).unify().recover(allow("POST")).unify().boxed();

    let gql = gql_post.or(gql_get).unify().recover(allow("GET, HEAD, POST")).unify().boxed();

    let registry = register.or(endpoints).unify().recover(allow("GET, HEAD, POST")).unify().boxed();
    let registered = endpoint.or(unregister).unify().recover(allow("GET, HEAD, DELETE")).unify().boxed();
    let log = attempts.recover(allow("GET, HEAD")).unify().boxed();
    let told = pause.or(resume).unify().or(rotate).unify().or(test).unify().or(replay).unify()
        .recover(allow("POST")).unify().boxed();
    let outbound = registry.or(registered).unify().or(log).unify().or(told).unify().boxed();

    reports.or(report).unify().or(gql).unify().or(outbound).unify().or(upgrades).unify().or(reads).unify().or(actions).unify()
        .recover(|rejection| ready(Ok::<_, Infallible>(unrouted(&rejection)))).unify()
}

fn answer(answer: Answer) -> Response {
    answer.unwrap_or_else(Response::from)
}

/// `405` for a known path, with the methods that it has; every other rejection goes on.
fn allow(
    methods: &'static str,
) -> impl Fn(Rejection) -> std::future::Ready<Result<Response, Rejection>> + Clone {
    move |rejection| {
        ready(if rejection.find::<MethodNotAllowed>().is_some() {
            let detail = format!("this URL answers {methods}");
            let refusal =
                Refusal::new("method", StatusCode::METHOD_NOT_ALLOWED, "Method not allowed", detail);
            Ok(refusal.with(header::ALLOW, methods).into())
        } else {
            Err(rejection)
        })
    }
}

fn unrouted(rejection: &Rejection) -> Response {
    let refusal = if rejection.find::<InvalidQuery>().is_some() {
        Refusal::new("malformed", StatusCode::BAD_REQUEST, "Malformed query", "the query cannot be read")
    } else {
        Refusal::not_found("there is nothing at this URL; GET /api/v1/report-types is a good start")
    };
    refusal.into()
}
