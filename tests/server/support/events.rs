//! A client of server-sent events that shows everything that is on the line, and checks that ids only grow.

use reqwest::Response;
use serde_json::Value;

use super::{World, patiently};

pub(crate) struct Events {
    pub(crate) response: Response,
    text: String,
    version: u64,
}

/// One block of the stream.
#[derive(Debug, PartialEq)]
pub(crate) enum Said {
    Retry(u64),
    Comment,
    Event { kind: String, id: Option<u64>, data: Value },
    End,
}

impl Events {
    /// Opens the stream of a report, with this query or none, and these headers.
    pub(crate) async fn open(world: &World, id: &str, query: &str, headers: &[(&str, &str)]) -> Self {
        let request = world.http.get(format!("http://{}/api/v1/report/{id}/events{query}", world.address));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = patiently("an answer", request.send()).await.unwrap();
        assert_eq!(response.status(), 200, "{response:?}");
        Self { response, text: String::new(), version: 0 }
    }

    pub(crate) async fn hear(&mut self) -> Said {
        while !self.text.contains("\n\n") {
            match patiently("the next bytes", self.response.chunk()).await.expect("a stream that ends well") {
                Some(bytes) => {
                    let text = std::str::from_utf8(&bytes).unwrap();
                    crate::watch::answer(text);
                    self.text.push_str(text);
                }
                None => {
                    assert_eq!(self.text, "", "the stream ends between blocks");
                    return Said::End;
                }
            }
        }
        let (block, rest) = self.text.split_once("\n\n").unwrap();
        let (said, rest) = (parse(block), rest.to_owned());
        self.text = rest;
        if let Said::Event { id: Some(id), data, .. } = &said {
            assert!(*id > self.version, "id {id} after {}", self.version);
            assert_eq!(data["report"]["version"], *id);
            self.version = *id;
        }
        said
    }

    /// The data of the next event `report`, whatever stands before it.
    pub(crate) async fn report(&mut self) -> Value {
        loop {
            match self.hear().await {
                Said::Event { kind, data, .. } if kind == "report" => return data,
                Said::Retry(_) | Said::Comment => {}
                other => panic!("expected an event, heard {other:?}"),
            }
        }
    }

    /// Reads events up to one whose report is in this status.
    pub(crate) async fn until_status(&mut self, status: &str) -> Value {
        loop {
            let data = self.report().await;
            if data["report"]["status"] == status {
                return data;
            }
        }
    }

    /// Reads events up to the end of the report, which is the end of the stream.
    pub(crate) async fn end(mut self, status: &str) -> Value {
        let data = self.until_status(status).await;
        assert_eq!(self.hear().await, Said::End);
        data
    }
}

fn parse(block: &str) -> Said {
    if block.starts_with(':') {
        return Said::Comment;
    }
    let field = |name: &str| {
        block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned)
    };
    match field("retry") {
        Some(retry) => Said::Retry(retry.parse().unwrap()),
        None => Said::Event {
            kind: field("event").unwrap(),
            id: field("id").map(|id| id.parse().unwrap()),
            data: serde_json::from_str(&field("data").unwrap()).unwrap(),
        },
    }
}
