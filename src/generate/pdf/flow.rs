//! Content from top to bottom, sheet after sheet.

use super::{
    marks::{Anchor, Face, Sheet},
    outline::Entry,
    page::Page,
    pictures::Pictures,
    theme::{self, size},
};
use crate::work::{Monitor, Stopped};

/// How much of the whole work is done when the first row is placed, and when the last one is.
const PERCENT: std::ops::Range<usize> = 80..98;

/// The height of the heading of a section.
pub(super) const HEADING: f32 = 7.0;

/// The sheets that are being filled and the height reached on the last one.
pub(super) struct Flow<'a> {
    pub(super) page: &'a Page<'a>,
    pub(super) outline: Vec<Entry>,
    pub(super) pictures: Pictures,
    pub(super) sheets: Vec<Sheet>,
    y: f32,
    monitor: &'a Monitor,
    rows: usize,
    placed: usize,
}

impl<'a> Flow<'a> {
    /// An empty first sheet; `rows` are to come in all.
    pub(super) fn new(page: &'a Page<'a>, monitor: &'a Monitor, rows: usize) -> Self {
        Self {
            page,
            outline: Vec::new(),
            pictures: Pictures::default(),
            sheets: vec![Sheet::default()],
            y: page.top,
            monitor,
            rows,
            placed: 0,
        }
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
        let begin = self.y + height > self.page.bottom && self.y > self.page.top;
        if begin {
            self.turn();
        }
        begin
    }

    /// Begins a new sheet, unless nothing stands on this one yet.
    pub(super) fn turn(&mut self) {
        if self.y > self.page.top {
            self.sheets.push(Sheet::default());
            self.y = self.page.top;
        }
    }

    /// The height that content may have on a sheet of its own.
    pub(super) fn room(&self) -> f32 {
        self.page.bottom - self.page.top
    }

    /// Leaves room before the next section, but not at the head of a sheet.
    pub(super) fn gap(&mut self, height: f32) {
        if self.y > self.page.top {
            self.y += height;
        }
    }

    /// The heading of a table or a chart, if it has one. It stands in the outline too.
    pub(super) fn heading(&mut self, title: &str) {
        if title.is_empty() {
            return;
        }
        self.mark(2, title);
        let face = Face::bold(size::HEADING, theme::INK);
        let (left, width) = (self.page.left, self.page.width);
        let (sheet, y) = self.take(HEADING);
        sheet.text(Anchor::Left, left, y + 4.2, face, face.fitted(title, width));
    }

    /// Adds what comes next to the outline.
    pub(super) fn mark(&mut self, level: u8, title: &str) {
        let (sheet, y) = (self.sheets.len() - 1, self.y);
        self.outline.push(Entry { level, title: title.to_owned(), sheet, y });
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
}
