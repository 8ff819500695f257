//! What a sheet of paper gets: texts and lines at their places, nothing that still has to be decided.

use genpdf::style::Color;

use super::{
    theme,
    typeface::{self, Weight},
};

/// One mark. Positions are in millimetres from the upper left corner of the paper.
#[derive(Clone, Debug)]
pub(super) enum Mark {
    /// A text whose first letter begins at `x`, on the baseline `y`.
    Text { x: f32, y: f32, text: String, face: Face },
    /// A straight line; a thick one is how an area is filled, for `genpdf` knows no other shape.
    Line { from: (f32, f32), to: (f32, f32), width: f32, color: Color },
}

/// How a text looks.
#[derive(Clone, Copy, Debug)]
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

    /// A horizontal line across the content.
    pub(super) fn rule(&mut self, y: f32, width: f32, color: Color) {
        let (left, right) = (theme::SIDE, theme::SIDE + theme::WIDTH);
        self.marks.push(Mark::Line { from: (left, y), to: (right, y), width, color });
    }

    /// A filled area; `x` and `y` are its upper left corner.
    pub(super) fn area(&mut self, x: f32, y: f32, width: f32, height: f32, color: Color) {
        let middle = y + height / 2.0;
        self.marks.push(Mark::Line { from: (x, middle), to: (x + width, middle), width: height, color });
    }
}
