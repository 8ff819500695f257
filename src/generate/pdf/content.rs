//! The marks of a sheet as the content stream of a page (ISO 32000-1, section 7.8.2).
//!
//! Written by ourselves: `printpdf` keeps an object for each operation and begins every text anew, which
//! costs more time and room than the texts themselves.

use super::{
    marks::{Face, Mark, Sheet, Step},
    press::Fonts,
    theme,
    typeface::Weight,
};
use crate::catalog::Color;

/// The content of a page so high, in millimetres.
pub(super) fn of(sheet: &Sheet, height: f32, fonts: &Fonts) -> Vec<u8> {
    let mut content = Content {
        bytes: Vec::with_capacity(64 * sheet.marks.len()),
        height,
        fonts,
        fill: None,
        stroke: None,
        face: None,
    };
    // round ends and corners, for the lines of charts
    content.bytes.extend_from_slice(b"1 J 1 j\n");
    sheet.marks.iter().for_each(|mark| content.mark(mark));
    content.bytes
}

struct Content<'a> {
    bytes: Vec<u8>,
    height: f32,
    fonts: &'a Fonts,
    /// What was said last, so that it need not be said again.
    fill: Option<Color>,
    stroke: Option<Color>,
    face: Option<(Weight, u8)>,
}

impl Content<'_> {
    fn mark(&mut self, mark: &Mark) {
        match mark {
            Mark::Text { x, y, text, face } => self.text(*x, *y, text, *face, false),
            Mark::Leaning { x, y, text, face } => self.text(*x, *y, text, *face, true),
            Mark::Area { x, y, width, height, color } => {
                self.fill(*color);
                self.point((*x, *y + *height));
                self.length(*width);
                self.length(*height);
                self.operator(b"re f");
            }
            Mark::Line { points, width, color } => {
                if self.stroke.replace(*color) != Some(*color) {
                    self.color(*color);
                    self.operator(b"RG");
                }
                self.length(*width);
                self.operator(b"w");
                for (at, point) in points.iter().enumerate() {
                    self.point(*point);
                    self.operator(if at == 0 { b"m" } else { b"l" });
                }
                self.operator(b"S");
            }
            Mark::Shape { steps, color } => {
                self.fill(*color);
                for step in steps {
                    match step {
                        Step::Move(to) => {
                            self.point(*to);
                            self.operator(b"m");
                        }
                        Step::Line(to) => {
                            self.point(*to);
                            self.operator(b"l");
                        }
                        Step::Curve(first, second, to) => {
                            [first, second, to].into_iter().for_each(|point| self.point(*point));
                            self.operator(b"c");
                        }
                    }
                }
                self.operator(b"f*");
            }
            Mark::Picture { picture, x, y, width, height } => {
                self.operator(b"q");
                self.length(*width);
                self.bytes.extend_from_slice(b"0 0 ");
                self.length(*height);
                self.point((*x, *y + *height));
                self.bytes.extend_from_slice(format!("cm /P{picture} Do Q\n").as_bytes());
            }
        }
    }

    fn text(&mut self, x: f32, y: f32, text: &str, face: Face, leaning: bool) {
        let font = self.fonts.of(face.weight);
        let mut glyphs = text.chars().filter_map(|character| font.glyph(character)).peekable();
        if glyphs.peek().is_none() {
            return;
        }
        self.fill(face.color);
        if self.face.replace((face.weight, face.size)) != Some((face.weight, face.size)) {
            let name = if face.weight == Weight::Regular { "R" } else { "B" };
            self.bytes.extend_from_slice(format!("/{name} {} Tf\n", face.size).as_bytes());
        }
        self.bytes.extend_from_slice(b"BT ");
        if leaning {
            self.bytes.extend_from_slice(b".7071 .7071 -.7071 .7071 ");
            self.point((x, y));
            self.bytes.extend_from_slice(b"Tm (");
        } else {
            self.point((x, y));
            self.bytes.extend_from_slice(b"Td (");
        }
        for byte in glyphs.flat_map(u16::to_be_bytes) {
            match byte {
                b'(' | b')' | b'\\' => self.bytes.extend_from_slice(&[b'\\', byte]),
                // bare, it would be read as a line feed
                b'\r' => self.bytes.extend_from_slice(b"\\r"),
                byte => self.bytes.push(byte),
            }
        }
        self.bytes.extend_from_slice(b") Tj ET\n");
    }

    fn fill(&mut self, color: Color) {
        if self.fill.replace(color) != Some(color) {
            self.color(color);
            self.operator(b"rg");
        }
    }

    fn color(&mut self, color: Color) {
        for part in [color.red, color.green, color.blue] {
            self.number(f32::from(part) / 255.0, 1000);
        }
    }

    /// PDF counts from the lower edge of the paper.
    fn point(&mut self, (x, y): (f32, f32)) {
        self.length(x);
        self.length(self.height - y);
    }

    fn length(&mut self, millimetres: f32) {
        self.number(millimetres / theme::POINT, 100);
    }

    /// A number as a fraction of `parts`, which is a power of ten, and a space. Writing floats in general
    /// would be a fifth of the whole work.
    fn number(&mut self, number: f32, parts: i32) {
        let scaled = (number * parts as f32).round() as i32;
        if scaled < 0 {
            self.bytes.push(b'-');
        }
        let scaled = scaled.unsigned_abs();
        let (whole, mut rest) = (scaled / parts as u32, scaled % parts as u32);
        let mut digits = [0u8; 10];
        let mut start = digits.len();
        let mut left = whole;
        while left > 0 || start == digits.len() {
            start -= 1;
            digits[start] = b'0' + (left % 10) as u8;
            left /= 10;
        }
        self.bytes.extend_from_slice(&digits[start..]);
        if rest > 0 {
            self.bytes.push(b'.');
            let mut unit = parts as u32 / 10;
            while rest > 0 {
                self.bytes.push(b'0' + (rest / unit) as u8);
                rest %= unit;
                unit = (unit / 10).max(1);
            }
        }
        self.bytes.push(b' ');
    }

    fn operator(&mut self, operator: &[u8]) {
        self.bytes.extend_from_slice(operator);
        self.bytes.push(b'\n');
    }
}
