//! How the pages look: `paper`, `accent`, `logo` and the like, at the top of the file.

use super::table::Table;
use crate::catalog::{Look, Orientation, Paper, RowStyle};

pub(super) const MEMBERS: [&str; 8] =
    ["paper", "orientation", "accent", "palette", "rows", "logo", "header", "footer"];

/// The look, without the logo: that is a file, which is read for each report.
pub(super) fn of(root: &Table<'_, '_>) -> Look {
    let papers = [
        ("A3", Paper::A3),
        ("A4", Paper::A4),
        ("A5", Paper::A5),
        ("letter", Paper::Letter),
        ("legal", Paper::Legal),
    ];
    let orientations = [("portrait", Orientation::Portrait), ("landscape", Orientation::Landscape)];
    let rows = [("hairlines", RowStyle::Hairlines), ("zebra", RowStyle::Zebra)];
    let palette = root.texts("palette").unwrap_or_default();
    let colour = |text: &str| {
        text.parse().map_err(|error| root.mistake_at("palette", format!("palette: “{text}”: {error}"))).ok()
    };
    Look {
        paper: root.word("paper", &papers).unwrap_or_default(),
        orientation: root.word("orientation", &orientations).unwrap_or_default(),
        accent: root.parsed("accent"),
        palette: palette.into_iter().filter_map(colour).collect(),
        rows: root.word("rows", &rows).unwrap_or_default(),
        logo: None,
        header: root.template("header"),
        footer: root.template("footer"),
    }
}
