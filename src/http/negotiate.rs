//! Whether a client would rather have the file than the resource (RFC 9110, section 12.5.1).

use warp::http::{HeaderMap, header};

/// Whether `Accept` names `application/pdf` and weighs it higher than JSON. `*/*` and `application/*` ask for
/// neither, so the resource stays the answer.
pub(super) fn prefers_pdf(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges: Vec<_> = lines.flat_map(|line| line.split(',')).map(weighed).collect();
    let weight = |name: &str| ranges.iter().find(|(range, _)| range == name).map(|(_, weight)| *weight);
    let Some(pdf) = weight("application/pdf") else { return false };
    // the most specific range counts
    let json = weight("application/json").or_else(|| weight("application/*")).or_else(|| weight("*/*"));
    pdf > json.unwrap_or(0.0)
}

/// A media range without its parameters, and its weight from 0 to 1.
fn weighed(item: &str) -> (String, f32) {
    let mut parts = item.split(';').map(str::trim);
    let range = parts.next().unwrap_or("").to_ascii_lowercase();
    let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let weight = quality.map_or(Some(1.0), |text| text.trim().parse().ok());
    // a weight that is none asks for nothing
    (range, weight.filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use warp::http::HeaderValue;

    use super::*;

    #[test]
    fn the_file_is_preferred_only_when_it_is_named_and_weighs_more() {
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
        for (accept, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(prefers_pdf(&headers), expected, "{accept}");
        }
    }
}
