//! Rows from a PostgreSQL server.
//!
//! One test, because it is one server: starting one takes as long as everything else here.

use std::time::{Duration, Instant};

use reportwire::{
    data::{DataError, Rows},
    work::Monitor,
};
use serde_json::{Value, json};

use crate::{
    postgres_server::{PASSWORD, PostgresServer},
    stopping::stopped,
    support::{Ground, assert_discreet, cells, columns, patiently},
};

const PARAMETERS: &str = "[parameters.shop]\n[parameters.day]\ntype = 'date'\n[parameters.count]\ntype = 'integer'\n\
                          [parameters.share]\ntype = 'decimal'\n[parameters.open]\ntype = 'boolean'\n\
                          [parameters.shops]\ntype = 'list'\nitems = 'string'\n\
                          [parameters.numbers]\ntype = 'list'\nitems = 'integer'\n";

struct Stage {
    server: PostgresServer,
    ground: Ground,
}

impl Stage {
    fn text(&self, query: &str) -> String {
        self.text_at(&self.server.url(), query)
    }

    fn text_at(&self, url: &str, query: &str) -> String {
        let query = query.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        format!("{PARAMETERS}[data.a]\npostgres = '{url}'\nquery = \"{query}\"\n")
    }

    fn ask(&self, query: &str, parameters: &Value) -> Result<Rows, DataError> {
        self.ground.ask_with(&self.text(query), "SELECT * FROM a", parameters, None, &Monitor::detached())
    }

    #[track_caller]
    fn refusal(&self, text: &str) -> DataError {
        let error = self.ground.refusal(text, "SELECT * FROM a");
        assert_discreet(
            error.reader(),
            &[PASSWORD, "wrong-horse", "127.0.0.1", "reader"],
            self.ground.folder.path(),
        );
        assert!(!error.author().contains(PASSWORD) && !error.author().contains("wrong-horse"), "{error}");
        error
    }

    /// How many queries the server is at.
    fn active(&self) -> u32 {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%marker%' AND state = 'active' \
                   AND pid <> pg_backend_pid()";
        self.server.say(sql).parse().unwrap()
    }
}

#[test]
fn rows_from_a_server() {
    let stage = Stage { server: PostgresServer::start(), ground: Ground::new(&[]) };
    stage.server.say(
        "CREATE TABLE sales (shop text, n int); INSERT INTO sales VALUES ('Zürich', 1), ('Kraków', 2);
         CREATE SEQUENCE seq; CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS \
         'INSERT INTO sales VALUES (''x'', 3) RETURNING n'",
    );
    types(&stage);
    parameters(&stage);
    refusals(&stage);
    limits(&stage);
    stopping(&stage);
    reaching(&stage);
    let Stage { server, ground } = stage;
    let url = server.url();
    drop(server);
    let text = format!("[data.a]\npostgres = '{url}'\nquery = 'SELECT 1 AS n'");
    let error = ground.refusal(&text, "SELECT * FROM a");
    assert!(error.is_transient() && error.reader().contains("does not answer at the moment"), "{error}");
    assert!(!error.author().contains(PASSWORD) && error.author().contains("refused"), "{error}");
}

fn types(stage: &Stage) {
    let rows = stage
        .ask(
            "SELECT 1::int AS i, 9007199254740993::bigint AS b, 12.50::numeric AS n, 0.5::float8 AS f, 'é\"x'::text AS t,
             date '2021-01-31' AS d, timestamp '2021-01-31 08:15:00' AS ts, true AS yes,
             '{\"a\": [1]}'::jsonb AS j, NULL::int AS nothing, ARRAY[1, 2] AS l",
            &json!({}),
        )
        .unwrap();
    assert_eq!(
        columns(&rows),
        "i:integer b:integer n:decimal f:decimal t:text d:date ts:text yes:boolean j:text nothing:text l:text"
    );
    assert_eq!(
        cells(&rows),
        "1 9007199254740993 12.5 0.5 'é\"x' '2021-01-31' '2021-01-31T08:15:00' 1 '{\"a\":[1]}' - '[1,2]'"
    );
    for query in [
        "SELECT n FROM sales ORDER BY n;",
        "SELECT n FROM sales ORDER BY n -- that is all",
        "SELECT n FROM sales ORDER BY n ; \n",
    ] {
        assert_eq!(cells(&stage.ask(query, &json!({})).unwrap()), "1 | 2", "{query}");
    }
    let rows = stage.ask("SELECT n FROM sales WHERE false", &json!({}));
    assert_eq!(rows.unwrap().rows.len(), 0);
}

