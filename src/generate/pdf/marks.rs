//! What a sheet of paper gets: texts, shapes and pictures at their places, nothing that still has to be
//! decided. Positions are in millimetres from the upper left corner of the paper.

use super::{
    theme,
    typeface::{self, Weight},
};
use crate::catalog::Color;

/// One mark.
#[derive(Clone, Debug)]
pub(super) enum Mark {
    /// A text whose first letter begins at `x`, on the baseline `y`.
    Text { x: f32, y: f32, text: String, face: Face },
    /// A text that rises to the right at 45 degrees, from `x`, `y`.
    Leaning { x: f32, y: f32, text: String, face: Face },
    /// A filled rectangle; `x` and `y` are its upper left corner.
    Area { x: f32, y: f32, width: f32, height: f32, color: Color },
    /// A line from point to point, with round corners.
    Line { points: Vec<(f32, f32)>, width: f32, color: Color },
    /// A filled shape.
    Shape { steps: Vec<Step>, color: Color },
    /// A picture of the document, by its position among them.
    Picture { picture: usize, x: f32, y: f32, width: f32, height: f32 },
}

/// A part of the outline of a shape. It is closed by itself.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Move((f32, f32)),
    Line((f32, f32)),
    /// A Bézier curve: two points that pull, and its end.
    Curve((f32, f32), (f32, f32), (f32, f32)),
}

/// An area that leads somewhere.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) href: String,
}

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Face {
    pub(super) weight: Weight,
    /// In points.
    pub(super) size: u8,
    pub(super) color: Color,
}

/// Where a text stands in relation to its `x`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Left,
    Middle,
    Right,
}

impl Face {
    pub(super) const fn regular(size: u8, color: Color) -> Self {
        Self { weight: Weight::Regular, size, color }
    }

    pub(super) const fn bold(size: u8, color: Color) -> Self {
        Self { weight: Weight::Bold, size, color }
    }

    /// The width of `text` in millimetres.
    pub(super) fn width(self, text: &str) -> f32 {
        typeface::get(self.weight).ems(text) * f32::from(self.size) * theme::POINT
    }

    /// From one baseline to the next.
    pub(super) fn line(self) -> f32 {
        f32::from(self.size) * theme::POINT * 1.32
    }

    /// `text`, or as much of it as fits into `width` with an ellipsis.
    pub(super) fn fitted(self, text: &str, width: f32) -> String {
        if self.width(text) <= width {
            return text.to_owned();
        }
        let room = width - self.width("…");
        let mut used = 0.0;
        let kept = text.chars().take_while(|c| {
            used += self.width(c.encode_utf8(&mut [0; 4]));
            used <= room
        });
        kept.collect::<String>().trim_end().to_owned() + "…"
    }
}

/// The marks of one sheet.
#[derive(Clone, Debug, Default)]
pub(super) struct Sheet {
    pub(super) marks: Vec<Mark>,
    pub(super) links: Vec<Link>,
}

impl Sheet {
    /// A text on the baseline `y`.
    pub(super) fn text(&mut self, anchor: Anchor, x: f32, y: f32, face: Face, text: impl Into<String>) {
        let text = text.into();
        let x = match anchor {
            Anchor::Left => x,
            Anchor::Middle => x - face.width(&text) / 2.0,
            Anchor::Right => x - face.width(&text),
        };
        self.marks.push(Mark::Text { x, y, text, face });
    }

    /// Text on the baseline `y` that leads somewhere: underlined, and to be clicked at.
    pub(super) fn link(&mut self, x: f32, y: f32, face: Face, text: String, href: &str) {
        let width = face.width(&text);
        self.area(x, y + 0.55, width, 0.15, face.color);
        let height = f32::from(face.size) * theme::POINT;
        self.marks.push(Mark::Text { x, y, text, face });
        if leads_somewhere(href) {
            self.links.push(Link {
                x,
                y: y - height * 0.85,
                width,
                height: height * 1.15,
                href: href.to_owned(),
            });
        }
    }

    /// A horizontal line.
    pub(super) fn rule(&mut self, (left, right): (f32, f32), y: f32, width: f32, color: Color) {
        self.area(left, y - width / 2.0, right - left, width, color);
    }

    /// A filled area; `x` and `y` are its upper left corner.
    pub(super) fn area(&mut self, x: f32, y: f32, width: f32, height: f32, color: Color) {
        self.marks.push(Mark::Area { x, y, width, height, color });
    }
}

/// Whether a link may be followed: a program or a file must not be opened from a report.
fn leads_somewhere(href: &str) -> bool {
    let scheme = href.split(':').next().unwrap_or_default();
    href.contains(':') && ["https", "http", "mailto"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
}
