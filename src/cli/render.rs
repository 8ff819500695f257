//! `reportwire render`: a report without a server, for the person who writes a report type.

use std::{
    io::{IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Failure, request::parameter, shelf::Shelf};
use crate::{
    catalog::{ReportType, today},
    generate::{self, GenerateError, Order, export},
    report::{Fault, Parameters},
    work::Monitor,
};

#[derive(Debug, Args)]
pub(super) struct Render {
    /// The report type, as in COFFEE_SALES, or the path of a type file
    #[arg(value_name = "TYPE")]
    report_type: String,
    /// Its parameters, as in reportDate=2021-01-01; a value that is JSON is taken as such
    #[arg(value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, Value)>,
    #[command(flatten)]
    shelf: Shelf,
    /// Where to save the file, whose ending says the format: .pdf, .json for the model, .csv, .xlsx or .html;
    /// - for a PDF on standard output [default: the name that a server would suggest]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// JSON file with the rows that a request would bring, as in {"items": [{…}]}
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
}

impl Render {
    pub(super) fn run(self) -> Result<(), Failure> {
        let place = self.shelf.place()?;
        let report_type = place.find(&self.report_type)?;
        let data = self.data.as_deref().map(read_data).transpose()?;
        let parameters = check(&report_type, self.parameters.into_iter().collect(), data.as_ref())?;
        let monitor = Monitor::detached();
        let bar = bar(&monitor);
        let order = Order {
            report_type: &report_type,
            parameters: &parameters,
            data: data.as_ref(),
            created_at: Timestamp::now(),
        };
        let format = self.output.as_deref().and_then(|path| Some((path, ending(path)?.parse().ok()?)));
        if let Some((path, format)) = format {
            // what is not wanted as pages is not laid out
            let made = generate::model(&order, &place.sources, &monitor)
                .and_then(|model| export::export(&model, format, &monitor));
            bar.finish_and_clear();
            return write(path, &made.map_err(|error| failure(&error))?);
        }
        let made = generate::generate(&order, &place.sources, &monitor);
        bar.finish_and_clear();
        let made = made.map_err(|error| failure(&error))?;
        for warning in &made.warnings {
            eprintln!("reportwire: warning: {warning}");
        }
        save(self.output, made)
    }
}

fn ending(path: &Path) -> Option<&str> {
    path.extension().and_then(|ending| ending.to_str())
}

fn read_data(path: &Path) -> Result<Map<String, Value>, Failure> {
    let text = std::fs::read(path)
        .map_err(|error| Failure::caused(&format!("cannot read {}", path.display()), &error))?;
    serde_json::from_slice(&text)
        .map_err(|error| Failure::caused(&format!("{} is no JSON object", path.display()), &error))
}

/// The parameters with their defaults, or everything that is wrong with them.
fn check(
    report_type: &ReportType,
    given: Map<String, Value>,
    data: Option<&Map<String, Value>>,
) -> Result<Parameters, Failure> {
    let data = data.map(|data| Value::Object(data.clone()));
    let of_data = report_type.check_data(data.as_ref());
    let checked = report_type.check(&given, today());
    match checked {
        Ok(parameters) if of_data.is_empty() => Ok(parameters),
        checked => {
            let faults = checked.err().into_iter().flatten().chain(of_data);
            let line =
                |fault: Fault| format!("\n  {}: {}", fault.pointer.trim_start_matches('/'), fault.detail);
            let lines: String = faults.map(line).collect();
            Err(Failure::usage(format!("{} cannot be asked for like this{lines}", report_type.name)))
        }
    }
}

/// What the author of a report type wants to know: where, what, and what was expected.
fn failure(error: &GenerateError) -> Failure {
    match error {
        GenerateError::Stopped(_) => Failure::new("stopped"),
        GenerateError::Transient { source, .. } | GenerateError::Permanent { source, .. } => {
            Failure::new(source.to_string())
        }
    }
}

fn save(output: Option<PathBuf>, made: generate::Generated) -> Result<(), Failure> {
    let path = output.unwrap_or_else(|| made.file_name.clone().into());
    let content = match ending(&path).unwrap_or_default() {
        _ if path.as_os_str() == "-" => {
            let written = std::io::stdout().write_all(&made.pdf);
            return written.map_err(|error| Failure::caused("cannot write to standard output", &error));
        }
        "pdf" => made.pdf,
        "json" => made.model.to_vec(),
        other => {
            return Err(Failure::usage(format!(
                "a file cannot be made for the ending {other:?}; expected .pdf, .json, .csv, .xlsx or .html"
            )));
        }
    };
    write(&path, &content)
}

fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, content)
        .map_err(|error| Failure::caused(&format!("cannot write {}", path.display()), &error))?;
    let _ = writeln!(std::io::stdout(), "{}", path.display());
    Ok(())
}

/// A bar that follows the monitor, on a terminal only.
fn bar(monitor: &Monitor) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(100);
    let style = ProgressStyle::with_template("{spinner} {msg:<12} {bar:40} {pos:>3} %  {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    let (shown, mut progress) = (bar.clone(), monitor.subscribe());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            while progress.changed().await.is_ok() {
                if let Some(progress) = &*progress.borrow_and_update() {
                    shown.set_message(progress.phase.clone());
                    shown.set_position(progress.percent.into());
                }
            }
        });
    });
    bar
}