fn parameters(stage: &Stage) {
    let query = "SELECT :shop::text AS a, :day + 1 AS b, :count + 1 AS c, :share * 2 AS d, NOT :open AS e, \
                 array_length(:shops, 1) AS f, 7 = ANY(:numbers) AS g";
    let all = json!({"shop": "x", "day": "2021-01-31", "count": 5, "share": 0.25, "open": true,
                     "shops": ["a", "b'; --"], "numbers": [5, 7]});
    assert_eq!(cells(&stage.ask(query, &all).unwrap()), "'x' '2021-02-01' 6 0.5 0 2 1");
    assert_eq!(cells(&stage.ask(query, &json!({})).unwrap()), "- - - - - - -");
    let wanted = "SELECT n FROM sales WHERE (:shop IS NULL OR shop = :shop) ORDER BY n";
    assert_eq!(cells(&stage.ask(wanted, &json!({})).unwrap()), "1 | 2");
    assert_eq!(cells(&stage.ask(wanted, &json!({"shop": "Kraków"})).unwrap()), "2");
    let among = "SELECT n FROM sales WHERE shop = ANY(:shops)";
    assert_eq!(cells(&stage.ask(among, &json!({"shops": ["Kraków", "x"]})).unwrap()), "2");
    for hostile in ["' OR 1=1 --", "'; DROP TABLE sales; --", "$1", ":day", "\\", "{{ shop }}"] {
        assert_eq!(cells(&stage.ask(wanted, &json!({ "shop": hostile })).unwrap()), "", "{hostile}");
        assert_eq!(
            cells(&stage.ask("SELECT :shop AS t", &json!({ "shop": hostile })).unwrap()),
            format!("'{hostile}'")
        );
    }
    let error = stage.refusal(&stage.text("SELECT 1 AS n WHERE :shp = 'x'"));
    assert!(error.author().contains("there is no parameter :shp; did you mean :shop"), "{error}");
}

fn refusals(stage: &Stage) {
    for (query, words) in [
        ("INSERT INTO sales VALUES ('x', 3) RETURNING n", "syntax error"),
        ("WITH w AS (INSERT INTO sales VALUES ('x', 3) RETURNING n) SELECT n FROM w", "top level"),
        ("SELECT writes() AS n", "read-only transaction"),
        ("SELECT nextval('seq') AS n", "read-only transaction"),
        ("SELECT 1 AS n) q; DELETE FROM sales; SELECT 1 FROM (SELECT 1", "multiple commands"),
        ("SELECT n FROM sales FOR UPDATE", "read-only transaction"),
        ("SELECT nothing FROM sales", "column \"nothing\" does not exist"),
        ("SELEKT", "syntax error"),
    ] {
        let error = stage.refusal(&stage.text(query));
        assert!(error.author().contains(words), "{query}: {error}");
        assert!(!error.is_transient(), "{query}: {error}");
        assert_eq!(error.reader(), "the data “a” could not be read", "{query}");
    }
    assert_eq!(stage.server.say("SELECT count(*) FROM sales"), "2");
}

fn limits(stage: &Stage) {
    let begun = Instant::now();
    for query in [
        "SELECT pg_sleep(100)::text AS marker",
        "SELECT n AS marker FROM generate_series(1, 1000000000000) n WHERE n < 0",
    ] {
        let error = stage.refusal(&format!("{}[limits]\nseconds = 1", stage.text(query)));
        assert!(
            error.reader().ends_with("the limit is seconds = 1") && !error.is_transient(),
            "{query}: {error}"
        );
    }
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    patiently("the server has stopped, too", || stage.active() == 0);
    let many = stage.text("SELECT generate_series(1, 1000000000) AS marker");
    let error = stage.refusal(&format!("{many}[limits]\nsource-rows = 100"));
    assert!(error.reader().ends_with("the limit is source-rows = 100"), "{error}");
    let error = stage.refusal(&format!("{many}[limits]\nmegabytes = 1"));
    assert!(error.reader().contains("the limit is megabytes"), "{error}");
    patiently("the server does not go on for nobody", || stage.active() == 0);
}

fn stopping(stage: &Stage) {
    let text = stage.text("SELECT pg_sleep(1000)::text AS marker");
    let took = stopped(&stage.ground, &text, "SELECT 1 AS n", |_| stage.active() == 1);
    assert!(took < Duration::from_secs(10), "{took:?}");
    patiently("the server has stopped, too", || stage.active() == 0);
}

fn reaching(stage: &Stage) {
    let one = "SELECT 1 AS n";
    let error = stage.refusal(&stage.text_at(&stage.server.url_with("wrong-horse"), one));
    assert!(error.author().contains("password authentication failed") && !error.is_transient(), "{error}");
    let elsewhere = stage.server.url().replace("/postgres?", "/nowhere?");
    let error = stage.refusal(&stage.text_at(&elsewhere, one));
    assert!(error.author().contains("\"nowhere\" does not exist") && !error.is_transient(), "{error}");
    let error = stage.refusal(&stage.text_at("postgres://reader:wrong-horse@127.0.0.1:no/", one));
    assert!(error.author().contains("the connection string cannot be read"), "{error}");
    let error = stage.refusal(&stage.text_at("env:REPORTWIRE_NO_SUCH_VARIABLE", one));
    assert!(error.author().contains("REPORTWIRE_NO_SUCH_VARIABLE is not set"), "{error}");
    // it listens and says nothing
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://reader:wrong-horse@{}/x", mute.local_addr().unwrap());
    let error = stage.refusal(&format!("{}[limits]\nseconds = 1", stage.text_at(&url, one)));
    assert!(error.reader().contains("seconds = 1") || error.is_transient(), "{error}");
}
