//! GraphQL over plain HTTP: the same reports as over REST.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Stage, World};

const ASK: &str =
    r#"mutation { createReport(reportType: "COFFEE_SALES", parameters: {reportDate: "2021-01-01"}) { id } }"#;
const UNKNOWN: &str = "01939e2c-0000-7000-8000-000000000000";

/// Everything that a report shows but its model.
const ALL: &str = "id reportType parameters status completed version eventId progress { phase percent } createdAt startedAt \
    completedAt expiresAt delivery { state until at proof } deliveries { channel eventId at endpoint attempt status proof error } \
    pdfUri error { type title status detail errors { pointer detail } } links { self { href } ws { href } events { href } \
    download { href type } model { href type } alternate { href type } }";

pub(crate) fn code(error: &Value) -> &str {
    error["extensions"]["code"].as_str().unwrap_or_default()
}

pub(crate) async fn completed(world: &World) -> String {
    let id = world.order().await;
    world.record(&id, |record| record.status.is_terminal()).await;
    id
}

#[tokio::test]
async fn a_report_that_was_asked_for_in_graphql_is_the_one_that_rest_shows() {
    let world = Stage::new().start().await;
    let id = world.data(ASK).await["createReport"]["id"].as_str().unwrap().to_owned();
    world.record(&id, |record| record.status.is_terminal()).await;
    let rest = world.show(&id).await;
    let mut graphql =
        world.data(&format!("{{ report(id: \"{id}\") {{ {ALL} model }} }}")).await["report"].take();

    assert_eq!(graphql["parameters"]["reportDate"], rest["reportDate"]);
    let same = [
        "id",
        "reportType",
        "status",
        "completed",
        "version",
        "progress",
        "createdAt",
        "startedAt",
        "completedAt",
        "expiresAt",
        "deliveries",
        "pdfUri",
        "error",
    ];
    for member in same {
        assert_eq!(graphql[member], rest[member], "{member}");
    }
    assert_eq!(graphql["delivery"]["state"], rest["delivery"]["state"]);
    for link in ["self", "ws", "events", "download", "model", "alternate"] {
        assert_eq!(graphql["links"][link], rest["_links"][link], "{link}");
    }
    assert_eq!(graphql["eventId"], format!("{id}_{}", rest["version"]));
    let model = world.fetch(&rest["_links"]["model"]["href"]).await.json;
    assert_eq!(graphql["model"].take(), model);
    world.finish().await;
}

#[tokio::test]
async fn a_request_is_checked_as_over_rest_and_everything_wrong_is_named() {
    let world = Stage::new().start().await;
    let document = r#"mutation { createReport(reportType: "COFFEE_SALES", idempotencyKey: "two words",
        parameters: {reportDate: "2021-02-30", shops: "x", deliver: {}, reportType: "x"}, deliver: {waitForClientSeconds: -1}) { id } }"#;
    let response = world.graphql(document).await;
    assert_eq!(response["data"], json!({"createReport": null}), "{response}");
    let error = &response["errors"][0];
    assert_eq!(code(error), "BAD_REQUEST");
    let problem = &error["extensions"]["problem"];
    assert_eq!(error["message"], problem["detail"]);
    assert_eq!((&problem["type"], &problem["status"]), (&"/problems/bad-request".into(), &400.into()));
    let pointers: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!(
        pointers,
        [
            "/parameters/deliver",
            "/parameters/reportType",
            "Idempotency-Key",
            "/deliver/waitForClientSeconds",
            "/reportDate",
            "/shops"
        ]
    );
    let response = world
        .graphql(r#"mutation { createReport(reportType: "COFFE_SALES", parameters: [1]) { id } }"#)
        .await;
    let detail = response["errors"][0]["extensions"]["problem"]["errors"].to_string();
    assert!(detail.contains("/parameters") && detail.contains("did you mean COFFEE_SALES?"), "{detail}");
    assert_eq!(world.count().await, 0);
    world.finish().await;
}

#[tokio::test]
async fn an_idempotency_key_is_one_key_over_graphql_and_rest() {
    let world = Stage::new().start().await;
    let ask = |date: &str| {
        format!(
            r#"mutation {{ createReport(reportType: "COFFEE_SALES", parameters: {{reportDate: "{date}"}}, idempotencyKey: "k") {{ id }} }}"#
        )
    };
    let first = world.data(&ask("2021-01-01")).await["createReport"]["id"].clone();
    assert_eq!(world.data(&ask("2021-01-01")).await["createReport"]["id"], first);
    let body = json!({"reportDate": "2021-01-01", "reportType": "COFFEE_SALES"});
    let request =
        world.http.post(format!("http://{}/api/v1/report", world.address)).header("idempotency-key", "k");
    let rest = Answer::of(request.header("content-type", "application/json").body(body.to_string())).await;
    assert_eq!(rest.json["id"], first);
    let other = world.graphql(&ask("2021-01-02")).await;
    assert_eq!(code(&other["errors"][0]), "IDEMPOTENCY_KEY_REUSED");
    world.finish().await;
}

