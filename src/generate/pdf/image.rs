//! A picture between other sections.

use super::{
    flow::Flow,
    marks::{Anchor, Face, Mark},
    text,
    theme::{self, size},
};
use crate::generate::{GenerateError, model::Image};

/// The least pixels in a millimetre: 150 dpi.
const DENSE: f32 = 150.0 / 25.4;

/// Places a picture and its caption, no larger than the content.
pub(super) fn place(image: &Image, at: usize, flow: &mut Flow<'_>) -> Result<(), GenerateError> {
    let page = flow.page;
    let caption = image.caption.as_deref().unwrap_or_default();
    let called = [caption, image.alt.as_str()].into_iter().find(|name| !name.is_empty());
    let name = match called {
        Some(called) => format!("the picture “{called}” (section {})", at + 1),
        None => format!("the picture in section {}", at + 1),
    };
    let picture = flow.pictures.add(&image.source, &name)?;
    let face = Face::regular(size::SMALL, theme::MUTED);
    let lines = text::lines(caption, page.width, |text| face.width(text));
    let below = if lines.is_empty() { 0.0 } else { 2.0 + face.line() * lines.len() as f32 };

    let (wide, high) = picture.pixels;
    let wanted = image.width.filter(|width| *width > 0.0).unwrap_or(wide / DENSE);
    let most = (flow.room() - below).max(10.0);
    let scale = (wanted.min(page.width) / wide).min(most / high);
    let (width, height) = (wide * scale, high * scale);
    let (sheet, top) = flow.take(height + below);
    sheet.marks.push(Mark::Picture { picture: picture.at, x: page.left, y: top, width, height });
    for (at, line) in lines.into_iter().enumerate() {
        let y = top + height + 1.2 + face.line() * (at + 1) as f32;
        sheet.text(Anchor::Left, page.left, y, face, line);
    }
    flow.gap(theme::GAP);
    Ok(())
}
