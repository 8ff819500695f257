//! Names of sheets: what Excel takes, each once.

use std::collections::HashSet;

/// The longest name, in UTF-16 units.
const LONGEST: usize = 31;

/// The names that are taken, as Excel compares them: without case.
#[derive(Debug, Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// A name like `title`, or like `otherwise` when nothing of it is left.
    pub(super) fn take(&mut self, title: &str, otherwise: &str) -> String {
        // an apostrophe may stand in a name, but not at its ends
        let allowed: String = title.chars().map(|c| if is_forbidden(c) { ' ' } else { c }).collect();
        let words = allowed.split_whitespace().collect::<Vec<_>>().join(" ");
        let trimmed = words.trim_matches(['\'', ' ']);
        let base = if trimmed.is_empty() { otherwise } else { trimmed };
        let mut name = shortened(base, LONGEST);
        let mut number = 1;
        // Excel keeps this one for itself
        while name.eq_ignore_ascii_case("history") || !self.0.insert(name.to_lowercase()) {
            number += 1;
            let suffix = format!(" {number}");
            name = shortened(base, LONGEST - suffix.len()) + &suffix;
        }
        name
    }
}

/// What Excel refuses in a name, and what no XML may hold (XML 1.0, production 2).
fn is_forbidden(c: char) -> bool {
    c.is_control() || "[]:*?/\\\u{fffe}\u{ffff}".contains(c)
}

fn shortened(name: &str, most: usize) -> String {
    let mut units = 0;
    let fits = |c: &char| {
        units += c.len_utf16();
        units <= most
    };
    let kept: String = name.chars().take_while(fits).collect();
    kept.trim_end_matches(['\'', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_is_called_like_its_title_as_far_as_excel_takes_it() {
        let mut names = Names::default();
        let long = "Revenue by product and shop and hour of the day";
        let table = [
            ("Shops", "Shops"),
            ("shops", "shops 2"),
            ("SHOPS", "SHOPS 3"),
            ("a/b: [c]*?\\", "a b c"),
            ("'quoted'", "quoted"),
            ("", "Table"),
            ("???", "Table 2"),
            ("History", "History 2"),
            (long, "Revenue by product and shop and"),
            (long, "Revenue by product and shop a 2"),
            ("🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀", "🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀"),
        ];
        for (title, expected) in table {
            assert_eq!(names.take(title, "Table"), expected, "{title}");
        }
    }
}