#[tokio::test]
async fn reports_are_cancelled_tried_again_and_listed_page_by_page() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let cancelled =
        world.data(&format!("mutation {{ cancelReport(id: \"{id}\") {{ status completed }} }}")).await;
    assert_eq!(cancelled["cancelReport"], json!({"status": "cancelled", "completed": false}));
    attempt.let_go().await;
    let again = world.data(&format!("mutation {{ retryReport(id: \"{id}\") {{ status }} }}")).await;
    assert_eq!(again["retryReport"]["status"], "queued");
    let conflict = world.graphql(&format!("mutation {{ retryReport(id: \"{id}\") {{ status }} }}")).await;
    assert_eq!(code(&conflict["errors"][0]), "CONFLICT");
    work.next().await.fail_for_good();
    world.record(&id, |record| record.status.is_terminal()).await;
    let failed = world.data(&format!("{{ report(id: \"{id}\") {{ status error {{ type detail errors {{ pointer }} }} model pdfUri }} }}")).await;
    assert_eq!(
        failed["report"],
        json!({"status": "failed", "error": {"type": "/problems/failed", "detail": "the query divides by zero", "errors": []}, "model": null, "pdfUri": null})
    );

    let second = world.order().await;
    work.next().await.fail_for_good();
    world.record(&second, |record| record.status.is_terminal()).await;
    let page = world
        .data("{ reports(status: failed, reportType: \"COFFEE_SALES\", limit: 1) { reports { id } next } }")
        .await["reports"]
        .take();
    assert_eq!(page["reports"], json!([{"id": second}]));
    let next = format!("{{ reports(limit: 1, cursor: {}) {{ reports {{ id }} next }} }}", page["next"]);
    assert_eq!(world.data(&next).await["reports"]["reports"], json!([{"id": id}]));
    world.finish().await;
}

#[tokio::test]
async fn report_types_show_what_rest_shows() {
    let world = Stage::new().start().await;
    let graphql = world.data("{ reportTypes { reportType title description parameters data } }").await;
    let rest = world.get("/api/v1/report-types").await.json;
    for (graphql, rest) in
        graphql["reportTypes"].as_array().unwrap().iter().zip(rest["reportTypes"].as_array().unwrap())
    {
        for member in ["reportType", "title", "description", "parameters"] {
            assert_eq!(graphql[member], rest[member]);
        }
        assert_eq!(graphql["data"], rest.get("data").cloned().unwrap_or_else(|| json!([])));
    }
    world.finish().await;
}

#[tokio::test]
async fn what_is_not_there_is_an_error_of_its_field_alone() {
    let world = Stage::new().start().await;
    let id = completed(&world).await;
    world.call(Method::DELETE, &format!("/api/v1/report/{id}"), None).await;
    let document = format!(
        r#"{{ a: report(id: "{UNKNOWN}") {{ id }} b: report(id: "7") {{ id }} c: report(id: "{id}") {{ id }} reportTypes {{ reportType }} }}"#
    );
    let response = world.graphql(&document).await;
    assert!(response["data"]["reportTypes"].as_array().is_some_and(|types| !types.is_empty()), "{response}");
    let mut found: Vec<_> = response["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["path"].to_string(), code(error).to_owned()))
        .collect();
    found.sort();
    let expected = [("[\"a\"]", "NOT_FOUND"), ("[\"b\"]", "NOT_FOUND"), ("[\"c\"]", "GONE")];
    assert_eq!(found, expected.map(|(path, code)| (path.to_owned(), code.to_owned())));
    for (document, pointer) in
        [("{ reports(limit: 0) { next } }", "/limit"), ("{ reports(cursor: \"x\") { next } }", "?cursor")]
    {
        let response = world.graphql(document).await;
        assert_eq!(
            response["errors"][0]["extensions"]["problem"]["errors"][0]["pointer"], pointer,
            "{response}"
        );
    }
    world.finish().await;
}

#[tokio::test]
async fn a_body_that_is_no_graphql_request_is_a_problem() {
    let world = Stage::new().start().await;
    let table: [(Value, &[&str]); 4] = [
        (json!({}), &["/query"]),
        (json!({"query": 7}), &["/query"]),
        (
            json!({"query": "{ a }", "variables": [], "operationName": 1, "extensions": "x"}),
            &["/operationName", "/variables", "/extensions"],
        ),
        (json!({"variables": "x"}), &["/query", "/variables"]),
    ];
    for (members, pointers) in table {
        let answer = world.graphql_as("application/json", &members).await;
        answer.assert_problem(400);
        assert_eq!(answer.pointers(), pointers, "{members}");
    }
    let url = format!("http://{}/graphql", world.address);
    let send = |media_type: &str, body: String| {
        Answer::of(world.http.post(&url).header("content-type", media_type).body(body))
    };
    // what a form of another site can send
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        send(media_type, json!({"query": ASK}).to_string()).await.assert_problem(415);
    }
    send("application/json", "[]".into()).await.assert_problem(400);
    send("application/json", json!({"query": " ".repeat(65_536)}).to_string()).await.assert_problem(413);
    world.call(Method::PUT, "/graphql", None).await.assert_problem(405);
    assert_eq!(world.count().await, 0);
    world.finish().await;
}

