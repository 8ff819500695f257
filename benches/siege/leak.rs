//! Whether the time of an answer tells what the answer does not: that another has such a report.

use std::time::{Duration, Instant};

use reportwire::{config::Layer, report::ReportId};
use tokio::runtime::Runtime;

use super::{figure::Figure, inside::Inside, key};

pub(crate) const WORKLOAD: &str = "an owner asks 5,000 times each, in turns, for a report of another and for one that there never was; how often the first answer \
     took longer than the second: 50 % tells nothing";

const TIMES: usize = 5_000;

pub(crate) fn measure() -> Vec<Figure> {
    let folder = tempfile::tempdir().unwrap();
    let (owner, stranger) = (key(folder.path(), "owner"), key(folder.path(), "stranger"));
    let inside = Inside::with(folder.path(), Layer::default(), |_| {});
    let base = format!("http://{}/api/v1/report", inside.address);
    Runtime::new().unwrap().block_on(async {
        let client = reportwire::trust::http_client().no_proxy().build().unwrap();
        let request = client.post(&base).bearer_auth(&owner).header("content-type", "application/json");
        let request = request.header("prefer", "wait=60");
        let answer =
            request.body(r#"{"reportType":"COFFEE_SALES","reportDate":"2021-01-01"}"#).send().await.unwrap();
        let answer: serde_json::Value = answer.json().await.unwrap();
        let theirs = answer["id"].as_str().unwrap().to_owned();
        let ask = async |id: &str| {
            let began = Instant::now();
            let answer = client.get(format!("{base}/{id}")).bearer_auth(&stranger).send().await.unwrap();
            assert_eq!(answer.status(), 404);
            answer.bytes().await.unwrap();
            began.elapsed()
        };
        let (mut longer, mut foreign, mut unknown) = (0.0, Vec::new(), Vec::new());
        for turn in 0..TIMES {
            let nobodys = ReportId::generate().to_string();
            // what comes second finds another machine than what came first
            let (first, second) = match turn % 2 {
                0 => {
                    let first = ask(&theirs).await;
                    (first, ask(&nobodys).await)
                }
                _ => {
                    let second = ask(&nobodys).await;
                    (ask(&theirs).await, second)
                }
            };
            longer += f64::from(u8::from(first > second));
            foreign.push(first);
            unknown.push(second);
        }
        let share = 100.0 * longer / TIMES as f64;
        vec![
            Figure::time("another's report, median", median(&mut foreign)),
            Figure::time("no report, median", median(&mut unknown)),
            Figure::new("the first took longer than the second", share, "%"),
            Figure::new("… and is that far from telling nothing", (share - 50.0).abs(), "%").at_most(3.0),
        ]
    })
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}
