//! What the tests send: a sender, a secret, a report.

use std::{io, net::IpAddr, sync::Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use reportwire::{
    delivery::webhook::{Policy, Resolve, Secret, Sender, Sent},
    report::{Artifact, Deliver, Delivery, Link, Links, Record, ReportId, StartWhen, Status, TypedLink},
};
use serde_json::json;
use url::Url;

pub(crate) const EVENT: &str = "01939e2c-0000-7000-8000-000000000001_4";

/// A sender that may reach `allow`, also by plain HTTP.
pub(crate) fn sender(allow: &[&str]) -> Sender {
    let allow = allow.iter().map(|network| network.parse().unwrap()).collect();
    Sender::new(Policy { allow_http: true, allow }, "reports.example.com".to_owned())
}

/// One webhook with nothing special about it.
pub(crate) async fn post(sender: &Sender, url: &Url) -> Sent {
    sender.post(url, EVENT, Timestamp::now(), &[Secret::generate()], "{}".into()).await
}

/// Until it is dropped, a paused clock moves only when a test says so, and not whenever nothing but a socket is waited
/// for.
pub(crate) fn hold_clock() -> std::sync::mpsc::Sender<()> {
    let (held, end) = std::sync::mpsc::channel();
    // time does not pass by itself while a thread works
    tokio::task::spawn_blocking(move || end.recv());
    held
}

/// Name servers of a stranger: the nth look-up gets the nth answer, and all after the last get the last.
pub(crate) struct Liar {
    answers: Mutex<Vec<Vec<IpAddr>>>,
    pub(crate) asked: Mutex<Vec<String>>,
}

impl Liar {
    pub(crate) fn answering(answers: &[&[&str]]) -> Self {
        let read = |answer: &&[&str]| answer.iter().map(|ip| ip.parse().unwrap()).collect();
        Self { answers: Mutex::new(answers.iter().map(read).collect()), asked: Mutex::default() }
    }
}

#[async_trait]
impl Resolve for Liar {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.lock().unwrap().push(host.to_owned());
        let mut answers = self.answers.lock().unwrap();
        Ok(if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() })
    }
}

/// A finished report.
pub(crate) fn record() -> Record {
    let at: Timestamp = "2026-11-25T09:30:00Z".parse().unwrap();
    let parameters = json!({ "reportDate": "2021-01-01", "towns": ["Ankara", "İzmir"], "detailed": true });
    Record {
        owner: reportwire::report::Owner::anonymous(),
        id: "01939e2c-0000-7000-8000-000000000001".parse::<ReportId>().unwrap(),
        version: 5,
        status: Status::Completed,
        report_type: "COFFEE_SALES".to_owned(),
        parameters: parameters.as_object().unwrap().clone(),
        deliver: Deliver::default(),
        callback_url: None,
        start_when: StartWhen::Now,
        held: false,
        origin: "https://reports.example.com".to_owned(),
        progress: None,
        created_at: at,
        started_at: Some(at),
        completed_at: Some(at),
        expires_at: "2026-11-26T14:05:00Z".parse().unwrap(),
        delivery: Delivery::waiting(),
        deliveries: Vec::new(),
        settled_version: Some(4),
        artifact: Some(Artifact {
            key: "key".to_owned(),
            size: 52_345,
            sha256: "0".repeat(64),
            file_name: "coffee.pdf".to_owned(),
            model_size: 1,
        }),
        error: None,
    }
}

pub(crate) fn links() -> Links {
    let this = "https://reports.example.com/api/v1/report/01939e2c-0000-7000-8000-000000000001";
    let link = |end: &str| Link { href: format!("{this}{end}") };
    let typed = |end: &str, media_type| TypedLink { href: format!("{this}{end}?token=abc&x=1"), media_type };
    Links {
        this: link(""),
        ws: link("/ws"),
        events: link("/events"),
        download: Some(typed("/pdf", "application/pdf")),
        model: Some(typed("/model", "application/json")),
        alternate: vec![typed("/csv", "text/csv"), typed("/html", "text/html")],
    }
}
