//! Tables: rows that never split, the header again on every page, groups with their titles and sums.

mod grid;
mod written;

use super::{
    flow::{self, Flow},
    marks::{Anchor, Face, Sheet},
    theme::{self, size},
};
use crate::{
    catalog::RowStyle,
    generate::model::{Group, Table},
    work::Stopped,
};
use grid::Grid;
use written::{Row, Written};

/// Above and below the text of a row, together.
const PADDING: f32 = 1.61;
/// How far the title of a group within another stands in.
const INDENT: f32 = 3.0;

/// Places a table under its title. Between rows it asks whether the work may go on.
pub(super) fn place(table: &Table, flow: &mut Flow<'_>) -> Result<(), Stopped> {
    let written = Written::of(table, flow)?;
    if written.columns.is_empty() {
        flow.heading(&written.title);
        flow.gap(theme::GAP);
        return Ok(());
    }
    let grid = Grid::over(&written, flow)?;
    let mut placing = Placing { table, grid: &grid, written: &written, striped: false, last_ended: true };
    // A heading alone at the foot of a page, or with one row, would be lost there.
    let few: f32 = (0..table.rows.len().min(3)).map(|at| placing.height(at)).sum();
    let title = if written.title.is_empty() { 0.0 } else { flow::HEADING };
    flow.keep_together((title + grid.header_height() + few).min(flow.room()));
    flow.heading(&written.title);
    for at in 0..table.rows.len() {
        placing.row(at, flow);
        flow.row_placed()?;
    }
    if let Some(totals) = &written.totals {
        if table.rows.is_empty() {
            grid.header(&written.header, flow);
        }
        placing.sum(totals, None, flow);
    }
    flow.gap(theme::GAP);
    Ok(())
}

struct Placing<'a> {
    table: &'a Table,
    grid: &'a Grid,
    written: &'a Written<'a>,
    /// Whether the next row has a ground.
    striped: bool,
    /// Whether what was placed last needs no line below it.
    last_ended: bool,
}

impl<'a> Placing<'a> {
    /// The groups that begin with a row, outer ones first.
    fn beginning(&self, at: usize) -> impl Iterator<Item = &'a Group> {
        let from = self.table.groups.partition_point(|group| group.first < at);
        self.table.groups[from..].iter().take_while(move |group| group.first == at)
    }

    /// The groups that end with a row, inner ones first, with their positions.
    fn ending(&self, at: usize) -> Vec<usize> {
        self.written.ends.get(&(at + 1)).cloned().unwrap_or_default()
    }

    /// The height of a row with the titles above it and the sums below it that must not leave it.
    fn height(&self, at: usize) -> f32 {
        let line = self.grid.line_height();
        let titles = self.beginning(at).count() as f32 * self.title_height();
        let mut sums =
            self.ending(at).iter().filter(|group| self.written.subtotals[**group].is_some()).count();
        if at + 1 == self.table.rows.len() && self.written.totals.is_some() {
            sums += 1;
        }
        titles + self.grid.height(&self.written.rows[at]) + sums as f32 * (line + PADDING)
    }

    fn title_height(&self) -> f32 {
        self.grid.line_height() + PADDING + 1.0
    }

    fn row(&mut self, at: usize, flow: &mut Flow<'_>) {
        let first = at == 0;
        let header = if first { self.grid.header_height() } else { 0.0 };
        let turned = flow.keep_together((self.height(at) + header).min(flow.room()));
        if turned || first {
            self.grid.header(&self.written.header, flow);
            self.last_ended = true;
            self.striped = false;
        }
        if turned && !first {
            // Whoever begins to read on this page must know what the rows belong to.
            let open = |group: &&Group| group.first < at && at < group.end();
            let open: Vec<&Group> = self.table.groups.iter().filter(open).collect();
            for group in open {
                let title = flow.page.continued(&group.title);
                self.title(&title, group.level, flow);
            }
        }
        let beginning: Vec<&Group> = self.beginning(at).collect();
        for group in beginning {
            self.title(&group.title, group.level, flow);
        }
        let row = &self.written.rows[at];
        let page = flow.page;
        let height = self.grid.height(row);
        let (sheet, top) = flow.take(height);
        match page.rows {
            // a little beyond the text, which would otherwise touch its edge
            RowStyle::Zebra if self.striped => {
                sheet.area(page.left - 1.5, top, page.width + 3.0, height, page.ground);
            }
            RowStyle::Zebra => {}
            RowStyle::Hairlines if self.last_ended => {}
            RowStyle::Hairlines => {
                sheet.rule((page.left, page.right()), top, theme::HAIR_WIDTH, theme::HAIR);
            }
        }
        self.grid.row(sheet, top, row, false);
        self.striped = !self.striped;
        self.last_ended = false;
        for ended in self.ending(at) {
            if let Some(subtotals) = &self.written.subtotals[ended] {
                let group = &self.table.groups[ended];
                self.sum(subtotals, Some(&group.title), flow);
            }
        }
    }

    /// The title of a group.
    fn title(&mut self, title: &str, level: u8, flow: &mut Flow<'_>) {
        let page = flow.page;
        let indent = INDENT * f32::from(level.min(5));
        let color = if level == 0 { page.accent } else { theme::INK };
        let face = Face::bold(self.grid.size, color);
        let baseline = self.title_height() - self.grid.line_height() * 0.25 - PADDING / 2.0;
        let (sheet, top) = flow.take(self.title_height());
        let text = face.fitted(title, page.width - indent);
        sheet.text(Anchor::Left, page.left + indent, top + baseline, face, text);
        let y = top + self.title_height();
        let (width, color) =
            if level == 0 { (theme::RULE_WIDTH, page.soft) } else { (theme::HAIR_WIDTH, theme::HAIR) };
        sheet.rule((page.left + indent, page.right()), y, width, color);
        self.last_ended = true;
        self.striped = false;
    }

    /// A row of sums: of a group when it has a title, else of everything.
    fn sum(&mut self, sums: &Row, group: Option<&str>, flow: &mut Flow<'_>) {
        let page = flow.page;
        let height = self.grid.height(sums);
        let (sheet, top) = flow.take(height);
        let (width, color) =
            if group.is_some() { (theme::HAIR_WIDTH, theme::RULE) } else { (theme::RULE_WIDTH, theme::RULE) };
        sheet.rule((page.left, page.right()), top, width, color);
        self.grid.row(sheet, top, sums, true);
        if let (Some(title), Some(first)) = (group, sums.first())
            && first.text.is_empty()
        {
            self.grid.label(sheet, top, title, sums);
        }
        self.last_ended = false;
    }
}

/// The face of the header.
fn head(size: u8) -> Face {
    Face::bold(size.min(size::SMALL), theme::MUTED)
}

/// A cell that leads somewhere or not.
fn put(sheet: &mut Sheet, x: f32, y: f32, face: Face, text: String, href: Option<&str>) {
    match href {
        Some(href) => sheet.link(x, y, face, text, href),
        None => sheet.text(Anchor::Left, x, y, face, text),
    }
}
