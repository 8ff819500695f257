//! Paragraphs: words into lines.

use super::{
    flow::Flow,
    marks::{Anchor, Face},
    theme::{self, size},
};

const LINE: f32 = 5.2;
/// Lines longer than this tire the eye.
const MEASURE: f32 = 130.0;

/// Places a paragraph for each line of `text`.
pub(super) fn place(text: &str, flow: &mut Flow<'_>) {
    let face = Face::regular(size::BODY, theme::INK);
    for paragraph in text.lines() {
        for line in wrap(paragraph, MEASURE, |text| face.width(text)) {
            let (sheet, y) = flow.take(LINE);
            sheet.text(Anchor::Left, theme::SIDE, y + 3.7, face, line);
        }
        flow.gap(LINE / 2.0);
    }
    flow.gap(theme::GAP - LINE / 2.0);
}

/// Lines no wider than `room`. A word that is wider than a line is broken between its characters.
fn wrap(text: &str, room: f32, width: impl Fn(&str) -> f32) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0.0;
    let space = width(" ");
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = width(word);
        if !line.is_empty() && used + space + length > room {
            lines.push(std::mem::take(&mut line));
            used = 0.0;
        }
        if !line.is_empty() {
            line.push(' ');
            used += space;
        }
        if length <= room {
            line.push_str(word);
            used += length;
            continue;
        }
        for character in word.chars() {
            let length = width(character.encode_utf8(&mut [0; 4]));
            if used + length > room && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                used = 0.0;
            }
            line.push(character);
            used += length;
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_only_then_within_them() {
        let table: [(&str, &[&str]); 5] = [
            ("", &[]),
            ("one two three", &["one two", "three"]),
            ("  one   two ", &["one two"]),
            ("abcdefghijkl", &["abcdefgh", "ijkl"]),
            ("ab abcdefghijkl c", &["ab", "abcdefgh", "ijkl c"]),
        ];
        for (text, expected) in table {
            assert_eq!(wrap(text, 8.0, |text| text.chars().count() as f32), expected, "{text:?}");
        }
    }
}
