//! What stands around the content: the title on the first page, the running title, the foot.

use super::{
    flow::Flow,
    marks::{Anchor, Face, Mark, Sheet},
    page::Page,
    theme::{self, size},
};
use crate::generate::GenerateError;

/// The room of a logo.
const LOGO: (f32, f32) = (50.0, 17.0);
/// Between the title and what stands beside it.
const BESIDE: f32 = 6.0;

/// The title and what the report was asked for, at the head of the first page, and the logo beside it.
pub(super) fn masthead(flow: &mut Flow<'_>) -> Result<(), GenerateError> {
    let page = flow.page;
    let title = Face::bold(page.title_size(), theme::INK);
    let subtitle = Face::regular(size::SUBTITLE, theme::MUTED);
    let logo = match &page.model.look.logo {
        Some(source) => Some(flow.pictures.add(source, "the logo")?),
        None => None,
    };
    let (sheet, top) = flow.take(20.0);
    // The masthead may stand higher than the content of other pages: it has no running title above it.
    let top = top - 9.0;
    let mut width = page.width;
    if let Some(logo) = logo {
        let scale = (LOGO.0 / logo.pixels.0).min(LOGO.1 / logo.pixels.1);
        let size = (logo.pixels.0 * scale, logo.pixels.1 * scale);
        let (x, y) = (page.right() - size.0, top);
        sheet.marks.push(Mark::Picture { picture: logo.at, x, y, width: size.0, height: size.1 });
        width -= size.0 + BESIDE;
    }
    sheet.area(page.left, top, 12.0, 1.2, page.accent);
    let (name, line) = (title.fitted(&page.model.title, width), subtitle.fitted(&page.model.subtitle, width));
    sheet.text(Anchor::Left, page.left, top + 12.5, title, name);
    sheet.text(Anchor::Left, page.left, top + 20.0, subtitle, line);
    Ok(())
}

/// Adds the running title and the foot to every sheet.
pub(super) fn furnish(page: &Page<'_>, sheets: &mut [Sheet]) {
    let model = page.model;
    let small = Face::regular(size::SMALL, theme::MUTED);
    let strong = Face::bold(size::SMALL, theme::INK);
    let (left, right) = (page.left, page.right());
    let (pages, foot) = (sheets.len(), page.foot());
    for (at, sheet) in sheets.iter_mut().enumerate() {
        if at > 0 {
            let running = model.look.header.as_ref().unwrap_or(&model.title);
            let title = strong.fitted(running, page.width * 0.6);
            let beside = page.width - strong.width(&title) - BESIDE;
            sheet.text(Anchor::Left, left, 18.5, strong, title);
            sheet.text(Anchor::Right, right, 18.5, small, small.fitted(&model.subtitle, beside));
            sheet.rule((left, right), 21.5, theme::HAIR_WIDTH, theme::RULE);
        }
        let y = page.bottom + 5.0;
        let number = page.page_of(at + 1, pages);
        let beside = page.width - small.width(&number) - BESIDE;
        sheet.rule((left, right), y, theme::HAIR_WIDTH, theme::RULE);
        sheet.text(Anchor::Left, left, y + 4.5, small, small.fitted(&foot, beside));
        sheet.text(Anchor::Right, right, y + 4.5, small, number);
    }
}
