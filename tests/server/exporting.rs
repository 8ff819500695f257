//! A report in other formats over HTTP: the same content, made when asked for.

use std::process::Command;

use reportwire::report::ExportFormat;
use serde_json::{Value, json};

use crate::support::{Answer, Stage, World};

/// A completed report: its resource and its model.
async fn completed(world: &World) -> (Value, Value) {
    let id = world.order().await;
    let mut frame = world.connect(&id).await.end("completed").await;
    (frame["report"].take(), frame["model"].take())
}

async fn head(world: &World, path: &str) -> Answer {
    Answer::of(world.http.head(format!("http://{}{path}", world.address))).await
}

fn path(report: &Value, format: &str) -> String {
    format!("/api/v1/report/{}/{format}", report["id"].as_str().unwrap())
}

/// The tables of a model.
fn tables(model: &Value) -> Vec<&Value> {
    model["sections"].as_array().unwrap().iter().filter(|section| section["type"] == "table").collect()
}

#[tokio::test]
async fn a_finished_report_links_to_every_format_and_each_is_what_its_link_says() {
    let world = Stage::new().start().await;
    let (report, model) = completed(&world).await;
    let links = report["_links"]["alternate"].as_array().unwrap();
    let types: Vec<_> = links.iter().map(|link| link["type"].as_str().unwrap()).collect();
    assert_eq!(types, ExportFormat::ALL.map(ExportFormat::media_type));
    let [csv, xlsx, html] = [&links[0]["href"], &links[1]["href"], &links[2]["href"]];
    let table = [
        (csv, "text/csv; charset=utf-8", "attachment; filename=\"coffee-sales-2021-01-01.csv\""),
        (xlsx, types[1], "attachment; filename=\"coffee-sales-2021-01-01.xlsx\""),
        (html, "text/html; charset=utf-8", "inline; filename=\"coffee-sales-2021-01-01.html\""),
    ];
    for (link, media_type, disposition) in table {
        let answer = world.fetch(link).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, media_type), "{link}");
        assert_eq!(answer.header("content-disposition"), disposition);
        assert_eq!(answer.header("cache-control"), "private, no-cache");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    let page = world.fetch(html).await;
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
    assert_eq!(page.header("content-security-policy"), policy);
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    let text = String::from_utf8(page.bytes).unwrap();
    assert!(text.contains("<h1>Coffee sales</h1>") && text.contains("Friday, 1 January 2021"), "{text}");
    let csv = String::from_utf8(world.fetch(csv).await.bytes).unwrap();
    for table in tables(&model) {
        assert!(csv.contains(table["title"].as_str().unwrap()), "{csv}");
    }
    world.finish().await;
}

#[tokio::test]
async fn one_table_alone_has_the_rows_of_the_model_and_a_wrong_number_is_told_what_there_is() {
    let world = Stage::new().start().await;
    let (report, model) = completed(&world).await;
    for (number, table) in (1..).zip(tables(&model)) {
        let answer = world.get(&format!("{}?table={number}", path(&report, "csv"))).await;
        let name = format!("attachment; filename=\"coffee-sales-2021-01-01-{number}.csv\"");
        assert_eq!((answer.status, answer.header("content-disposition")), (200, name.as_str()));
        let mut reader = csv::Reader::from_reader(&answer.bytes[..]);
        let titles =
            table["columns"].as_array().unwrap().iter().map(|column| column["title"].as_str().unwrap());
        assert_eq!(reader.headers().unwrap(), titles.collect::<Vec<_>>());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let expected = table["rows"].as_array().unwrap();
        assert_eq!(rows.len(), expected.len());
        for (row, expected) in rows.iter().zip(expected) {
            for (field, cell) in row.iter().zip(expected.as_array().unwrap()) {
                match cell {
                    Value::Number(number) => assert_eq!(field.parse::<f64>().ok(), number.as_f64()),
                    cell => assert_eq!(field, cell.as_str().unwrap_or_default()),
                }
            }
        }
    }
    for wrong in ["0", "3", "-1", "x", "", "99999999999999999999999"] {
        let answer = world.get(&format!("{}?table={wrong}", path(&report, "csv"))).await;
        answer.assert_problem(400);
        assert_eq!(answer.pointers(), ["?table"], "{wrong}");
    }
    let answer = world.get(&format!("{}?table=3", path(&report, "csv"))).await;
    let detail = answer.json["errors"][0]["detail"].as_str().unwrap();
    assert_eq!(detail, "there is 1 (Shops), 2 (Revenue by product and shop)");
    world.finish().await;
}

