//! GraphQL documents that are wrong, too deep or too dear: each has its clear error.

use serde_json::json;

use crate::{
    graphql::{code, completed},
    support::Stage,
};

#[tokio::test]
async fn every_bad_document_has_its_clear_error() {
    let world = Stage::new().start().await;
    completed(&world).await;
    let deep = |levels: usize| {
        format!(
            "{{ __schema {{ types {} }} }}",
            "{ ofType ".repeat(levels) + "{ name }" + &"}".repeat(levels)
        )
    };
    let bomb: String =
        (0..20).map(|n| format!("fragment F{n} on Report {{ ...F{m} ...F{m} }} ", m = n + 1)).collect();
    // nothing but spreads: not one field, and three times as many steps with each fragment
    let hollow: String = (0..29)
        .map(|n| format!("fragment F{n} on Report {{ ...F{m} ...F{m} ...F{m} }} ", m = n + 1))
        .collect();
    let many: String = (0..51).map(|n| format!("query Q{n} {{ reportTypes {{ title }} }} ")).collect();
    let large: String =
        (0..3).map(|n| format!("query Q{n} {{ reportTypes {{ {} }} }} ", "title ".repeat(700))).collect();
    let wide: String = (0..60).map(|n| format!("r{n}: reports {{ next }} ")).collect();
    let plain = |query: &str| json!({ "query": query });
    let table = [
        (plain("{"), "GRAPHQL_PARSE_FAILED", "line 1, column 2: expected"),
        (plain(""), "GRAPHQL_PARSE_FAILED", "line 1, column 1: expected"),
        (
            plain("{ reports { reports { stauts } } }"),
            "GRAPHQL_VALIDATION_FAILED",
            "Did you mean \"status\"?",
        ),
        (plain("{ report { id } }"), "GRAPHQL_VALIDATION_FAILED", "\"id\""),
        (
            plain("{ ...A } fragment A on Query { ...A }"),
            "GRAPHQL_VALIDATION_FAILED",
            "fragment A spreads itself",
        ),
        (
            plain("query A { reports { next } } query B { reports { next } }"),
            "GRAPHQL_VALIDATION_FAILED",
            "the document has A, B",
        ),
        (
            json!({"query": "{ reports { next } }", "operationName": "A"}),
            "GRAPHQL_VALIDATION_FAILED",
            "there is no operation A",
        ),
        (
            plain("query($id: ID!) { report(id: $id) { id } }"),
            "BAD_USER_INPUT",
            "the variable $id must have a value: its type is ID!",
        ),
        (
            plain("{ a { a { a { a { a { a { a { a { a { a { a } } } } } } } } } } }"),
            "DOCUMENT_TOO_DEEP",
            "11 levels deep; 10 are allowed",
        ),
        (plain(&deep(20)), "DOCUMENT_TOO_DEEP", "introspection"),
        (plain(&"{a".repeat(16_000)), "DOCUMENT_TOO_DEEP", "more than 100 brackets"),
        (plain(&format!("{{ a(x: {}", "[".repeat(32_000))), "DOCUMENT_TOO_DEEP", "more than 100 brackets"),
        (
            plain(&format!("{{ reports {{ reports {{ ...F0 }} }} }} {bomb} fragment F20 on Report {{ id }}")),
            "DOCUMENT_TOO_LARGE",
            "2000 are allowed",
        ),
        (
            plain(&format!(
                "{{ report(id: \"7\") {{ ...F0 }} }} {hollow} fragment F29 on Report {{ ...Nobody ...Nobody }}"
            )),
            "DOCUMENT_TOO_LARGE",
            "2000 are allowed",
        ),
        (
            json!({"query": many, "operationName": "Q0"}),
            "DOCUMENT_TOO_LARGE",
            "51 operations; 50 are allowed",
        ),
        (json!({"query": large, "operationName": "Q0"}), "DOCUMENT_TOO_LARGE", "2000 are allowed"),
        (
            plain("{ reports(limit: 100) { reports { id model } } }"),
            "DOCUMENT_TOO_COMPLEX",
            "1000 are allowed",
        ),
        (plain(&format!("{{ {wide} }}")), "DOCUMENT_TOO_COMPLEX", "1000 are allowed"),
    ];
    for (members, expected, text) in table {
        let answer = world.graphql_as("application/graphql-response+json", &members).await;
        let shown: String = members["query"].as_str().unwrap().chars().take(80).collect();
        let errors = answer.json["errors"].as_array().unwrap_or_else(|| panic!("{shown}: {answer:?}"));
        assert!(
            errors.iter().any(|error| error["message"].as_str().unwrap().contains(text)),
            "{shown}: {errors:?}"
        );
        if !expected.is_empty() {
            assert_eq!(answer.status, 400, "{shown}");
            assert!(errors.iter().all(|error| code(error) == expected), "{shown}: {errors:?}");
            assert_eq!(errors[0]["extensions"]["problem"]["type"], "/problems/bad-document");
        }
        // what stands between may answer in the older type itself, so there the status says nothing
        assert_eq!(world.graphql_as("application/json", &members).await.status, 200, "{shown}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_page_of_any_length_has_a_cost_and_its_clear_error() {
    let world = Stage::new().start().await;
    for limit in [i64::MAX, 5_000_000_000_000_000_000, 101, 0, -1, i64::MIN] {
        let page = format!("reports(limit: {limit}) {{ reports {{ id }} }}");
        let response = world.graphql(&format!("{{ {page} }}")).await;
        assert_eq!(code(&response["errors"][0]), "BAD_REQUEST", "{response}");
        let pointer = &response["errors"][0]["extensions"]["problem"]["errors"][0]["pointer"];
        assert_eq!(pointer, "/limit", "{response}");
        // what is left out is counted all the same
        let skipped = page.replace(") {", ") @skip(if: true) {");
        let data = world.data(&format!("{{ reportTypes {{ title }} {skipped} }}")).await;
        assert_eq!(data.get("reports"), None);
    }
    // neither does a length that is too large come out as a small cost
    let wide: String = (0..8).map(|n| format!("m{n}: model ")).collect();
    for limit in [i64::MAX, i64::MAX / 80] {
        let response =
            world.graphql(&format!("{{ reports(limit: {limit}) {{ reports {{ {wide} }} }} }}")).await;
        assert_eq!(code(&response["errors"][0]), "DOCUMENT_TOO_COMPLEX", "{response}");
    }
    world.finish().await;
}
