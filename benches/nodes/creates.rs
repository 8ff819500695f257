//! How many reports a second become durable, beside what the database itself can take.

use std::{fs, net::SocketAddr, time::Duration};

use tempfile::TempDir;

use super::{
    client::{self, HELD, Http},
    database::{self, MASTER},
    figure::{Figure, median},
    machine::SCRATCH,
    postgres_server::PostgresServer,
    program::Program,
    rate,
};

pub(crate) const WORKLOAD: &str = "reports that wait for a client, so that nothing but creating them costs: over HTTP keep-alive with 64 \
     clients at one, two and three nodes, and pgbench with 64 clients that puts the same rows into tables with the same indexes, a \
     transaction each; in turns, 3 rounds of 6 s";

const ROUND: Duration = Duration::from_secs(6);
const ROUNDS: usize = 3;
const CLIENTS: usize = 64;

pub(crate) fn measure() -> Vec<Figure> {
    let database = database::start();
    let files = tempfile::tempdir_in(SCRATCH).unwrap();
    let settings = [
        ("REPORTWIRE_STORE", database.url()),
        ("REPORTWIRE_SECRET", MASTER.into()),
        ("REPORTWIRE_ARTIFACTS", format!("file://{}", files.path().display())),
    ];
    let folders = [(); 3].map(|()| tempfile::tempdir_in(SCRATCH).unwrap());
    let nodes = folders.each_ref().map(|folder| Program::with(folder.path(), &settings));
    let addresses = nodes.each_ref().map(|node| node.address);
    let script = script(&database, addresses[0]);
    let (mut own, mut theirs, mut ratios) = ([vec![], vec![], vec![]], vec![], vec![]);
    for _ in 0..ROUNDS {
        let rows = pgbench(&database, &script);
        for count in 1..=3 {
            own[count - 1].push(rate::creates(&addresses[..count], CLIENTS, ROUND));
        }
        ratios.push(own[0].last().unwrap() / rows);
        theirs.push(rows);
    }
    let [one, two, three] = &mut own;
    vec![
        Figure::new("durable creates over HTTP at one node, 64 clients", median(one), "/s"),
        Figure::new("the same rows by pgbench, 64 clients", median(&mut theirs), "/s"),
        Figure::new("the first as a multiple of the second", median(&mut ratios), "x").at_least(1.0),
        Figure::new("… at two nodes, on the same cores", median(two), "/s"),
        Figure::new("… at three nodes, on the same cores", median(three), "/s"),
    ]
}

/// What pgbench does: a report and its task, as a node writes them.
fn script(database: &PostgresServer, node: SocketAddr) -> TempDir {
    client::runtime().block_on(async {
        let mut http = Http::connect(node).await;
        http.create(&client::post(node, HELD)).await;
    });
    database.say(
        "CREATE SCHEMA rival; SET search_path = rival;
         CREATE TABLE report (LIKE reportwire.report INCLUDING ALL);
         CREATE TABLE task (LIKE reportwire.task INCLUDING ALL);
         CREATE SEQUENCE id CACHE 1000",
    );
    let copy = "id, owner, report_type, keep_ms, idempotency_key, fingerprint, status, version, expires_at, waits_until,
         artifact, record";
    // ids that grow, as ours do
    let id = "('00000000-0000-7000-8000-' || lpad(to_hex(nextval('rival.id')), 12, '0'))::uuid";
    // pgbench takes a colon for the begin of a variable
    let record = database.say("SELECT record FROM reportwire.report LIMIT 1");
    let record = record.replace('\\', "\\\\").replace('\'', "''").replace(':', "\\072");
    let record = format!("E'{record}'");
    let sql = format!(
        "BEGIN;\n\
         INSERT INTO rival.report ({copy}) VALUES ({id}, '', 'COFFEE_SALES', 86400000, NULL, NULL, 'queued', 1, 1800000000000, \
             NULL, NULL, {record});\n\
         INSERT INTO rival.task (report, kind, owner, due_at, token, attempt) VALUES \
             (('00000000-0000-7000-8000-' || lpad(to_hex(currval('rival.id')), 12, '0'))::uuid, 'generate', '', NULL, NULL, 0);\n\
         COMMIT;\n"
    );
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rows.sql"), sql.replace("\n         artifact", " artifact")).unwrap();
    folder
}

/// Transactions a second.
fn pgbench(database: &PostgresServer, script: &TempDir) -> f64 {
    let output = database
        .program("pgbench")
        .args(["-h", "127.0.0.1", "-p", &database.port().to_string(), "-U", "reader"])
        .args(["--client", &CLIENTS.to_string(), "--jobs", "2", "--no-vacuum", "--protocol", "prepared"])
        .args(["--time", &ROUND.as_secs().to_string(), "--file"])
        .arg(script.path().join("rows.sql"))
        .arg("postgres")
        .env("PGPASSWORD", super::postgres_server::PASSWORD)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let rate = said.lines().find_map(|line| line.strip_prefix("tps = "));
    let rate = rate.unwrap_or_else(|| panic!("{said}{}", String::from_utf8_lossy(&output.stderr)));
    rate.split_whitespace().next().unwrap().parse().unwrap()
}
