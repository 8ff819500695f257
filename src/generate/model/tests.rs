//! What the queries of a sample give, against sums taken from the CSV itself.

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    data::Sources,
    generate::{GenerateError, Order, model},
    work::Monitor,
};

fn asked(parameters: &Value, monitor: &Monitor) -> Result<Model, GenerateError> {
    let cache = tempfile::tempdir().unwrap();
    let coffee = crate::catalog::coffee();
    let parameters = parameters.as_object().unwrap();
    let order = Order { report_type: &coffee, parameters, data: None, created_at: Timestamp::UNIX_EPOCH };
    model(&order, &Sources::new(cache.path().into()), monitor)
}

fn made(parameters: Value) -> Model {
    asked(&parameters, &Monitor::detached()).unwrap()
}

/// Revenue in cents and items of the rows that begin with `day` and contain `shop`.
fn from_csv(day: &str, shop: &str) -> (i64, i64) {
    let csv = include_str!("../../../reports/coffee/sales-2021.csv");
    csv.lines().filter(|line| line.starts_with(day) && line.contains(shop)).fold((0, 0), |sum, line| {
        let fields: Vec<_> = line.split(',').collect();
        let quantity: i64 = fields[4].parse().unwrap();
        let cents: i64 = fields[5].replace('.', "").parse().unwrap();
        (sum.0 + quantity * cents, sum.1 + quantity)
    })
}

#[test]
fn every_section_adds_up_to_what_the_rows_say() {
    for (day, shop) in [("2021-01-01", None), ("2021-07-18", None), ("2021-01-01", Some("София"))] {
        let mut asked = json!({"reportDate": day});
        if let Some(shop) = shop {
            asked["shop"] = json!(shop);
        }
        let model = made(asked);
        let (cents, items) = from_csv(day, shop.unwrap_or(""));
        let revenue = Cell::Decimal(cents as f64 / 100.0);
        assert!(items > 0);
        let [
            Section::KeyFigures { figures },
            Section::Chart(Chart { labels, series, .. }),
            Section::Table(Table { rows: shops, totals: Some(of_shops), .. }),
            Section::Table(Table { columns, totals: Some(of_products), .. }),
        ] = &model.sections[..]
        else {
            panic!("{:?}", model.sections);
        };
        assert_eq!(figures[0].value, revenue);
        assert_eq!(figures[1].value, Cell::Integer(items));
        assert_eq!(labels.len(), series[0].values.len());
        assert_eq!(of_number(series[0].values.iter().flatten().sum(), Format::Money { digits: 2 }), revenue);
        assert_eq!(of_shops[2..], [Cell::Integer(items), revenue.clone(), Cell::Decimal(100.0)]);
        assert_eq!(of_products.last(), Some(&revenue));
        match shop {
            Some(shop) => {
                assert_eq!(shops.len(), 1);
                assert_eq!(columns.last().unwrap().title, shop);
            }
            None => assert_eq!((shops.len(), columns.len()), (5, 7)),
        }
    }
}

#[test]
fn the_bars_leave_out_no_quiet_hour() {
    let model = made(json!({"reportDate": "2021-01-01", "shop": "Kraków"}));
    let Some(Section::Chart(Chart { labels, .. })) = model.sections.get(1) else {
        panic!("{:?}", model.sections)
    };
    let hours: Vec<u32> = labels.iter().map(|label| label[..2].parse().unwrap()).collect();
    assert!(hours.windows(2).all(|pair| pair[1] == pair[0] + 1), "{hours:?}");
}

#[test]
fn a_day_without_sales_is_a_report_that_says_so() {
    for day in ["2021-12-25", "1999-01-01", "9999-12-31"] {
        let model = made(json!({"reportDate": day}));
        let [Section::Text { paragraphs }] = &model.sections[..] else { panic!("{:?}", model.sections) };
        assert!(paragraphs[0][0].text.contains("Nothing was sold"), "{paragraphs:?}");
    }
}

#[test]
fn the_subtitle_says_what_was_asked_for() {
    let one = made(json!({"reportDate": "2021-01-01", "shop": "Αθήνα"}));
    assert_eq!(one.subtitle, "Friday, 1 January 2021 · Αθήνα");
    let all = made(json!({"reportDate": "2021-01-01"}));
    assert_eq!(all.subtitle, "Friday, 1 January 2021 · all shops");
}

#[test]
fn the_same_request_gives_the_same_model_and_it_reads_back() {
    let asked = json!({"reportDate": "2021-06-12"});
    let first = serde_json::to_string(&made(asked.clone())).unwrap();
    assert_eq!(first, serde_json::to_string(&made(asked.clone())).unwrap());
    assert_eq!(serde_json::from_str::<Model>(&first).unwrap(), made(asked));
    let value: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(value["currency"], "EUR");
    assert_eq!(value["sections"][0]["type"], "keyFigures");
    assert_eq!(value["sections"][0]["figures"][0]["type"], "money");
    assert!(value["sections"][0]["figures"][0]["value"].is_f64());
    assert_eq!(value["sections"][1]["kind"], "bar");
    assert_eq!(value["sections"][2]["columns"][1]["align"], "right");
}

#[test]
fn text_from_outside_stays_a_value() {
    let model = made(json!({"reportDate": "2021-01-01", "shop": "' OR 1=1 --"}));
    assert!(matches!(model.sections[..], [Section::Text { .. }]));
}

#[test]
fn work_that_was_told_to_stop_runs_no_query() {
    let stop = CancellationToken::new();
    stop.cancel();
    let result = asked(&json!({"reportDate": "2021-01-01"}), &Monitor::new(stop));
    assert!(matches!(result, Err(GenerateError::Stopped(_))));
}