#[tokio::test]
async fn a_format_that_the_client_has_is_not_made_again() {
    let world = Stage::new().start().await;
    let (report, _) = completed(&world).await;
    let mut tags = std::collections::HashSet::new();
    for format in ExportFormat::ALL {
        let path = path(&report, format.name());
        let (get, head) = (world.get(&path).await, head(&world, &path).await);
        let etag = get.header("etag").to_owned();
        assert_eq!((head.status, head.header("etag"), head.bytes.len()), (200, etag.as_str(), 0));
        assert_eq!(head.header("content-length"), get.bytes.len().to_string());
        let again = world.get_with(&path, &[("if-none-match", &etag)]).await;
        assert_eq!((again.status, again.header("etag"), again.bytes.len()), (304, etag.as_str(), 0));
        assert_eq!(
            (again.header("cache-control"), get.header("cache-control")),
            ("private, no-cache", "private, no-cache")
        );
        assert_eq!(world.get_with(&path, &[("if-none-match", "\"other\"")]).await.bytes, get.bytes);
        assert!(tags.insert(etag), "each format has a tag of its own");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_wrong_token_a_strange_format_and_another_method_are_refused() {
    let world = Stage::new().start().await;
    let (report, _) = completed(&world).await;
    // its owner is handed leave to follow it, and whoever follows it is not
    assert!(!report["_links"]["ws"]["href"].as_str().unwrap().contains("token"));
    let owned = world.show(report["id"].as_str().unwrap()).await;
    let follow = owned["_links"]["ws"]["href"].as_str().unwrap().split_once("token=").unwrap().1;
    for format in ExportFormat::ALL {
        let path = path(&report, format.name());
        for token in ["x", follow] {
            world.get(&format!("{path}?token={token}")).await.assert_problem(403);
        }
        let answer = world.post(&path, &json!({})).await;
        answer.assert_problem(405);
        assert_eq!(answer.header("allow"), "GET, HEAD");
    }
    world.get(&path(&report, "docx")).await.assert_problem(404);
    world.finish().await;
}

#[tokio::test]
async fn before_the_end_there_is_nothing_to_export_and_no_link_to_it() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let report = world.show(&id).await;
    assert_eq!(report["_links"].get("alternate"), None);
    for format in ExportFormat::ALL {
        let answer = world.get(&path(&report, format.name())).await;
        answer.assert_problem(409);
        assert_eq!(answer.header("retry-after"), "1");
    }
    attempt.fail_for_good();
    world.record(&id, |record| record.status.is_terminal()).await;
    world.get(&path(&report, "csv")).await.assert_problem(409);
    world.finish().await;
}

#[tokio::test]
async fn a_workbook_read_by_openpyxl_has_the_numbers_of_the_model() {
    let world = Stage::new().start().await;
    let (report, model) = completed(&world).await;
    let workbook = world.get(&path(&report, "xlsx")).await.bytes;
    let file = world.folder().join("report.xlsx");
    std::fs::write(&file, workbook).unwrap();
    let read = read(&file);
    assert_eq!(read["title"], model["title"]);
    assert_eq!(read["created"].as_str().unwrap()[..16], model["createdAt"].as_str().unwrap()[..16]);
    for table in tables(&model) {
        let title: String = table["title"].as_str().unwrap().chars().take(31).collect();
        let sheet = &read["sheets"][&title];
        let rows = sheet["rows"].as_array().unwrap_or_else(|| panic!("{title} in {read}"));
        let titles = table["columns"].as_array().unwrap().iter().map(|column| &column["title"]);
        assert!(rows[0].as_array().unwrap().iter().eq(titles), "{}", rows[0]);
        let values = table["rows"].as_array().unwrap().iter().chain([&table["totals"]]);
        assert_eq!(rows.len() - 1, values.clone().count());
        for (row, expected) in rows[1..].iter().zip(values) {
            for (found, expected) in row.as_array().unwrap().iter().zip(expected.as_array().unwrap()) {
                assert_eq!(found.as_f64(), expected.as_f64(), "{title}: {found} for {expected}");
                assert_eq!(found.as_str(), expected.as_str(), "{title}");
            }
        }
        assert_eq!(sheet["frozen"], "A2");
    }
    world.finish().await;
}

#[tokio::test]
async fn dates_of_a_workbook_are_dates_and_its_texts_no_formulas() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let model = json!({
        "reportType": "TEST", "title": "Test", "subtitle": "", "parameters": {},
        "createdAt": "2026-11-23T14:12:00Z", "locale": "de-DE", "currency": "EUR",
        "sections": [{
            "type": "table", "title": "Days",
            "columns": [
                {"name": "d", "title": "Day", "type": "date", "style": "medium", "align": "left"},
                {"name": "t", "title": "Time", "type": "dateTime", "style": "iso", "align": "left"},
                {"name": "f", "title": "=1+1", "type": "text", "align": "left"},
                {"name": "m", "title": "Sum", "type": "money", "digits": 2, "align": "right"},
                {"name": "l", "title": "Link", "type": "text", "align": "left"},
            ],
            "rows": [
                ["2021-01-31", "2021-01-31T08:15:30", "=1+1", -1234.5, {"text": "go", "href": "https://example.org/a"}],
                ["1815-06-18", null, "@SUM(A1)", null, {"text": "no", "href": "javascript:alert(1)"}],
            ],
        }],
    });
    work.next().await.finish_with(model.to_string().into());
    world.connect(&id).await.end("completed").await;
    let file = world.folder().join("report.xlsx");
    std::fs::write(&file, world.get(&format!("/api/v1/report/{id}/xlsx")).await.bytes).unwrap();
    let sheet = &read(&file)["sheets"]["Days"];
    let rows = json!([
        ["Day", "Time", "=1+1", "Sum", "Link"],
        [{"date": "2021-01-31T00:00:00"}, {"date": "2021-01-31T08:15:30"}, "=1+1", -1234.5, "go"],
        ["1815-06-18", null, "@SUM(A1)", null, "no"],
    ]);
    assert_eq!(sheet["rows"], rows);
    assert_eq!(sheet["formulas"], 0);
    assert_eq!(sheet["links"], json!(["https://example.org/a"]));
    assert_eq!(
        sheet["formats"],
        json!(["d mmm yyyy", "yyyy-mm-dd hh:mm", "General", "#,##0.00\"\u{a0}€\"", "General"])
    );
    world.finish().await;
}

