//! What a client wants to be answered with: `Accept` (RFC 9110, section 12.5.1).

use warp::http::{HeaderMap, header};

/// Of these media types the one that the client likes best; of several the first. `None` when it takes none of them.
/// A client that says nothing takes anything.
pub(super) fn best(headers: &HeaderMap, offered: &[&'static str]) -> Option<&'static str> {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges: Vec<_> = values.flat_map(|value| value.split(',')).filter_map(range).collect();
    if ranges.is_empty() {
        return offered.first().copied();
    }
    let mut best = None;
    for media_type in offered {
        // the most specific range that covers it decides
        let covering =
            ranges.iter().filter_map(|(range, quality)| Some((covers(range, media_type)?, *quality)));
        let quality = covering.max_by_key(|(specificity, _)| *specificity).map_or(0, |(_, quality)| quality);
        if quality > best.map_or(0, |(_, quality)| quality) {
            best = Some((*media_type, quality));
        }
    }
    best.map(|(media_type, _)| media_type)
}

/// A media range and its quality in thousandths.
fn range(item: &str) -> Option<(String, u16)> {
    let mut parts = item.split(';').map(str::trim);
    let range = parts.next().filter(|range| !range.is_empty())?.to_ascii_lowercase();
    let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let quality = quality.map_or(Some(1.0), |quality| quality.parse::<f32>().ok());
    // what is no number is no wish
    Some((range, (quality?.clamp(0.0, 1.0) * 1000.0) as u16))
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
        ];
        for (text, expected) in table {
            let mut headers = HeaderMap::new();
            if !text.is_empty() {
                headers.insert(header::ACCEPT, HeaderValue::from_static(text));
            }
            assert_eq!(best(&headers, &[first, second, stream]), expected, "{text}");
        }
    }
}
