//! `reportwire request`: the whole protocol from the other side, and its shortest description.

use std::{
    io::{IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use clap::Args;
use futures_util::StreamExt as _;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};
use tokio::{
    io::AsyncWriteExt as _,
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
    tungstenite::{self, Message},
};

use super::{
    Failure,
    caller::{Caller, check},
};
use crate::trust::TLS;

/// How long nothing may be heard: more than twice the server's ping.
const SILENCE: Duration = Duration::from_secs(60);

/// The first wait before another try, and the longest.
const SHORTEST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The code with which the server closes a socket whose link is over.
const EXPIRED: u16 = 4401;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

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
    #[command(flatten)]
    caller: Caller,
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
        check(&self.server)?;
        let mut body: Map<String, Value> = self.parameters.into_iter().collect();
        body.insert("reportType".into(), json!(self.report_type));
        let client = crate::trust::http_client()
            .build()
            .map_err(|error| Failure::caused("cannot speak HTTP", &error))?;
        let report = create(&client, &self.caller, self.server.trim_end_matches('/'), &body).await?;
        let bar = bar();
        let report = follow(&client, &self.caller, report, &bar).await?;
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
pub(super) fn parameter(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("{text:?} is not NAME=VALUE"))?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
    Ok((name.to_owned(), value))
}

/// Asks for the report, and returns its resource.
pub(super) async fn create(
    client: &reqwest::Client,
    caller: &Caller,
    server: &str,
    body: &Map<String, Value>,
) -> Result<Value, Failure> {
    let url = format!("{server}/api/v1/report");
    let request = client.post(&url).header("Idempotency-Key", uuid::Uuid::new_v4().to_string()).json(body);
    let response = caller
        .sign(request)
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
    let hint = if problem["status"] == 401 { "; set --key or REPORTWIRE_KEY" } else { "" };
    let lines = faults.map(|fault| {
        let text = |name: &str| fault[name].as_str().unwrap_or("?").trim_start_matches('/').to_owned();
        format!("\n  {}: {}", text("pointer"), text("detail"))
    });
    Failure::new(format!("{detail}{hint}{}", lines.collect::<String>()))
}

/// Follows the report to its end, through lost connections, restarts and links that expire.
async fn follow(
    client: &reqwest::Client,
    caller: &Caller,
    report: Value,
    bar: &ProgressBar,
) -> Result<Value, Failure> {
    let mut report = report;
    let mut wait = SHORTEST_WAIT;
    loop {
        let url = report["_links"]["ws"]["href"].as_str().unwrap_or_default();
        let tls = Connector::Rustls(Arc::new(TLS.clone()));
        let connecting = connect_async_tls_with_config(url, None, false, Some(tls));
        let (is_over, again) = match timeout(SILENCE, connecting).await {
            Ok(Ok((mut socket, _))) => match listen(&mut socket, bar).await? {
                Heard::End(report) => return Ok(report),
                Heard::ComeBack(after) => {
                    wait = SHORTEST_WAIT;
                    (false, after)
                }
                Heard::Expired => (true, Duration::ZERO),
            },
            Ok(Err(error)) if has_expired(&error) => (true, longer(&mut wait)),
            Ok(Err(error)) if !may_pass(&error) => return Err(refused_handshake(error)),
            Ok(Err(_)) | Err(_) => (false, longer(&mut wait)),
        };
        if !is_over {
            say(bar, &format!("connection lost; trying again in {:.1} s", again.as_secs_f32()));
        }
        sleep(again).await;
        if is_over {
            report = renew(client, caller, report, &mut wait).await?;
        }
    }
}

/// The next wait, longer than the one before it, and another for everybody.
fn longer(wait: &mut Duration) -> Duration {
    *wait = (*wait * 2).min(LONGEST_WAIT);
    wait.mul_f32(0.75 + 0.5 * fastrand::f32())
}

/// Reads the report again, for fresh links, as long as it takes.
async fn renew(
    client: &reqwest::Client,
    caller: &Caller,
    report: Value,
    wait: &mut Duration,
) -> Result<Value, Failure> {
    let url = report["_links"]["self"]["href"].as_str().unwrap_or_default();
    loop {
        let answer = caller.sign(client.get(url)).timeout(SILENCE).send().await;
        match answer {
            Ok(answer) if answer.status().is_success() => {
                if let Ok(report) = answer.json().await {
                    return Ok(report);
                }
            }
            Ok(answer) if answer.status().is_client_error() => {
                return Err(refused(&answer.json().await.unwrap_or_default()));
            }
            Ok(_) | Err(_) => {}
        }
        sleep(longer(wait)).await;
    }
}