#[tokio::test]
async fn what_a_format_has_no_room_for_is_a_problem_of_that_format_alone() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let rows = "[],".repeat(1_048_576);
    let model = format!(
        r#"{{"reportType":"T","title":"T","subtitle":"","parameters":{{}},"createdAt":"2026-11-23T14:12:00Z","locale":"en-GB",
        "sections":[{{"type":"table","title":"Long","columns":[],"rows":[{}]}}]}}"#,
        rows.trim_end_matches(',')
    );
    work.next().await.finish_with(model.into());
    world.connect(&id).await.end("completed").await;
    let answer = world.get(&format!("/api/v1/report/{id}/xlsx")).await;
    answer.assert_problem(422);
    assert!(answer.json["detail"].as_str().unwrap().contains("1048575"), "{answer:?}");
    assert_eq!(world.get(&format!("/api/v1/report/{id}/csv")).await.status, 200);
    world.finish().await;
}

/// A workbook as openpyxl reads it. tests/run installs it.
fn read(workbook: &std::path::Path) -> Value {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = Command::new(root.join("target/venv/bin/python"))
        .arg(root.join("tests/server/read_workbook.py"))
        .arg(workbook)
        .output()
        .expect("tests/run makes target/venv");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    serde_json::from_slice(&read.stdout).unwrap()
}
