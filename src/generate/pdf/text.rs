//! Paragraphs: words into lines.

use super::{
    flow::Flow,
    marks::{Anchor, Face},
    theme::{self, size},
};
use crate::generate::model::Span;

const LINE: f32 = 5.2;
/// Lines longer than this tire the eye.
const MEASURE: f32 = 130.0;

/// Places paragraphs.
pub(super) fn place(paragraphs: &[Vec<Span>], flow: &mut Flow<'_>) {
    for paragraph in paragraphs {
        for line in broken_by_hand(paragraph) {
            run(&line, flow);
        }
        flow.gap(LINE / 2.0);
    }
    flow.gap(theme::GAP - LINE / 2.0);
}

/// The spans of each line that the author ended.
fn broken_by_hand(spans: &[Span]) -> Vec<Vec<Span>> {
    let mut lines = vec![Vec::new()];
    for span in spans {
        for (at, text) in span.text.split('\n').enumerate() {
            if at > 0 {
                lines.push(Vec::new());
            }
            if let Some(line) = lines.last_mut() {
                line.push(Span { text: text.to_owned(), ..span.clone() });
            }
        }
    }
    lines.retain(|line: &Vec<Span>| line.iter().any(|span| !span.text.trim().is_empty()));
    lines
}

/// Places spans that follow each other. They are broken as one text, then each line is taken apart again:
/// a word may change its style in its middle.
fn run(spans: &[Span], flow: &mut Flow<'_>) {
    let page = flow.page;
    let face = |span: &Span| {
        let color = if span.href.is_some() { page.accent } else { theme::INK };
        if span.bold { Face::bold(size::BODY, color) } else { Face::regular(size::BODY, color) }
    };
    let pieces: Vec<(char, usize)> = spans
        .iter()
        .enumerate()
        .flat_map(|(at, span)| span.text.chars().map(move |character| (character, at)))
        .collect();
    let width = |(character, at): &(char, usize)| face(&spans[*at]).width(character.encode_utf8(&mut [0; 4]));
    for line in wrap(&pieces, MEASURE.min(page.width), |(character, _)| *character == ' ', width) {
        let (sheet, y) = flow.take(LINE);
        let mut x = page.left;
        for part in line.chunk_by(|one, other| one.1 == other.1) {
            let Some(span) = part.first().map(|(_, at)| &spans[*at]) else { continue };
            let text: String = part.iter().map(|(character, _)| *character).collect();
            let face = face(span);
            let width = face.width(&text);
            match &span.href {
                Some(href) => sheet.link(x, y + 3.7, face, text, href),
                None => sheet.text(Anchor::Left, x, y + 3.7, face, text),
            }
            x += width;
        }
    }
}

/// The lines of a text of one style, none wider than `room`.
pub(super) fn lines(text: &str, room: f32, width: impl Fn(&str) -> f32) -> Vec<String> {
    let characters: Vec<char> = text.chars().map(|c| if c.is_ascii_whitespace() { ' ' } else { c }).collect();
    let width = |character: &char| width(character.encode_utf8(&mut [0; 4]));
    wrap(&characters, room, |character| *character == ' ', width)
        .into_iter()
        .map(|line| line.iter().collect())
        .collect()
}

/// Pieces into lines no wider than `room`. A word that is wider than a line is broken between its
/// characters; spaces at the ends of lines are left out.
fn wrap<T>(pieces: &[T], room: f32, space: impl Fn(&T) -> bool, width: impl Fn(&T) -> f32) -> Vec<&[T]> {
    let mut lines = Vec::new();
    let mut start = 0;
    loop {
        while pieces.get(start).is_some_and(&space) {
            start += 1;
        }
        if start >= pieces.len() {
            return lines;
        }
        let (mut end, mut used) = (start, 0.0);
        // Where the last word that fits ends.
        let mut fits = None;
        while let Some(piece) = pieces.get(end) {
            if space(piece) {
                fits = Some(end);
            }
            used += width(piece);
            // One piece stands on each line, however narrow it is. A space may hang over.
            if used > room && end > start && !space(piece) {
                break;
            }
            end += 1;
        }
        let stop = if end == pieces.len() { end } else { fits.unwrap_or(end) };
        let line = &pieces[start..stop];
        let kept = line.iter().rposition(|piece| !space(piece)).map_or(0, |last| last + 1);
        lines.push(&line[..kept]);
        start = stop;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_only_then_within_them() {
        let table: [(&str, &[&str]); 6] = [
            ("", &[]),
            ("one two three", &["one two", "three"]),
            ("  one two ", &["one two"]),
            ("abcdefghijkl", &["abcdefgh", "ijkl"]),
            ("ab abcdefgh c", &["ab", "abcdefgh", "c"]),
            ("abcd efg hijk", &["abcd efg", "hijk"]),
        ];
        for (text, expected) in table {
            assert_eq!(lines(text, 8.0, |text| text.chars().count() as f32), expected, "{text:?}");
        }
    }
}
