//! Measures and colours: everything that would be in a style sheet. Lengths are in millimetres, type sizes
//! in points.

use genpdf::style::Color;

/// A4 (ISO 216).
pub(super) const PAGE: (f32, f32) = (210.0, 297.0);
/// From the edge of the paper to the content, left and right.
pub(super) const SIDE: f32 = 20.0;
/// The first line of content on a page with a running title.
pub(super) const TOP: f32 = 28.0;
/// Where content ends. The foot stands below.
pub(super) const BOTTOM: f32 = 276.0;
/// The width of the content.
pub(super) const WIDTH: f32 = PAGE.0 - 2.0 * SIDE;
/// Between two sections.
pub(super) const GAP: f32 = 8.0;

/// Type sizes.
pub(super) mod size {
    pub(in super::super) const TITLE: u8 = 24;
    pub(in super::super) const SUBTITLE: u8 = 11;
    pub(in super::super) const HEADING: u8 = 12;
    pub(in super::super) const BODY: u8 = 10;
    pub(in super::super) const TABLE: u8 = 9;
    pub(in super::super) const SMALL: u8 = 8;
    pub(in super::super) const TINY: u8 = 7;
}

/// Text.
pub(super) const INK: Color = Color::Rgb(27, 31, 36);
/// Text that stands back.
pub(super) const MUTED: Color = Color::Rgb(104, 112, 122);
/// The one colour.
pub(super) const ACCENT: Color = Color::Rgb(15, 92, 99);
/// The same, where it covers an area.
pub(super) const ACCENT_SOFT: Color = Color::Rgb(146, 188, 190);
/// Lines that order.
pub(super) const RULE: Color = Color::Rgb(168, 176, 184);
/// Lines that only guide the eye.
pub(super) const HAIR: Color = Color::Rgb(226, 230, 234);
/// The paper, where a text must not be crossed by what lies under it.
pub(super) const PAPER: Color = Color::Rgb(255, 255, 255);
/// The ground of a card.
pub(super) const CARD: Color = Color::Rgb(244, 247, 247);

/// The thickness of lines that order.
pub(super) const RULE_WIDTH: f32 = 0.25;
/// The thickness of lines that only guide the eye.
pub(super) const HAIR_WIDTH: f32 = 0.15;

/// Millimetres in a point.
pub(super) const POINT: f32 = 25.4 / 72.0;
