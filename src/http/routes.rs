//! The URL table.

use std::{convert::Infallible, future::ready, sync::Arc};

use hyper::{body::Incoming, upgrade::OnUpgrade};
use hyper_util::service::TowerToHyperService;
use warp::{
    Filter, Rejection, Reply,
    http::{Request, StatusCode, header},
    reject::{InvalidQuery, MethodNotAllowed},
};

use super::{
    Answer, Api, Connection, Query, Refusal, Response, cancel, create, export, file, graphql, list, page,
    show, socket,
};
use crate::report::ExportFormat;

/// What answers the requests of one connection after another.
pub fn service(
    api: Arc<Api>,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = Response,
    Error = Infallible,
    Future: Send + 'static,
> + Clone
+ Send
+ 'static {
    TowerToHyperService::new(warp::service(routes(api)))
}

#[rustfmt::skip]
fn routes(api: Arc<Api>) -> impl Filter<Extract = (impl Reply,), Error = Infallible> + Clone + Send + Sync + 'static {
    use warp::{body, delete, ext, path as url, post};
    let api = warp::any().map(move || Arc::clone(&api));
    let headers = warp::header::headers_cloned;
    let query = warp::query::<Query>;
    let get = || warp::get().or(warp::head()).unify();

    let create = url!("api" / "v1" / "report")
        .and(post()).and(api.clone()).and(headers()).and(body::stream()).then(create::create).map(answer);
    let list = url!("api" / "v1" / "report")
        .and(get()).and(api.clone()).and(query()).then(list::list).map(answer);
    let show = url!("api" / "v1" / "report" / String)
        .and(get()).and(api.clone()).and(headers()).then(show::show).map(answer);
    let remove = url!("api" / "v1" / "report" / String)
        .and(delete()).and(api.clone()).then(cancel::remove).map(answer);
    let ws = url!("api" / "v1" / "report" / String / "ws")
        .and(warp::get()).and(api.clone()).and(query()).and(headers())
        .and(ext::optional::<OnUpgrade>()).and(ext::optional::<Connection>()).then(socket::open).map(answer);
    let pdf = url!("api" / "v1" / "report" / String / "pdf")
        .and(get()).and(api.clone()).and(query()).and(warp::method()).and(headers()).then(file::pdf).map(answer);
    let model = url!("api" / "v1" / "report" / String / "model")
        .and(get()).and(api.clone()).and(query()).and(headers()).then(file::model).map(answer);
    let export = url!("api" / "v1" / "report" / String / ExportFormat)
        .and(get()).and(api.clone()).and(query()).and(headers()).then(export::export).map(answer);
    let listeners = url!("api" / "v1" / "report" / String / "listeners")
        .and(get()).and(api.clone()).then(show::listeners).map(answer);
    let cancel = url!("api" / "v1" / "report" / String / "cancel")
        .and(post()).and(api.clone()).then(cancel::cancel).map(answer);
    let retry = url!("api" / "v1" / "report" / String / "retry")
        .and(post()).and(api.clone()).then(cancel::retry).map(answer);
    let types = url!("api" / "v1" / "report-types")
        .and(get()).and(api.clone()).then(page::report_types).map(answer);
    let gql_post = url!("graphql")
        .and(post()).and(api.clone()).and(headers()).and(body::stream()).then(graphql::post).map(answer);
    let gql_get = url!("graphql")
        .and(get()).and(api.clone()).and(query()).and(headers()).then(graphql::get).map(answer);
    let gql_ws = url!("graphql" / "ws")
        .and(warp::get()).and(api.clone()).and(headers())
        .and(ext::optional::<OnUpgrade>()).and(ext::optional::<Connection>()).then(graphql::socket).map(answer);
    let graphiql = url!("graphql" / "assets" / String).and(get()).and(headers()).then(graphql::asset).map(answer);
    let healthz = url!("healthz").and(get()).then(page::healthz).map(answer);
    let readyz = url!("readyz").and(get()).and(api).then(page::readyz).map(answer);
    let index = warp::path::end().and(get()).and(headers()).then(page::index).map(answer);
    let asset = url!("static" / String).and(get()).and(headers()).then(page::asset).map(answer);
    let font = url!("licences" / "font").and(get()).then(page::font_licence).map(answer);

    // boxed group by group: the compiler takes a type's every part apart again for each filter around it
    // a path with another method is answered where the path is known, with what it allows
    let reports = create.or(list).unify().recover(allow("GET, HEAD, POST")).unify().boxed();
    let report = show.or(remove).unify().recover(allow("GET, HEAD, DELETE")).unify().boxed();
    let gql = gql_post.or(gql_get).unify().recover(allow("GET, HEAD, POST")).unify().boxed();
    let upgrades = ws.or(gql_ws).unify().recover(allow("GET")).unify().boxed();
    let files = pdf.or(model).unify().or(export).unify().boxed();
    let reads = files.or(listeners).unify().or(types).unify().or(index).unify()
        .or(graphiql).unify()
        .or(asset).unify().or(font).unify().or(healthz).unify().or(readyz).unify().recover(allow("GET, HEAD")).unify().boxed();
    let actions = cancel.or(retry).unify().recover(allow("POST")).unify().boxed();

    reports.or(report).unify().or(upgrades).unify().or(reads).unify().or(actions).unify().or(gql).unify()
        .recover(|rejection| ready(Ok::<_, Infallible>(unrouted(&rejection)))).unify()
}

fn answer(answer: Answer) -> Response {
    let mut response = answer.unwrap_or_else(Response::from);
    let nosniff = header::HeaderValue::from_static("nosniff");
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
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