/// What one connection came to.
enum Heard {
    End(Value),
    ComeBack(Duration),
    /// The link is over.
    Expired,
}

/// Listens until the end, or until the connection is of no further use. The server pings every 25 s, so a
/// longer silence means that it is gone.
async fn listen(socket: &mut Socket, bar: &ProgressBar) -> Result<Heard, Failure> {
    let mut after = SHORTEST_WAIT;
    while let Ok(Some(Ok(message))) = timeout(SILENCE, socket.next()).await {
        let text = match message {
            Message::Text(text) => text,
            Message::Close(Some(frame)) if u16::from(frame.code) == EXPIRED => return Ok(Heard::Expired),
            _ => continue,
        };
        let frame: Value = serde_json::from_str(&text).unwrap_or_default();
        match frame["type"].as_str() {
            Some("report") => {
                let report = &frame["report"];
                show(bar, report);
                if is_terminal(report) {
                    // answers the server's Close: that is the proof that we know
                    while let Ok(Some(Ok(_))) = timeout(LONGEST_WAIT, socket.next()).await {}
                    return Ok(Heard::End(report.clone()));
                }
            }
            Some("closing") => {
                after = Duration::from_millis(frame["retryAfterMs"].as_u64().unwrap_or(500));
            }
            Some("error") => return Err(refused(&frame)),
            _ => {}
        }
    }
    Ok(Heard::ComeBack(after))
}

/// Whether another try may go better: the network, a server that restarts. A URL that we cannot speak to and
/// a refusal stay what they are.
fn may_pass(error: &tungstenite::Error) -> bool {
    use tungstenite::Error::{ConnectionClosed, Http, Io, Protocol};
    match error {
        Io(_) | ConnectionClosed | Protocol(_) => true,
        Http(response) => response.status().is_server_error(),
        _ => false,
    }
}

/// Whether the link is over, and a fresh one would do.
fn has_expired(error: &tungstenite::Error) -> bool {
    let tungstenite::Error::Http(response) = error else { return false };
    let body = response.body().as_deref().and_then(|body| serde_json::from_slice::<Value>(body).ok());
    body.is_some_and(|problem| problem["type"] == "/problems/link-expired")
}

fn refused_handshake(error: tungstenite::Error) -> Failure {
    match error {
        tungstenite::Error::Http(response) => {
            let body = response.body().as_deref().and_then(|body| serde_json::from_slice(body).ok());
            refused(&body.unwrap_or_default())
        }
        error => Failure::caused("cannot open the WebSocket", &error),
    }
}

/// A word beside the bar, or on a line of its own where there is no bar.
fn say(bar: &ProgressBar, text: &str) {
    if bar.is_hidden() { eprintln!("reportwire: {text}") } else { bar.set_message(text.to_owned()) }
}

/// Whether the work of a report, given as its resource, has ended.
pub(super) fn is_terminal(report: &Value) -> bool {
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
    let suggested = suggested(&response).unwrap_or_else(|| "report.pdf".into());
    let content = response.bytes().await.map_err(lost)?;
    let unwritable =
        |path: &Path, error| Failure::caused(&format!("cannot write {}", path.display()), &error);
    let path = match output {
        Some(path) if path.as_os_str() == "-" => {
            let written = std::io::stdout().write_all(&content);
            return written.map_err(|error| unwritable(&path, error));
        }
        Some(path) => {
            tokio::fs::write(&path, &content).await.map_err(|error| unwritable(&path, error))?;
            path
        }
        None => {
            // a name that the server chose must not replace a file of ours
            let mut file = tokio::fs::File::create_new(&suggested)
                .await
                .map_err(|error| unwritable(&suggested, error))?;
            let written = async {
                file.write_all(&content).await?;
                file.flush().await
            };
            written.await.map_err(|error| unwritable(&suggested, error))?;
            suggested
        }
    };
    let _ = writeln!(std::io::stdout(), "{}", path.display());
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
