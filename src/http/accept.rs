//! What a client wants to be answered with: `Accept` (RFC 9110, section 12.5.1).

use warp::http::{HeaderMap, header};

/// Of these media types the one that the client likes best; of several the first. `None` when it takes none of them.
/// A client that says nothing takes anything.
pub(super) fn best(headers: &HeaderMap, offered: &[&'static str]) -> Option<&'static str> {
    let ranges = ranges(headers);
    if ranges.is_empty() {
        return offered.first().copied();
    }
    let mut best = None;
    for media_type in offered {
        let quality = quality(&ranges, media_type);
        if quality > best.map_or(0, |(_, quality)| quality) {
            best = Some((*media_type, quality));
        }
    }
    best.map(|(media_type, _)| media_type)
}

/// Whether the client names `media_type`, and likes it better than `usual`. A range such as `*/*` asks for neither,
/// so that the usual stays the answer.
pub(super) fn prefers(headers: &HeaderMap, media_type: &str, usual: &str) -> bool {
    let ranges = ranges(headers);
    let is_named = ranges.iter().any(|(range, _)| range == media_type);
    is_named && quality(&ranges, media_type) > quality(&ranges, usual)
}

/// The media ranges that a client names, each with its quality in thousandths.
fn ranges(headers: &HeaderMap) -> Vec<(String, u16)> {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(range).collect()
}

fn range(item: &str) -> Option<(String, u16)> {
    let mut parts = item.split(';').map(str::trim);
    let range = parts.next().filter(|range| !range.is_empty())?.to_ascii_lowercase();
    let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let quality = quality.map_or(Some(1.0), |text| text.trim().parse::<f32>().ok());
    // a quality that is none asks for nothing
    let quality = quality.filter(|quality| (0.0..=1.0).contains(quality)).unwrap_or(0.0);
    Some((range, (quality * 1000.0).round() as u16))
}

/// What a client gives for `media_type`: the most specific range that covers it decides.
fn quality(ranges: &[(String, u16)], media_type: &str) -> u16 {
    let covering = ranges.iter().filter_map(|(range, quality)| Some((covers(range, media_type)?, *quality)));
    covering.max_by_key(|(specificity, _)| *specificity).map_or(0, |(_, quality)| quality)
}

/// How specifically `range` covers `media_type`, if it does.
fn covers(range: &str, media_type: &str) -> Option<u8> {
    match range.strip_suffix("/*") {
        Some("*") => Some(0),
        Some(family) => media_type.split('/').next().filter(|found| *found == family).map(|_| 1),
        None => (range == media_type).then_some(2),
    }
}

#[cfg(test)]
mod tests {
    use warp::http::HeaderValue;

    use super::*;

    fn accepting(text: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if !text.is_empty() {
            headers.insert(header::ACCEPT, HeaderValue::from_static(text));
        }
        headers
    }

    #[test]
    fn the_best_liked_type_is_chosen_as_this_table_says() {
        let (first, second, stream) =
            ("application/graphql-response+json", "application/json", "text/event-stream");
        let table = [
            ("", Some(first)),
            ("*/*", Some(first)),
            ("application/*", Some(first)),
            ("application/json", Some(second)),
            ("Application/JSON; charset=utf-8", Some(second)),
            ("application/json, application/graphql-response+json", Some(first)),
            ("application/json, application/graphql-response+json;q=0.9", Some(second)),
            ("application/json;q=0, */*;q=0.1", Some(first)),
            ("text/event-stream, */*;q=0.5", Some(stream)),
            ("text/*", Some(stream)),
            ("text/html", None),
            ("*/*;q=0", None),
            ("text/html, application/json;q=x", None),
            ("application/json;q=7", None),
        ];
        for (text, expected) in table {
            assert_eq!(best(&accepting(text), &[first, second, stream]), expected, "{text}");
        }
    }

    #[test]
    fn a_type_is_preferred_only_when_it_is_named_and_liked_better() {
        let table = [
            ("", false),
            ("*/*", false),
            ("application/*", false),
            ("application/json", false),
            ("application/pdf", true),
            ("Application/PDF", true),
            ("application/pdf;q=0.4, application/json;q=0.3", true),
            ("application/pdf;q=0.3, application/json;q=0.4", false),
            ("application/pdf, application/json", false),
            ("application/pdf, */*;q=0.8", true),
            ("application/pdf, */*", false),
            ("application/pdf;q=0.5, application/*;q=0.6, */*;q=0.1", false),
            ("application/pdf;q=0", false),
            ("application/pdf;q=much", false),
            ("application/pdf;q=NaN", false),
            ("application/pdf;version=1.7;q=0.9, text/html", true),
            ("application/pdfx", false),
        ];
        for (text, expected) in table {
            let headers = accepting(text);
            assert_eq!(prefers(&headers, "application/pdf", "application/json"), expected, "{text}");
        }
    }
}
