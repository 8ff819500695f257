//! The file identifier (ISO 32000-1, section 14.4), made from the content.
//!
//! `printpdf` counts its identifiers up in the process, so the same report would be another file each time,
//! and two files of two processes could share one identifier.

use sha2::{Digest, Sha256};

/// Overwrites both halves of the identifier with a digest of everything else. Its length stays, and it
/// stands behind the last object, so no offset in the file changes.
pub(super) fn settle(pdf: &mut [u8]) {
    let Some(places) = places(pdf) else { return };
    for place in places.clone() {
        pdf[place].fill(b'0');
    }
    let digest = Sha256::digest(&*pdf);
    // Letters only: they need no escape in a PDF string.
    let id = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|nibble| b'a' + nibble);
    for place in places {
        for (byte, letter) in pdf[place].iter_mut().zip(id.clone()) {
            *byte = letter;
        }
    }
}

/// Where the two strings of `/ID[(…)(…)]` stand, without their brackets.
fn places(pdf: &[u8]) -> Option<[std::ops::Range<usize>; 2]> {
    let key = pdf.windows(4).rposition(|window| window == b"/ID[")? + 4;
    let first = string(pdf, key)?;
    let second = string(pdf, first.end + 1)?;
    Some([first, second])
}

fn string(pdf: &[u8], from: usize) -> Option<std::ops::Range<usize>> {
    let start = from + pdf.get(from..)?.iter().position(|byte| *byte == b'(')? + 1;
    let end = start + pdf.get(start..)?.iter().position(|byte| *byte == b')')?;
    Some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identifier_follows_the_content_only() {
        let settled = |text: &str| {
            let mut pdf = text.as_bytes().to_vec();
            settle(&mut pdf);
            String::from_utf8(pdf).unwrap()
        };
        let first = settled("one /Info 7/ID[(AAAA)(BBBB)]>>");
        assert_eq!(first, settled("one /Info 7/ID[(CCCC)(DDDD)]>>"));
        assert_ne!(first[12..], settled("two /Info 7/ID[(AAAA)(BBBB)]>>")[12..]);
        assert_eq!(first.len(), "one /Info 7/ID[(AAAA)(BBBB)]>>".len());
        for odd in ["", "/ID[", "/ID[(", "/ID[(A)", "no identifier"] {
            assert_eq!(settled(odd), odd);
        }
    }
}
