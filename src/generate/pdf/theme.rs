//! Measures and colours: everything that would be in a style sheet and is the same for every report.
//! Lengths are in millimetres, type sizes in points.

use crate::catalog::Color;

/// Between two sections.
pub(super) const GAP: f32 = 8.0;

/// Type sizes.
pub(super) mod size {
    pub(in super::super) const TITLE: u8 = 24;
    pub(in super::super) const SUBTITLE: u8 = 11;
    pub(in super::super) const CHAPTER: u8 = 15;
    pub(in super::super) const HEADING: u8 = 12;
    pub(in super::super) const BODY: u8 = 10;
    pub(in super::super) const TABLE: u8 = 9;
    pub(in super::super) const SMALL: u8 = 8;
    pub(in super::super) const TINY: u8 = 7;
}

/// Text.
pub(super) const INK: Color = rgb(27, 31, 36);
/// Text that stands back.
pub(super) const MUTED: Color = rgb(104, 112, 122);
/// The one colour, unless the report has its own.
pub(super) const ACCENT: Color = rgb(15, 92, 99);
/// Lines that order.
pub(super) const RULE: Color = rgb(168, 176, 184);
/// Lines that only guide the eye.
pub(super) const HAIR: Color = rgb(226, 230, 234);
/// The paper, where a text must not be crossed by what lies under it.
pub(super) const PAPER: Color = rgb(255, 255, 255);

/// The thickness of lines that order.
pub(super) const RULE_WIDTH: f32 = 0.25;
/// The thickness of lines that only guide the eye.
pub(super) const HAIR_WIDTH: f32 = 0.15;

/// Millimetres in a point.
pub(super) const POINT: f32 = 25.4 / 72.0;

const fn rgb(red: u8, green: u8, blue: u8) -> Color {
    Color { red, green, blue }
}
