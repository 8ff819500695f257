//! `COFFEE_SALES`: a day of coffee, the report type that is there from the start.

use serde_json::json;

use super::{Column, Figure, Format, Kind, Page, Parameter, ReportType, Sample, Section, Source};

/// The rows of the day, and of the shop if one was asked for.
const OF_THE_DAY: &str = "sold_at >= :reportDate AND sold_at < date(:reportDate, '+1 day')
    AND (:shop IS NULL OR shop = :shop)";

pub(super) fn report_type() -> ReportType {
    ReportType {
        name: "COFFEE_SALES".into(),
        title: "Coffee sales".into(),
        description: "What the coffee shops sold on a day: the key figures, the sales by hour, and every \
                      product and shop. The sample data covers the year 2021."
            .into(),
        parameters: vec![
            Parameter {
                description: "The day to report on.".into(),
                required: true,
                example: Some(json!("2021-01-01")),
                ..Parameter::new("reportDate", "Date", Kind::ANY_DATE)
            },
            Parameter {
                description: "One shop only; all of them when left out.".into(),
                example: Some(json!("Zürich")),
                absent: Some("all shops".into()),
                ..Parameter::new("shop", "Shop", Kind::Choice(shops()))
            },
        ],
        source: Source::Sample(Sample::Coffee),
        page: page(),
    }
}

fn shops() -> Vec<String> {
    ["Αθήνα", "København", "Kraków", "София", "Zürich"].map(String::from).into()
}

fn page() -> Page {
    Page {
        subtitle: vec!["reportDate".into(), "shop".into()],
        currency: Some("EUR".into()),
        nothing: "Nothing was sold on this day. The shops may have been closed, or the day lies outside \
                  the data, which covers the year 2021."
            .into(),
        sections: vec![
            Section::KeyFigures {
                // HAVING turns the one row of nothing that an aggregate always gives into no row.
                query: format!(
                    "WITH day AS (SELECT * FROM sales WHERE {OF_THE_DAY})
                     SELECT sum(quantity * unit_price), sum(quantity),
                         sum(quantity * unit_price) / count(*),
                         (SELECT product FROM day GROUP BY product ORDER BY sum(quantity) DESC, product LIMIT 1),
                         (SELECT substr(sold_at, 12, 2) || ':00' FROM day GROUP BY substr(sold_at, 12, 2)
                              ORDER BY sum(quantity * unit_price) DESC, substr(sold_at, 12, 2) LIMIT 1)
                     FROM day HAVING count(*) > 0"
                ),
                figures: vec![
                    Figure::new("revenue", "Revenue", Format::Money { digits: 2 }),
                    Figure::new("itemsSold", "Items sold", Format::Integer),
                    Figure::new("averageSale", "Average sale", Format::Money { digits: 2 }),
                    Figure::new("bestSeller", "Best seller", Format::Text),
                    Figure::new("bestHour", "Best hour", Format::Text),
                ],
            },
            Section::Bars {
                title: "Revenue by hour".into(),
                // Every hour from the first to the last with a sale, the quiet ones too.
                query: format!(
                    "WITH RECURSIVE sold AS (
                         SELECT CAST(substr(sold_at, 12, 2) AS INTEGER) AS hour,
                             sum(quantity * unit_price) AS revenue
                         FROM sales WHERE {OF_THE_DAY} GROUP BY 1),
                     hours(hour) AS (
                         SELECT min(hour) FROM sold
                         UNION ALL SELECT hour + 1 FROM hours WHERE hour < (SELECT max(hour) FROM sold))
                     SELECT printf('%02d:00', hour), coalesce(revenue, 0.0)
                     FROM hours LEFT JOIN sold USING (hour) WHERE hour IS NOT NULL ORDER BY hour"
                ),
                measure: Column::new("revenue", "Revenue", Format::Money { digits: 2 }),
            },
            Section::Table {
                title: "Shops".into(),
                query: format!(
                    "SELECT shop, count(*), sum(quantity), sum(quantity * unit_price),
                         100 * sum(quantity * unit_price) / sum(sum(quantity * unit_price)) OVER ()
                     FROM sales WHERE {OF_THE_DAY} GROUP BY shop ORDER BY 4 DESC, shop"
                ),
                columns: vec![
                    Column::new("shop", "Shop", Format::Text),
                    Column::new("sales", "Sales", Format::Integer).with_total(),
                    Column::new("items", "Items", Format::Integer).with_total(),
                    Column::new("revenue", "Revenue", Format::Money { digits: 2 }).with_total(),
                    Column::new("share", "Share", Format::Percent { digits: 1 }).with_total(),
                ],
            },
            Section::Cross {
                title: "Revenue by product and shop".into(),
                query: format!(
                    "SELECT product, shop, sum(quantity * unit_price)
                     FROM sales WHERE {OF_THE_DAY} GROUP BY product, shop"
                ),
                rows: Column::new("product", "Product", Format::Text),
                cells: Column::new("revenue", "Revenue", Format::Money { digits: 2 }),
            },
        ],
    }
}
