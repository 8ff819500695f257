//! Content from top to bottom, sheet after sheet.

use super::{
    marks::{Anchor, Face, Sheet},
    theme::{self, size},
};
use crate::work::{Monitor, Stopped};

/// How much of the whole work is done when the first row is placed, and when the last one is.
const PERCENT: std::ops::Range<usize> = 30..90;

/// The sheets that are being filled and the height reached on the last one.
pub(super) struct Flow<'a> {
    sheets: Vec<Sheet>,
    y: f32,
    monitor: &'a Monitor,
    rows: usize,
    placed: usize,
}

impl<'a> Flow<'a> {
    /// An empty first sheet; `rows` are to come in all.
    pub(super) fn new(monitor: &'a Monitor, rows: usize) -> Self {
        Self { sheets: vec![Sheet::default()], y: theme::TOP, monitor, rows, placed: 0 }
    }

    /// Takes `height` millimetres, on a new sheet if this one has no room, and returns the sheet and the
    /// upper edge of what was taken.
    pub(super) fn take(&mut self, height: f32) -> (&mut Sheet, f32) {
        self.keep_together(height);
        let top = self.y;
        self.y += height;
        // There is always a last one: `new` made it.
        let last = self.sheets.len() - 1;
        (&mut self.sheets[last], top)
    }

    /// Begins a new sheet unless `height` millimetres are left on this one. Says whether it did.
    pub(super) fn keep_together(&mut self, height: f32) -> bool {
        // Something taller than a sheet goes to the top of one and gets what there is.
        let begin = self.y + height > theme::BOTTOM && self.y > theme::TOP;
        if begin {
            self.sheets.push(Sheet::default());
            self.y = theme::TOP;
        }
        begin
    }

    /// Leaves room before the next section.
    pub(super) fn gap(&mut self, height: f32) {
        self.y += height;
    }

    /// The heading of a section, if it has one.
    pub(super) fn heading(&mut self, title: &str) {
        let face = Face::bold(size::HEADING, theme::INK);
        let (sheet, y) = self.take(7.0);
        sheet.text(Anchor::Left, theme::SIDE, y + 4.2, face, face.fitted(title, theme::WIDTH));
    }

    /// Asks whether the work may go on.
    pub(super) fn check(&self) -> Result<(), Stopped> {
        self.monitor.check()
    }

    /// Counts a row that was placed.
    pub(super) fn row_placed(&mut self) -> Result<(), Stopped> {
        let percent = |placed: usize| {
            PERCENT.start + (PERCENT.end - PERCENT.start) * placed.min(self.rows) / self.rows.max(1)
        };
        let (before, now) = (percent(self.placed), percent(self.placed + 1));
        self.placed += 1;
        if now == before { self.monitor.check() } else { self.monitor.progress("rendering", now as u8) }
    }

    /// The finished sheets.
    pub(super) fn into_sheets(self) -> Vec<Sheet> {
        self.sheets
    }
}
