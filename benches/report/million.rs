//! A large CSV file, summed into one page.

use std::{
    io::{BufWriter, Write as _},
    path::Path,
    time::Instant,
};

use jiff::Timestamp;
use reportwire::{
    catalog::file,
    data::Sources,
    generate::{Order, generate},
    report::Parameters,
    work::Monitor,
};
use serde_json::json;

use super::{figure::Figure, report, run};

pub(crate) const WORKLOAD: &str = "a CSV file of 1,000,000 rows and six columns (about 43 MB), summed by SQL, once in all and once by \
     region, into a one-page PDF; first with nothing read, then again with another parameter, then the same again";

const TYPE: &str = r#"
currency = "EUR"
[parameters.least]
type = "integer"
default = 0
[data.sales]
csv = "sales.csv"
[[section]]
type = "figures"
query = "SELECT count(*) AS sales, sum(quantity * price) AS revenue FROM sales WHERE quantity > :least"
columns = { revenue = "money" }
[[section]]
title = "Regions"
query = "SELECT region, sum(quantity) AS quantity, sum(quantity * price) AS revenue FROM sales WHERE quantity > :least GROUP BY region"
columns = { revenue = { format = "money", total = true } }
"#;

pub(crate) fn measure() -> Vec<Figure> {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("sales.csv"));
    let figures = run(&["million", folder.path().to_str().unwrap()]);
    let seconds = |name: &str| figures[name].as_f64().unwrap();
    vec![
        Figure::new("asked for the first time", seconds("first"), "s").at_most(3.0),
        Figure::new("asked again with another parameter", seconds("other"), "s").at_most(0.5),
        Figure::new("asked again", seconds("again"), "s").at_most(0.5),
        Figure::new("memory", figures["kibibytes"].as_f64().unwrap() / 1024.0, "MiB").at_most(256.0),
    ]
}

/// The same rows each time.
fn write(path: &Path) {
    let mut file = BufWriter::new(std::fs::File::create(path).unwrap());
    writeln!(file, "day,region,product,customer,quantity,price").unwrap();
    let mut chance = fastrand::Rng::with_seed(1);
    for _ in 0..1_000_000 {
        let (year, month, day) = (chance.u32(2020..2025), chance.u32(1..13), chance.u32(1..29));
        let region = ["North", "South", "East", "West", "Centre"][chance.usize(0..5)];
        let (product, customer) = (chance.u32(1..41), chance.u32(1..100_000));
        let (quantity, price) = (chance.u32(1..21), f64::from(chance.u32(100..10_000)) / 100.0);
        writeln!(
            file,
            "{year}-{month:02}-{day:02},{region},Product {product},C{customer:05},{quantity},{price:.2}"
        )
        .unwrap();
    }
    file.into_inner().unwrap().sync_all().unwrap();
}

/// Makes the report three times over the file in `folder`.
pub(crate) fn child(folder: &str) {
    let report_type = file::read(TYPE, &Path::new(folder).join("million.toml")).unwrap();
    let sources = Sources::new(Path::new(folder).join("cache"));
    let made = |least: i64| {
        let parameters: Parameters = [("least".to_owned(), json!(least))].into_iter().collect();
        let order = Order {
            report_type: &report_type,
            parameters: &parameters,
            data: None,
            created_at: Timestamp::UNIX_EPOCH,
        };
        let began = Instant::now();
        let generated = generate(&order, &sources, &Monitor::detached()).unwrap();
        assert!(generated.pdf.starts_with(b"%PDF-"));
        began.elapsed().as_secs_f64()
    };
    let figures = json!({"first": made(0), "other": made(5), "again": made(0)});
    report(figures);
}
