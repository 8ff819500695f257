//! The title in the document's metadata (ISO 32000-1, section 14.3.3), in any script.
//!
//! A text string is UTF-16 with a byte order mark (section 7.9.2.2). `printpdf` writes the bytes of its
//! `String` instead, which only ASCII survives. So it is given a placeholder that is as long as the right
//! text will be, and that is overwritten in the finished file, where no offset changes.

/// What to hand in for `title`: letters, as many as the escaped text has.
pub(super) fn placeholder(title: &str) -> String {
    "Q".repeat(escaped(title).len())
}

/// Overwrites the placeholder of `title`.
pub(super) fn settle(pdf: &mut [u8], title: &str) {
    let placeholder = format!("({})", placeholder(title));
    let place = pdf.windows(placeholder.len()).position(|window| window == placeholder.as_bytes());
    if let Some(start) = place {
        let text = escaped(title);
        pdf[start + 1..start + 1 + text.len()].copy_from_slice(text.as_bytes());
    }
}

/// UTF-16 with its mark, each byte as an octal escape of a literal string.
fn escaped(title: &str) -> String {
    let units = std::iter::once(0xFEFF).chain(title.encode_utf16());
    units.flat_map(u16::to_be_bytes).map(|byte| format!("\\{byte:03o}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_takes_the_place_of_its_placeholder() {
        let mut pdf = format!("<</Title({})/Trapped/False>>", placeholder("Aё")).into_bytes();
        let length = pdf.len();
        settle(&mut pdf, "Aё");
        assert_eq!(pdf.len(), length);
        let text = String::from_utf8(pdf).unwrap();
        assert_eq!(text, r"<</Title(\376\377\000\101\004\121)/Trapped/False>>");
    }
}
