//! The blocks of `docs/SCALE.md` that are made, between marks.

use std::{fs, path::Path};

use crate::{DELETES, costs::Costs, fleet, picture, points};

const PAGE: &str = "docs/SCALE.md";
const BLOCKS: [&str; 5] = ["ladder", "parts", "costs", "check", "rehearse"];

/// A block of this name, and whether all in it is as it should be.
pub(crate) fn block(name: &str, costs: &Costs) -> Option<(String, bool)> {
    Some(match name {
        "costs" => (costs.table().to_string(), true),
        "ladder" => (fleet::ladder(&costs.crowded(), DELETES).to_string(), true),
        "parts" => (fleet::parts(&costs.crowded(), (1e6, 1e4), DELETES).to_string(), true),
        "check" => shown(points::check(costs)),
        "rehearse" => shown(points::rehearse(&costs.crowded())),
        _ => return None,
    })
}

fn shown((table, fine): (crate::table::Table, bool)) -> (String, bool) {
    (table.to_string(), fine)
}

/// Puts every block in its place.
pub(crate) fn write(costs: &Costs) -> Result<bool, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (page, picture) = (root.join(PAGE), root.join("docs/scale.svg"));
    let text = fs::read_to_string(&page).map_err(|error| format!("{PAGE}: {error}"))?;
    let (text, fine) = filled(&text, costs)?;
    let written = fs::write(&page, text).and_then(|()| fs::write(&picture, picture::draw(&costs.crowded())));
    written.map(|()| fine).map_err(|error| error.to_string())
}

/// The page with its blocks as they are now.
fn filled(text: &str, costs: &Costs) -> Result<(String, bool), String> {
    let (mut text, mut all_fine) = (text.to_owned(), true);
    for name in BLOCKS {
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
        let place = text.find(&begin).zip(text.find(&end));
        let (from, to) = place.ok_or_else(|| format!("{PAGE} has no place for {name}"))?;
        let (block, fine) = block(name, costs).ok_or_else(|| format!("there is no {name}"))?;
        text.replace_range(from + begin.len()..to, &block);
        all_fine &= fine;
    }
    Ok((text, all_fine))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_is_computed() {
        let (root, costs) = (Path::new(env!("CARGO_MANIFEST_DIR")), Costs::measured());
        let again = "cargo run --release --example capacity -- document";
        let page = fs::read_to_string(root.join(PAGE)).unwrap();
        assert!(filled(&page, &costs).unwrap().0 == page, "{PAGE} is not what it would be now: {again}");
        let picture = fs::read_to_string(root.join("docs/scale.svg")).unwrap();
        assert!(
            picture == picture::draw(&costs.crowded()),
            "docs/scale.svg is not what it would be now: {again}"
        );
    }
}
