//! `reportwire request`: the whole protocol from the other side, and its shortest description.

use std::{io::IsTerminal as _, path::PathBuf, time::Duration};

use clap::Args;
use futures_util::StreamExt as _;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};
use tokio::time::sleep;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, Message},
};

use super::Failure;

#[derive(Debug, Args)]
pub(super) struct Request {
    /// The report type, as in COFFEE_SALES
    #[arg(value_name = "TYPE")]
    report_type: String,
    /// Its parameters, as in reportDate=2021-01-01; a value that is JSON is sent as such
    #[arg(value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, Value)>,
    /// The server to ask
    #[arg(long, env = "REPORTWIRE_SERVER", value_name = "URL", default_value = "http://127.0.0.1:8080")]
    server: String,
    /// Where to save the file; - for standard output [default: the name that the server suggests]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Request {
    pub(super) fn run(self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::caused("cannot start the runtime", &error))?;
        runtime.block_on(self.request())
    }

    async fn request(self) -> Result<(), Failure> {
        if self.server.starts_with("https:") {
            return Err(Failure::usage(
                "this program speaks http only; put it behind the TLS proxy's inner side",
            ));
        }
        let mut body: Map<String, Value> = self.parameters.into_iter().collect();
        body.insert("reportType".into(), json!(self.report_type));
        let client = reqwest::Client::new();
        let report = create(&client, self.server.trim_end_matches('/'), &body).await?;
        let bar = bar();
        let report = follow(&report, &bar).await?;
        bar.finish_and_clear();
        match report["status"].as_str() {
            Some("completed") => save(&client, &report, self.output).await,
            Some("failed") => {
                let detail = report["error"]["detail"].as_str().unwrap_or("the server did not say why");
                Err(Failure::new(format!("the report failed: {detail}")))
            }
            status => Err(Failure::new(format!("the report is {}", status.unwrap_or("in no known state")))),
        }
    }
}

/// Reads `name=value`. What is JSON but no string stays what it is: numbers, true, lists.
fn parameter(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("{text:?} is not NAME=VALUE"))?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
    Ok((name.to_owned(), value))
}

async fn create(client: &reqwest::Client, server: &str, body: &Map<String, Value>) -> Result<Value, Failure> {
    let url = format!("{server}/api/v1/report");
    let response = client
        .post(&url)
        .header("Idempotency-Key", uuid::Uuid::new_v4().to_string())
        .json(body)
        .send()
        .await
        .map_err(|error| Failure::caused(&format!("cannot reach {server}"), &error))?;
    let created = response.status() == reqwest::StatusCode::CREATED;
    let answer: Value =
        response.json().await.map_err(|error| Failure::caused("the server's answer is no JSON", &error))?;
    if created { Ok(answer) } else { Err(refused(&answer)) }
}

/// Everything that a problem document says is wrong.
fn refused(problem: &Value) -> Failure {
    let detail = problem["detail"].as_str().unwrap_or("the server refused without a word");
    let faults = problem["errors"].as_array().into_iter().flatten();
    let lines = faults.map(|fault| {
        let text = |name: &str| fault[name].as_str().unwrap_or("?").trim_start_matches('/').to_owned();
        format!("\n  {}: {}", text("pointer"), text("detail"))
    });
    Failure::new(format!("{detail}{}", lines.collect::<String>()))
}

/// Follows the report to its end, through lost connections and restarts.
async fn follow(report: &Value, bar: &ProgressBar) -> Result<Value, Failure> {
    let url = report["_links"]["ws"]["href"].as_str().unwrap_or_default();
    let mut wait = Duration::from_millis(250);
    loop {
        let again = match connect_async(url).await {
            Ok((mut socket, _)) => {
                wait = Duration::from_millis(250);
                let mut after = wait;
                while let Some(Ok(message)) = socket.next().await {
                    let Message::Text(text) = message else { continue };
                    let frame: Value = serde_json::from_str(&text).unwrap_or_default();
                    match frame["type"].as_str() {
                        Some("report") => {
                            let report = &frame["report"];
                            show(bar, report);
                            if is_terminal(report) {
                                // answers the server's Close: that is the proof that we know
                                while let Some(Ok(_)) = socket.next().await {}
                                return Ok(report.clone());
                            }
                        }
                        Some("closing") => {
                            after = Duration::from_millis(frame["retryAfterMs"].as_u64().unwrap_or(500));
                        }
                        Some("error") => return Err(refused(&frame)),
                        _ => {}
                    }
                }
                let _ = socket.close(None).await;
                after
            }
            Err(tungstenite::Error::Http(response)) if response.status().is_client_error() => {
                let problem = response.body().as_deref().and_then(|body| serde_json::from_slice(body).ok());
                return Err(refused(&problem.unwrap_or_default()));
            }
            Err(error) => {
                bar.set_message(format!("connection lost ({error}), trying again"));
                wait = (wait * 2).min(Duration::from_secs(10));
                wait.mul_f32(0.75 + 0.5 * fastrand::f32())
            }
        };
        sleep(again).await;
    }
}

fn is_terminal(report: &Value) -> bool {
    matches!(report["status"].as_str(), Some("completed" | "failed" | "cancelled"))
}

fn show(bar: &ProgressBar, report: &Value) {
    let status = report["status"].as_str().unwrap_or("?").to_owned();
    let phase = report["progress"]["phase"].as_str().map_or(status, str::to_owned);
    bar.set_message(phase);
    bar.set_position(report["progress"]["percent"].as_u64().unwrap_or(0));
}

async fn save(client: &reqwest::Client, report: &Value, output: Option<PathBuf>) -> Result<(), Failure> {
    let lost = |error| Failure::caused("cannot download the file", &error);
    let url = report["pdfUri"].as_str().unwrap_or_default();
    let response =
        client.get(url).send().await.and_then(|response| response.error_for_status()).map_err(lost)?;
    let path = output.unwrap_or_else(|| suggested(&response).unwrap_or_else(|| "report.pdf".into()));
    let content = response.bytes().await.map_err(lost)?;
    if path.as_os_str() == "-" {
        use std::io::Write as _;
        return std::io::stdout()
            .write_all(&content)
            .map_err(|error| Failure::caused("cannot write to standard output", &error));
    }
    tokio::fs::write(&path, &content)
        .await
        .map_err(|error| Failure::caused(&format!("cannot write {}", path.display()), &error))?;
    println!("{}", path.display());
    Ok(())
}

/// The file name of the `Content-Disposition`, never a path: the server does not choose the folder.
fn suggested(response: &reqwest::Response) -> Option<PathBuf> {
    let value = response.headers().get(reqwest::header::CONTENT_DISPOSITION)?.to_str().ok()?;
    let name = value.split_once("filename=\"")?.1.split('"').next()?;
    let name = std::path::Path::new(name).file_name()?;
    Some(name.into())
}

fn bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(100);
    let style = ProgressStyle::with_template("{spinner} {msg:<12} {bar:40} {pos:>3} %  {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
