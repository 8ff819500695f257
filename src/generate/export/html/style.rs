//! The style sheet: the part that is always the same, and what the look of the report adds to it.

use crate::{
    catalog::{Look, Orientation},
    generate::{Model, export::accent},
    locale::Locale,
};

/// From the edge of the paper to the content, left and right, in millimetres.
const SIDE: f32 = 20.0;

/// The whole style sheet.
pub(super) fn style(model: &Model, locale: &Locale) -> String {
    let look = &model.look;
    let (width, height) = paper(look);
    let accent = accent(model);
    let header = quoted(look.header.as_deref().unwrap_or(&model.title));
    let footer = quoted(look.footer.as_deref().unwrap_or_default());
    let content = width - 2.0 * SIDE;
    let number = page_number(locale);
    let small = "font: 8pt system-ui, sans-serif; color: #5f6770";
    format!(
        ":root {{ --accent: {accent}; --content: {content}mm; }}\n\
         @page {{ size: {width}mm {height}mm; margin: 22mm {SIDE}mm 20mm;\n  \
         @top-left {{ content: {header}; {small} }}\n  \
         @bottom-left {{ content: {footer}; {small} }}\n  \
         @bottom-right {{ content: {number}; {small} }} }}\n\
         @page :first {{ margin-top: 18mm; @top-left {{ content: none }} }}\n{}",
        include_str!("report.css")
    )
}

/// Width and height as the paper lies, in millimetres.
fn paper(look: &Look) -> (f32, f32) {
    let (width, height) = look.paper.millimetres();
    match look.orientation {
        Orientation::Portrait => (width, height),
        Orientation::Landscape => (height, width),
    }
}

/// “Page 2 of 5” in the words of the locale, with counters for the numbers.
fn page_number(locale: &Locale) -> String {
    let words = locale.words().page_of(1, 2);
    let part = |c: char| match c {
        '1' => "\" counter(page) \"".to_owned(),
        '2' => "\" counter(pages) \"".to_owned(),
        other => escaped(other),
    };
    format!("\"{}\"", words.chars().map(part).collect::<String>())
}

/// A string of CSS. Nothing in it can end the string or the style element: whatever is not a letter or a digit
/// is written as its number (CSS Syntax, section 4.3.7).
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

fn escaped(c: char) -> String {
    match c {
        // the space ends the number
        c if c == ' ' || c.is_alphanumeric() => c.to_string(),
        '\0' => String::new(),
        c => format!("\\{:x} ", u32::from(c)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_leave_its_string_or_the_style_element() {
        let hostile = "\"} body { background: url(//x) } </style><script>\\";
        let found = quoted(hostile);
        let inner = &found[1..found.len() - 1];
        assert!(!inner.contains(['"', '<', '>', '{', '}', '(', ';', '/']), "{found}");
        assert_eq!(quoted("Kraków 2021"), "\"Kraków 2021\"");
        assert_eq!(quoted("a–b"), "\"a\\2013 b\"");
    }

    #[test]
    fn pages_are_counted_in_the_words_of_the_locale() {
        let locale = Locale::new("de-DE").unwrap();
        assert_eq!(page_number(&locale), "\"Seite \" counter(page) \" von \" counter(pages) \"\"");
    }
}
