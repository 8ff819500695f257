//! `reportwire compare`: what each way of hearing costs, in numbers.
//!
//! ```text
//!   a server (ours, or --server) ◄── race: one report, all ways at once, run after run ──► table
//!                                        each way dials counted connections
//! ```
//!
//! Times are from the moment at which the work was done, as the record has it, to the moment at which a client held a state
//! that says so. With a server of our own both are one clock; a record keeps whole milliseconds, cut off, so each time is
//! up to one too long. With another server they count from the channel that knew first.
//!
//! Bytes and connections are counted at the client's sockets ([`meter`]), including what a way needs after it knows: the model, where
//! it was not pushed, and the proof. The request that creates the report is nobody's cost.

mod graphql;
mod host;
mod line;
mod meter;
mod race;
mod socket;
mod stream;
mod table;
mod ways;
mod webhook;

use std::{
    io::{IsTerminal as _, Write as _},
    path::PathBuf,
};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};

use self::{
    host::Host,
    race::Race,
    table::{Outcome, Row},
    ways::Way,
};
use super::{Failure, request::parameter};

/// What is run when nothing is asked for: a report that takes a second, long enough for everybody to be there before it ends.
const USUAL: (&str, &str, u64) = ("SLOW_ROAST", "seconds", 1);

#[derive(Debug, Args)]
pub(super) struct Compare {
    /// The report type, as in COFFEE_SALES [default: SLOW_ROAST seconds=1]
    #[arg(value_name = "TYPE")]
    report_type: Option<String>,
    /// Its parameters, as in reportDate=2021-01-01; a value that is JSON is sent as such
    #[arg(value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, Value)>,
    /// The server to ask [default: one of its own, for as long as it takes]
    #[arg(long, env = "REPORTWIRE_SERVER", value_name = "URL")]
    server: Option<String>,
    /// Folder of report types for its own server
    #[arg(long, env = "REPORTWIRE_REPORTS", value_name = "FOLDER")]
    reports: Option<PathBuf>,
    /// How many reports to follow, one after another
    #[arg(long, value_name = "N", default_value = "10", value_parser = clap::value_parser!(u32).range(1..=1000))]
    runs: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Compare {
    pub(super) fn run(self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::caused("cannot start the runtime", &error))?;
        runtime.block_on(self.compare())
    }

    async fn compare(self) -> Result<(), Failure> {
        let foreign = self.server.as_deref().map(|url| url.trim_end_matches('/').to_owned());
        if foreign.as_ref().is_some_and(|url| !url.starts_with("http://")) {
            return Err(Failure::usage(
                "--server must begin with http:// (there is no TLS in this command yet)",
            ));
        }
        let (report_type, order) = self.order();
        let (host, server) = match foreign {
            Some(url) => (None, url),
            None => {
                let host = Host::start(self.reports.clone()).await?;
                let url = host.url.clone();
                (Some(host), url)
            }
        };
        let one_clock = host.is_some();
        let is_run = |way: &Way| one_clock || *way != Way::Webhook;
        let ways: Vec<Way> = Way::ALL.into_iter().filter(is_run).collect();
        let heard = follow(&Race { order, server, ways, one_clock }, self.runs).await;
        if let Some(host) = host {
            host.end().await;
        }
        let heard = heard?;
        let row = |way| match is_run(&way) {
            true => Row::of(way, &heard),
            false => Row::left_out(way, "a server elsewhere cannot be expected to reach this machine"),
        };
        let outcome = Outcome {
            report_type,
            runs: self.runs,
            times_from: if one_clock { "done" } else { "first" },
            channels: Way::ALL.map(row).into(),
        };
        let printed = if self.json {
            let text = serde_json::to_string_pretty(&outcome)
                .map_err(|error| Failure::caused("cannot write the outcome", &error))?;
            writeln!(std::io::stdout(), "{text}")
        } else {
            write!(std::io::stdout(), "{outcome}")
        };
        printed.map_err(|error| Failure::caused("cannot write to standard output", &error))
    }

    /// The name of the report type, and the body of the request.
    fn order(&self) -> (String, Map<String, Value>) {
        let mut order: Map<String, Value> = self.parameters.iter().cloned().collect();
        let (usual, name, value) = USUAL;
        if self.report_type.is_none() {
            order.insert(name.into(), json!(value));
        }
        let report_type = self.report_type.as_deref().unwrap_or(usual).to_owned();
        order.insert("reportType".into(), json!(report_type));
        (report_type, order)
    }
}

async fn follow(race: &Race, runs: u32) -> Result<Vec<race::Heard>, Failure> {
    let bar = bar(runs);
    let client =
        crate::trust::http_client().build().map_err(|error| Failure::caused("cannot speak HTTP", &error))?;
    let mut heard = Vec::new();
    for run in 0..runs {
        // spread evenly over the second, so that few runs say as much about polling as many
        let phase = (f64::from(run) + f64::from(fastrand::f32())) / f64::from(runs);
        heard.extend(race.run(&client, phase).await?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(heard)
}

fn bar(runs: u32) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(runs.into());
    let style = ProgressStyle::with_template("{spinner} comparing {bar:40} {pos}/{len}  {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    bar
}
