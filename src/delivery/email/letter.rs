//! What a letter says: what was asked for, what came of it, where it is, and how long.

use std::sync::LazyLock;

use jiff::Timestamp;
use minijinja::{AutoEscape, Environment, value::Serde};
use serde::Serialize;
use serde_json::Value;

use crate::{
    catalog::humanised,
    report::{EventId, EventType, Links, Record},
};

/// How many parameters are shown, and how many characters of each.
const SHOWN: (usize, usize) = (12, 200);

/// A letter about one event, ready to send to anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The event's id, from which the `Message-ID` is made.
    pub event_id: String,
    /// One line, without control characters.
    pub subject: String,
    /// The letter as plain text.
    pub text: String,
    /// The same in HTML; it loads nothing.
    pub html: String,
}

#[derive(Serialize)]
struct Row {
    name: String,
    value: String,
}

#[derive(Serialize)]
struct Target<'a> {
    label: String,
    href: &'a str,
}

/// What the templates are filled with.
#[derive(Serialize)]
struct Content<'a> {
    headline: String,
    tone: Tone,
    error: Option<String>,
    parameters: Vec<Row>,
    more: usize,
    download: Option<Target<'a>>,
    others: Vec<Target<'a>>,
    kept_until: Option<String>,
    footer: String,
}

/// The colour of an outcome on a light and on a dark ground.
#[derive(Clone, Copy, Serialize)]
struct Tone {
    light: &'static str,
    dark: &'static str,
}

const GREEN: Tone = Tone { light: "#1f8a4c", dark: "#3fb56f" };
const RED: Tone = Tone { light: "#c23030", dark: "#ef6b6b" };
const GREY: Tone = Tone { light: "#7a8594", dark: "#8d98a8" };
const BLUE: Tone = Tone { light: "#1f5fd0", dark: "#8ab8ff" };

const SENDER: &str = "This letter was sent by a program.";

impl Letter {
    /// The letter that tells of `event`, whose news `record` is.
    pub fn of(event: EventType, record: &Record, links: &Links) -> Self {
        let name = clean(&humanised(&record.report_type));
        let (headline, tone) = match event {
            EventType::Completed => (format!("{name} is ready"), GREEN),
            EventType::Failed => (format!("{name} could not be made"), RED),
            EventType::Cancelled => (format!("{name} was cancelled"), GREY),
            EventType::Progress | EventType::Test | EventType::Consent => {
                (format!("{name} is being made"), BLUE)
            }
        };
        let download = links.download.as_ref().map(|link| {
            let size = record.artifact.as_ref().map(|artifact| artifact.size);
            let size = size.map(|size| format!(", {}", bytes(size))).unwrap_or_default();
            Target { label: format!("Download the report (PDF{size})"), href: &link.href }
        });
        let others: Vec<Target<'_>> = links
            .alternate
            .iter()
            .map(|link| Target { label: format_name(link.media_type), href: &link.href })
            .collect();
        let parameters: Vec<Row> = record.parameters.iter().take(SHOWN.0).map(row).collect();
        let content = Content {
            error: record
                .error
                .as_ref()
                .filter(|_| event == EventType::Failed)
                .map(|error| cut(&error.detail, 600)),
            parameters,
            more: record.parameters.len().saturating_sub(SHOWN.0),
            kept_until: download.is_some().then(|| moment(record.expires_at)),
            download,
            others,
            footer: format!("{SENDER} Report {}, asked for on {}.", record.id, moment(record.created_at)),
            ..Content::of(headline, tone)
        };
        content.rendered(EventId::of(record).to_string())
    }

    /// The letter that tries an address.
    pub fn test(event_id: String) -> Self {
        let content = Content {
            footer: format!("{SENDER} Somebody tried this address; there is nothing to do."),
            ..Content::of("Letters about reports arrive here".to_owned(), BLUE)
        };
        content.rendered(event_id)
    }
}

impl<'a> Content<'a> {
    fn of(headline: String, tone: Tone) -> Self {
        Self {
            headline,
            tone,
            error: None,
            parameters: Vec::new(),
            more: 0,
            download: None,
            others: Vec::new(),
            kept_until: None,
            footer: String::new(),
        }
    }

    fn rendered(self, event_id: String) -> Letter {
        let content = minijinja::Value::from(Serde(&self));
        // templates that are part of the program, and strings to put into them: covered by tests
        let render = |name| TEMPLATES.get_template(name).and_then(|template| template.render(&content));
        Letter {
            event_id,
            text: render("letter.txt").unwrap_or_else(|_| self.headline.clone()),
            html: render("letter.html").unwrap_or_default(),
            subject: cut(&self.headline, 120),
        }
    }
}

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    // what was typed into a form stays text, whatever it looks like
    environment.set_auto_escape_callback(|name| {
        if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
    });
    for (name, text) in [
        ("letter.txt", include_str!("../../../assets/mail/letter.txt")),
        ("letter.html", include_str!("../../../assets/mail/letter.html")),
    ] {
        #[expect(clippy::expect_used, reason = "part of the program, covered by a test")]
        environment.add_template(name, text).expect("a template");
    }
    environment
});

fn row((name, value): (&String, &Value)) -> Row {
    Row { name: cut(&humanised(name), 60), value: cut(&words(value), SHOWN.1) }
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(words).collect::<Vec<_>>().join(", "),
        Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// One line of at most `most` characters.
fn cut(text: &str, most: usize) -> String {
    let text = clean(text);
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
        None => text,
    }
}

/// The text without what breaks a line or turns the direction of the letters around it.
fn clean(text: &str) -> String {
    let turns = |c| matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    let spaced = text.chars().map(|c| if c.is_control() || turns(c) { ' ' } else { c }).collect::<String>();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn moment(at: Timestamp) -> String {
    at.strftime("%-d %B %Y, %H:%M UTC").to_string()
}

fn bytes(size: u64) -> String {
    match size {
        0..1_000 => format!("{size} bytes"),
        1_000..999_500 => format!("{} kB", (size + 500) / 1_000),
        _ => format!("{:.1} MB", size as f64 / 1e6),
    }
}

fn format_name(media_type: &str) -> String {
    match media_type.split(';').next().unwrap_or_default() {
        "text/csv" => "CSV".to_owned(),
        "text/html" => "HTML".to_owned(),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "Excel workbook".to_owned(),
        other => other.to_owned(),
    }
}