#[tokio::test]
async fn the_answer_is_of_the_type_that_the_client_likes_best() {
    let world = Stage::new().start().await;
    let members = json!({"query": "{ reports { next } }"});
    let table = [
        ("*/*", 200, "application/graphql-response+json"),
        ("application/json", 200, "application/json"),
        (
            "application/json;q=0.5, application/graphql-response+json",
            200,
            "application/graphql-response+json",
        ),
        ("text/event-stream", 200, "text/event-stream; charset=utf-8"),
        ("text/html", 406, "application/problem+json"),
    ];
    for (accept, status, media_type) in table {
        let answer = world.graphql_as(accept, &members).await;
        assert_eq!((answer.status, answer.header("content-type")), (status, media_type), "{accept}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_link_reads_and_never_writes() {
    let world = Stage::new().start().await;
    let get = |pairs: &[(&str, &str)]| {
        let mut url = url::Url::parse(&format!("http://{}/graphql", world.address)).unwrap();
        url.query_pairs_mut().extend_pairs(pairs);
        Answer::of(world.http.get(url).header("accept", "application/json"))
    };
    let query = "query A($limit: Int!) { reports(limit: $limit) { next } } query B { reportTypes { title } }";
    let read = get(&[("query", query), ("operationName", "A"), ("variables", "{\"limit\": 3}")]).await;
    assert_eq!(read.json, json!({"data": {"reports": {"next": null}}}));
    let written = get(&[("query", ASK)]).await;
    written.assert_problem(405);
    assert_eq!(written.header("allow"), "POST");
    let bad = get(&[("query", "{ a }"), ("variables", "x"), ("extensions", "{")]).await;
    bad.assert_problem(400);
    assert_eq!(bad.pointers(), ["?variables", "?extensions"]);
    let none = get(&[]).await;
    none.assert_problem(400);
    assert_eq!(none.pointers(), ["?query"]);
    assert_eq!(world.count().await, 0);
    world.finish().await;
}

#[tokio::test]
async fn the_page_is_served_packed_or_plain_and_runs_no_script_of_its_own() {
    let world = Stage::new().start().await;
    let page = world.get_with("/graphql", &[("accept", "text/html,application/xhtml+xml,*/*;q=0.8")]).await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-security-policy").contains("default-src 'self'"));
    assert!(!page.header("content-security-policy").contains("script-src"));
    let text = String::from_utf8(page.bytes).unwrap();
    let assets: Vec<_> = text.split('"').filter(|part| part.starts_with("/graphql/assets/")).collect();
    assert!(assets.len() >= 6, "{assets:?}");
    for asset in assets {
        let packed = world.get_with(asset, &[("accept-encoding", "br, gzip")]).await;
        let plain = world.get_with(asset, &[("accept-encoding", "gzip;q=0")]).await;
        assert_eq!(
            (packed.status, plain.status, plain.header("content-encoding")),
            (200, 200, ""),
            "{asset}"
        );
        if packed.header("content-encoding") == "gzip" {
            let mut unpacked = Vec::new();
            std::io::Read::read_to_end(
                &mut flate2::read::GzDecoder::new(packed.bytes.as_slice()),
                &mut unpacked,
            )
            .unwrap();
            assert_eq!(unpacked, plain.bytes, "{asset}");
        }
        let again = world.get_with(asset, &[("if-none-match", packed.header("etag"))]).await;
        assert_eq!((again.status, again.header("cache-control")), (304, "no-cache"), "{asset}");
    }
    for missing in ["none.js", "graphiql.js.gz", "..%2Fstart.js"] {
        world.get(&format!("/graphql/assets/{missing}")).await.assert_problem(404);
    }
    world.finish().await;
}
