//! Report types that come, change, break and go while the server runs, and the reports made of them.

use std::{fs, path::PathBuf};

use reportwire::config::Layer;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Heard, Stage, World, patiently};

/// A folder of report types, and a server over it.
struct Shelf {
    folder: TempDir,
}

impl Shelf {
    fn new(types: &[(&str, &str)]) -> Self {
        let shelf = Self { folder: tempfile::tempdir().unwrap() };
        types.iter().for_each(|(name, text)| shelf.put(name, text));
        shelf
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a file there as an editor does: written beside its place and renamed.
    fn put(&self, name: &str, text: &str) {
        let fresh = self.path(".fresh");
        fs::write(&fresh, text).unwrap();
        fs::rename(fresh, self.path(name)).unwrap();
    }

    fn stage(&self) -> Stage {
        let mut stage = Stage::new();
        stage.layer = Layer { reports: Some(self.folder.path().into()), ..stage.layer };
        stage
    }

    async fn serve(types: &[(&str, &str)]) -> (Self, World) {
        let shelf = Self::new(types);
        let world = shelf.stage().start().await;
        (shelf, world)
    }
}

/// The report type as clients see it, if there is one.
async fn shown(world: &World, name: &str) -> Option<Value> {
    let answer = world.get("/api/v1/report-types").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let types = answer.json["reportTypes"].as_array().expect("a list of types").clone();
    types.into_iter().find(|found| found["reportType"] == name)
}

/// Waits until the report type is as wanted. Nothing announces it, so it is asked for again and again.
async fn until_shown(world: &World, name: &str, wanted: impl Fn(Option<&Value>) -> bool) {
    patiently("the report type is as wanted", async {
        while !wanted(shown(world, name).await.as_ref()) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

async fn order(world: &World, body: &Value) -> String {
    let answer = world.post("/api/v1/report", body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json["id"].as_str().unwrap().into()
}

/// The model of a report that is made to its end.
async fn model(world: &World, id: &str) -> Value {
    let frame = world.connect(id).await.end("completed").await;
    world.fetch(&frame["report"]["_links"]["model"]["href"]).await.json
}

fn plain(title: &str) -> String {
    format!("title = \"{title}\"\n[[section]]\ntext = \"hello\"\n")
}

#[tokio::test]
async fn a_type_is_taken_up_changed_and_given_up_while_the_server_runs() {
    let (shelf, world) = Shelf::serve(&[]).await;
    let body = json!({"reportType": "NEWS"});
    assert_eq!(shown(&world, "NEWS").await, None);
    world.post("/api/v1/report", &body).await.assert_problem(400);

    shelf.put("news.toml", &plain("First"));
    until_shown(&world, "NEWS", |found| found.is_some_and(|found| found["title"] == "First")).await;
    assert_eq!(model(&world, &order(&world, &body).await).await["title"], "First");

    shelf.put("news.toml", &format!("{}\n[parameters.day]\nrequired = true", plain("Second")));
    until_shown(&world, "NEWS", |found| found.is_some_and(|found| found["title"] == "Second")).await;
    let answer = world.post("/api/v1/report", &body).await;
    answer.assert_problem(400);
    assert_eq!(answer.pointers(), ["/day"]);
    let with_day = json!({"reportType": "NEWS", "day": "today"});
    assert_eq!(model(&world, &order(&world, &with_day).await).await["title"], "Second");

    fs::remove_file(shelf.path("news.toml")).unwrap();
    until_shown(&world, "NEWS", |found| found.is_none()).await;
    world.post("/api/v1/report", &with_day).await.assert_problem(400);
    world.finish().await;
}

#[tokio::test]
async fn a_broken_file_keeps_its_last_good_version_and_says_so() {
    let (shelf, world) = Shelf::serve(&[("news.toml", &plain("Good"))]).await;
    assert_eq!(shown(&world, "NEWS").await.unwrap()["problem"], Value::Null);
    for broken in ["title = \"Broken", "titel = \"Broken\"\n[[section]]\ntext = \"x\"", ""] {
        shelf.put("news.toml", broken);
        until_shown(&world, "NEWS", |found| found.is_some_and(|found| found["problem"].is_string())).await;
        let found = shown(&world, "NEWS").await.unwrap();
        assert_eq!(found["title"], "Good", "{broken}");
        let id = order(&world, &json!({"reportType": "NEWS"})).await;
        assert_eq!(model(&world, &id).await["title"], "Good", "{broken}");
        shelf.put("news.toml", &plain("Good"));
        until_shown(&world, "NEWS", |found| found.is_some_and(|found| found["problem"].is_null())).await;
    }
    world.finish().await;
}

const INVOICE: &str = r#"
[parameters.number]
required = true
[data.items]
request = true
columns = { price = "decimal" }
[[section]]
query = "SELECT item, price FROM items"
"#;

#[tokio::test]
async fn everything_that_is_wrong_with_rows_and_parameters_is_said_at_once() {
    let (_shelf, world) = Shelf::serve(&[("bill.toml", INVOICE)]).await;
    assert_eq!(shown(&world, "BILL").await.unwrap()["data"], json!(["items"]));
    let table = [
        (json!({}), vec!["/data/items", "/number"]),
        (json!({"data": [], "numbr": 1}), vec!["/data", "/number", "/numbr"]),
        (
            json!({"data": {"items": 5, "item": []}, "number": 5}),
            vec!["/data/items", "/data/item", "/number"],
        ),
        (json!({"data": {"items": [{}, 1]}, "number": "1"}), vec!["/data/items"]),
    ];
    for (mut body, expected) in table {
        body["reportType"] = "BILL".into();
        let answer = world.post("/api/v1/report", &body).await;
        answer.assert_problem(400);
        assert_eq!(answer.pointers(), expected, "{body}");
    }
    assert_eq!(world.count().await, 0);
    world.finish().await;
}

#[tokio::test]
async fn rows_of_a_request_survive_a_restart_before_the_work_and_are_shown_to_nobody() {
    let shelf = Shelf::new(&[("bill.toml", INVOICE)]);
    let (scripted, work) = Stage::scripted();
    let mut stage = scripted;
    stage.layer = Layer { reports: Some(shelf.folder.path().into()), ..stage.layer };
    let world = stage.start().await;
    let mut work = work.await.unwrap();
    let rows = json!({"items": [{"item": "a pot of gold", "price": "12.5"}]});
    let id = order(&world, &json!({"reportType": "BILL", "number": "7", "data": rows})).await;
    let attempt = work.next().await;
    let shown = world.show(&id).await;
    assert!(shown.get("data").is_none() && !shown.to_string().contains("gold"), "{shown}");
    let list = world.get("/api/v1/report").await;
    assert!(!String::from_utf8_lossy(&list.bytes).contains("gold"));

    let world = world.restart(shelf.stage()).await;
    attempt.let_go().await;
    let model = model(&world, &id).await;
    assert_eq!(model["sections"][0]["rows"], json!([["a pot of gold", 12.5]]));
    assert!(!world.show(&id).await.to_string().contains("gold"));
    world.finish().await;
}

#[tokio::test]
async fn a_query_that_fails_is_named_and_a_retry_after_the_mending_completes_the_report() {
    let text = |column: &str| {
        format!(
            "[data.sales]\ncsv = 'sales.csv'\n[queries]\nby_shop = \"SELECT {column} FROM sales\"\n[[section]]\nquery = \"by_shop\"\n"
        )
    };
    let (shelf, world) = Shelf::serve(&[("sales.csv", "shop\nZürich\n"), ("shops.toml", &text("shp"))]).await;
    let id = order(&world, &json!({"reportType": "SHOPS"})).await;
    let frame = world.connect(&id).await.end("failed").await;
    let error = &frame["report"]["error"];
    let detail = error["detail"].as_str().unwrap();
    assert!(detail.contains("by_shop"), "{error}");
    for secret in ["shp", "SELECT", "sales.csv", "shops.toml", "/"] {
        assert!(!detail.contains(secret), "{secret} is in {detail}");
    }
    assert_eq!(&world.show(&id).await["error"], error, "the reason stays");

    let good = text("shop").replace("[[section]]", "[[section]]\ntitle = \"Mended\"");
    shelf.put("shops.toml", &format!("title = \"Mended\"\n{good}"));
    until_shown(&world, "SHOPS", |found| found.is_some_and(|found| found["title"] == "Mended")).await;
    let answer = world.act(&id, "retry").await;
    assert!((200..300).contains(&answer.status), "{answer:?}");
    let model = model(&world, &id).await;
    assert_eq!(model["sections"][0]["rows"], json!([["Zürich"]]));
    assert_eq!(world.show(&id).await["error"], Value::Null);
    world.finish().await;
}

const PROGRAM: &str = r#"
[data.rows]
command = ["sh", "-c", '''
echo $$ >pid
echo '{"progress": 40}'
while [ ! -e go ]; do sleep 0.02; done
echo '{"n": 1}'
''']
[[section]]
query = "SELECT n FROM rows"
"#;

#[tokio::test]
async fn the_progress_of_a_program_is_pushed() {
    let (shelf, world) = Shelf::serve(&[("slow.toml", PROGRAM)]).await;
    let id = order(&world, &json!({"reportType": "SLOW"})).await;
    let mut client = world.connect(&id).await;
    // 40 of its 100 are 28 of ours: reading is the first 70
    client.until(|report| report["progress"] == json!({"phase": "reading", "percent": 28})).await;
    shelf.put("go", "");
    client.end("completed").await;
    world.finish().await;
}

#[tokio::test]
async fn a_cancelled_report_ends_its_program() {
    let (shelf, world) = Shelf::serve(&[("slow.toml", PROGRAM)]).await;
    let id = order(&world, &json!({"reportType": "SLOW"})).await;
    let mut client = world.connect(&id).await;
    client.until(|report| report["progress"]["percent"] == 28).await;
    let pid = fs::read_to_string(shelf.path("pid")).unwrap();
    let process = PathBuf::from("/proc").join(pid.trim());
    assert!(process.exists());
    assert_eq!(world.act(&id, "cancel").await.json["status"], "cancelled");
    patiently("the program is gone", async {
        while process.exists() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    client.until_status("cancelled").await;
    assert!(matches!(client.hear().await, Heard::Close(1000)));
    world.finish().await;
}
