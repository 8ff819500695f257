//! What a letter says.

use reportwire::{
    delivery::email::Letter,
    report::{EventType, Problem, Status},
};
use serde_json::json;

use crate::subject::{EVENT, links, record};

#[test]
fn a_letter_says_what_is_ready_where_it_is_and_how_long() {
    let letter = Letter::of(EventType::Completed, &record(), &links());
    assert_eq!(letter.event_id, EVENT);
    assert_eq!(letter.subject, "Coffee sales is ready");
    let pdf = links().download.unwrap().href;
    for part in [
        "Coffee sales is ready",
        "Report date",
        "2021-01-01",
        "Ankara, İzmir",
        "26 November 2026, 14:05 UTC",
        "52 kB",
    ] {
        assert!(letter.text.contains(part), "{part}: {}", letter.text);
        assert!(letter.html.contains(part), "{part}: {}", letter.html);
    }
    assert!(letter.text.contains(&pdf), "{}", letter.text);
    assert!(letter.html.contains(&pdf.replace('&', "&amp;").replace('/', "&#x2f;")), "{}", letter.html);
    for remote in ["src=", "url(", "@import", "<link", "<script"] {
        assert!(!letter.html.contains(remote), "it loads something: {remote}");
    }
}

#[test]
fn a_letter_of_a_failure_says_why_and_offers_nothing() {
    let mut record = record();
    record.status = Status::Failed;
    record.error = Some(Problem::new("x", 422, "x", "the shop “Nowhere” is not known"));
    let none = reportwire::report::Links { download: None, model: None, alternate: Vec::new(), ..links() };
    let letter = Letter::of(EventType::Failed, &record, &none);
    assert_eq!(letter.subject, "Coffee sales could not be made");
    for text in [&letter.text, &letter.html] {
        assert!(text.contains("the shop “Nowhere” is not known"), "{text}");
        assert!(!text.contains("Download") && !text.contains("kept until"), "{text}");
    }
    let letter = Letter::of(EventType::Cancelled, &record, &none);
    assert_eq!(letter.subject, "Coffee sales was cancelled");
    assert!(!letter.text.contains("Nowhere"), "{}", letter.text);
}

#[test]
fn what_somebody_typed_stays_text() {
    let mut record = record();
    record.report_type = "A\r\nBcc: eve@example.com".to_owned();
    let nasty = "</td><script>alert(1)</script>\r\n\u{202e}\" onload=x {{ footer }}";
    record.parameters.insert(nasty.to_owned(), json!(nasty));
    for number in 0..30 {
        record.parameters.insert(format!("p{number}"), json!("x".repeat(5_000)));
    }
    let letter = Letter::of(EventType::Completed, &record, &links());
    assert!(!letter.subject.contains(['\r', '\n']), "{}", letter.subject);
    for wrong in ["<script", "\u{202e}", "\" onload"] {
        assert!(!letter.html.contains(wrong), "{wrong}: {}", letter.html);
    }
    assert!(letter.html.contains("{{ footer }}"), "a parameter is no template");
    assert!(letter.html.contains("and 22 more"), "{}", letter.html);
    assert!(letter.html.len() < 20_000, "{} bytes", letter.html.len());
}
