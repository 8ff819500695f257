//! What stands around the content: the title on the first page, the running title, the foot.

use super::{
    flow::Flow,
    marks::{Anchor, Face, Sheet},
    theme::{self, size},
};
use crate::generate::model::Model;

/// The title and what the report was asked for, at the head of the first page.
pub(super) fn masthead(model: &Model, flow: &mut Flow<'_>) {
    let title = Face::bold(size::TITLE, theme::INK);
    let subtitle = Face::regular(size::SUBTITLE, theme::MUTED);
    let (sheet, top) = flow.take(20.0);
    // The masthead may stand higher than the content of other pages: it has no running title above it.
    let top = top - 9.0;
    sheet.area(theme::SIDE, top, 12.0, 1.2, theme::ACCENT);
    sheet.text(Anchor::Left, theme::SIDE, top + 12.5, title, title.fitted(&model.title, theme::WIDTH));
    let line = subtitle.fitted(&model.subtitle, theme::WIDTH);
    sheet.text(Anchor::Left, theme::SIDE, top + 20.0, subtitle, line);
}

/// Adds the running title and the foot to every sheet.
pub(super) fn furnish(model: &Model, sheets: &mut [Sheet]) {
    let small = Face::regular(size::SMALL, theme::MUTED);
    let strong = Face::bold(size::SMALL, theme::INK);
    let (left, right) = (theme::SIDE, theme::SIDE + theme::WIDTH);
    let pages = sheets.len();
    let mut origin = format!("Created {}", model.created_at.strftime("%-d %B %Y, %H:%M UTC"));
    if let Some(currency) = &model.currency {
        origin += &format!(" · amounts in {currency}");
    }
    for (at, sheet) in sheets.iter_mut().enumerate() {
        if at > 0 {
            let title = strong.fitted(&model.title, theme::WIDTH / 2.0);
            let beside = theme::WIDTH - strong.width(&title) - 6.0;
            sheet.text(Anchor::Left, left, 18.5, strong, title);
            sheet.text(Anchor::Right, right, 18.5, small, small.fitted(&model.subtitle, beside));
            sheet.rule(21.5, theme::HAIR_WIDTH, theme::RULE);
        }
        sheet.rule(281.0, theme::HAIR_WIDTH, theme::RULE);
        sheet.text(Anchor::Left, left, 285.5, small, origin.clone());
        sheet.text(Anchor::Right, right, 285.5, small, format!("Page {} of {pages}", at + 1));
    }
}
