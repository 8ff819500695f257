//! Every route × every kind of caller: what each is answered, and that what they may not know they cannot tell from
//! what there is not.

mod scene;
mod table;

use reportwire::report::ReportId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::Answer;
use scene::{Is, Shows, scene};
use table::{expected, routes};

/// What a caller can tell an answer by.
fn told(answer: &Answer) -> (u16, String, Vec<u8>) {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    headers.sort();
    (answer.status, headers.join("\n"), answer.bytes.to_vec())
}

#[tokio::test]
async fn every_caller_is_answered_on_every_route_as_the_table_says() {
    let scene = scene().await;
    let (unknown_report, unknown_endpoint) =
        (ReportId::generate().to_string(), ReportId::generate().to_string());
    // those who may do the least come first: the right ones change things
    for route in routes() {
        let mut is_gone = false;
        for (name, shows, is) in &scene.callers {
            // what the first of the owner's proofs has removed is not there for the second
            if is_gone && *is == Is::Right {
                continue;
            }
            is_gone |= route.method == Method::DELETE && *is == Is::Right;
            let expected = expected(&route, *is);
            let answer = scene.ask(&route, &scene.report, &scene.endpoint, shows).await;
            let what = format!("{name}: {} {}", route.method, route.path);
            assert_eq!(answer.status, expected, "{what}: {answer:?}");
            if expected == route.right && answer.status < 400 {
                continue;
            }
            if matches!(answer.status, 401 | 403 | 404) {
                answer.assert_problem(expected);
                let text = String::from_utf8_lossy(&answer.bytes);
                assert!(!text.contains("acme") && !text.contains("COFFEE"), "{what}: {text}");
                // what there is not is answered in the very same way
                let nothing = scene.ask(&route, &unknown_report, &unknown_endpoint, shows).await;
                let (seen, nothing) = (told(&answer), told(&nothing));
                // a link is for one report: for another it is a mistake all the same, expired or not
                if !matches!(is, Is::Linked(_) | Is::Mistaken) {
                    assert_eq!(seen, nothing, "{what}");
                } else {
                    assert_eq!(seen.0, nothing.0, "{what}");
                }
            }
            if answer.status == 401 {
                assert!(answer.header("www-authenticate").starts_with("Bearer "), "{what}");
            }
        }
    }
    scene.world.finish_as(&scene.key).await;
}

#[tokio::test]
async fn a_gone_report_of_another_is_none() {
    let scene = scene().await;
    let (_, stranger, _) = scene.callers.iter().find(|(_, _, is)| *is == Is::Stranger).unwrap();
    let (_, owner, _) = scene.callers.iter().find(|(_, _, is)| *is == Is::Right).unwrap();
    let routes = routes();
    let delete = routes.last().unwrap();
    assert_eq!(scene.ask(delete, &scene.report, "", owner).await.status, 204);
    let unknown = ReportId::generate().to_string();
    for route in routes.iter().filter(|route| route.path.contains("{id}")) {
        let gone = scene.ask(route, &scene.report, "", stranger).await;
        let nothing = scene.ask(route, &unknown, "", stranger).await;
        assert_eq!(told(&gone), told(&nothing), "{}", route.path);
        let expected = if route.method == Method::DELETE { 204 } else { 410 };
        assert_eq!(scene.ask(route, &scene.report, "", owner).await.status, expected, "{}", route.path);
    }
    scene.world.finish_as(&scene.key).await;
}

#[tokio::test]
async fn graphql_asks_who_it_is_and_shows_nothing_of_another() {
    let scene = scene().await;
    let id = &scene.report;
    let unknown = ReportId::generate().to_string();
    let documents = [
        "{ report(id: \"ID\") { id status reportType } }",
        "mutation { cancelReport(id: \"ID\") { id } }",
        "mutation { retryReport(id: \"ID\") { id } }",
        "subscription { report(id: \"ID\") { id status } }",
        "{ reports { reports { id } } }",
    ];
    for document in documents {
        for (name, shows, is) in &scene.callers {
            let ask = async |id: &str| {
                let body = json!({"query": document.replace("ID", id)}).to_string();
                let request = scene.world.http.post(format!("http://{}/graphql", scene.world.address));
                let mut request = request
                    .header("content-type", "application/json")
                    .header("accept", "application/json, text/event-stream;q=0.9")
                    .body(body);
                request = match shows {
                    Shows::Nothing | Shows::Link(_) => request,
                    Shows::Bearer(key) => request.header("authorization", format!("Bearer {key}")),
                    Shows::Header(value) => request.header("authorization", value),
                };
                Answer::of(request).await
            };
            let answer = ask(id).await;
            let what = format!("{name}: {document}");
            let text = String::from_utf8_lossy(&answer.bytes).into_owned();
            match is {
                Is::Unknown | Is::Linked(_) | Is::Mistaken => answer.assert_problem(401),
                // it is completed, and cannot be tried again
                Is::Right if document.contains("retry") => {
                    assert!(text.contains("CONFLICT"), "{what}: {text}")
                }
                Is::Right => assert!(text.contains(id), "{what}: {text}"),
                Is::Powerless => {
                    assert!(text.contains("FORBIDDEN") && !text.contains("acme"), "{what}: {text}")
                }
                Is::Stranger if document.contains("ID") => {
                    assert!(text.contains("NOT_FOUND"), "{what}: {text}");
                    assert_eq!(told(&answer), told(&ask(&unknown).await), "{what}");
                }
                Is::Stranger => assert!(!text.contains(id), "{what}: {text}"),
            }
        }
    }
    scene.world.finish_as(&scene.key).await;
}

#[tokio::test]
async fn a_graphql_socket_is_opened_by_what_is_shown_when_it_begins() {
    let scene = scene().await;
    let document = format!("subscription {{ report(id: \"{}\") {{ id }} }}", scene.report);
    for (name, shows, is) in &scene.callers {
        let payload = match shows {
            Shows::Bearer(key) => json!({"authorization": format!("Bearer {key}")}),
            Shows::Header(value) => json!({"Authorization": value}),
            Shows::Link(token) => json!({"token": token}),
            Shows::Nothing => Value::Null,
        };
        let mut socket = crate::support::GraphqlSocket::open(&scene.world, "graphql-transport-ws").await;
        socket.say(json!({"type": "connection_init", "payload": payload})).await;
        match is {
            Is::Unknown | Is::Linked(_) | Is::Mistaken => {
                assert_eq!(socket.closed().await.0, 4403, "{name}");
            }
            Is::Stranger | Is::Powerless | Is::Right => {
                assert_eq!(socket.hear().await["type"], "connection_ack", "{name}");
                socket.subscribe("1", &document).await;
                let said = socket.hear().await.to_string();
                let code = match is {
                    Is::Stranger => "NOT_FOUND",
                    Is::Powerless => "FORBIDDEN",
                    _ => scene.report.as_str(),
                };
                assert!(said.contains(code), "{name}: {said}");
            }
        }
    }
    scene.world.finish_as(&scene.key).await;
}
