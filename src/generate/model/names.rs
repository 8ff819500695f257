//! Whether the columns that a type file names are those that its queries return. Known only when the queries
//! are prepared: `reportwire check` asks beforehand, a report asks when its rows are there.

use crate::catalog::{Column, Mistake, Name, Page, Section, nearest};

/// Every column that `page` names and its query does not return. `columns` gives the names of the columns of
/// a query by its place in [`Page::queries`], or nothing when they are not known.
pub(in crate::generate) fn mistakes(
    page: &Page,
    columns: impl Fn(usize) -> Option<Vec<String>>,
) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for section in &page.sections {
        let Some((query, said, names)) = named(section) else { continue };
        let Some(found) = columns(query) else { continue };
        let links = said.iter().filter_map(|column| column.link.as_ref());
        let all = said.iter().map(|column| &column.name).chain(links).chain(names);
        mistakes.extend(all.filter(|name| !found.contains(&name.text)).map(|name| mistake(name, &found)));
    }
    mistakes
}

/// The query of a section and the columns that it names.
fn named(section: &Section) -> Option<(usize, &[Column], Vec<&Name>)> {
    Some(match section {
        Section::KeyFigures { query, columns } => (*query, columns, Vec::new()),
        Section::Chart { query, columns, by, .. } => (*query, columns, by.iter().collect()),
        Section::Table { query, columns, groups, .. } => (*query, columns, groups.iter().collect()),
        // the values of its columns become names; only what they measure can be said more about
        Section::Cross { query, columns, down, across, .. } => (*query, columns, vec![down, across]),
        Section::Heading { .. } | Section::Text { .. } | Section::Image { .. } | Section::PageBreak => {
            return None;
        }
    })
}

fn mistake(name: &Name, found: &[String]) -> Mistake {
    let hint = match nearest(&name.text, found.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("it returns {}", found.join(", ")),
    };
    Mistake { at: name.at, detail: format!("the query returns no column “{}”; {hint}", name.text) }
}
