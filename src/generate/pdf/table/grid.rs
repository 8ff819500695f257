//! Where the columns of a table stand, and how its rows are drawn into them.

use super::{
    super::{
        flow::Flow,
        marks::{Anchor, Face, Sheet},
        text,
        theme::{self, size},
    },
    PADDING, head, put,
    written::{Row, Text, Written},
};
use crate::{
    catalog::Color,
    generate::model::{Align, Column},
    work::Stopped,
};

/// The least room between two columns.
const BETWEEN: f32 = 4.0;
/// A text that takes more lines than these is shortened.
const LINES: usize = 4;
const HEADER_LINES: usize = 3;
/// The least type size before texts are broken into lines.
const LEAST: u8 = 7;

/// Where a column stands.
#[derive(Clone, Copy)]
struct Place {
    left: f32,
    width: f32,
    align: Align,
    /// From its right edge to the points of its numbers.
    after: f32,
}

/// Where the columns stand.
pub(super) struct Grid {
    places: Vec<Place>,
    pub(super) size: u8,
    header: f32,
    edges: (f32, f32),
    accent: Color,
}

/// What a column needs.
#[derive(Clone, Copy, Default)]
struct Need {
    /// Of the widest text.
    text: f32,
    before: f32,
    after: f32,
}

impl Need {
    fn width(self) -> f32 {
        self.text.max(self.before + self.after)
    }

    fn add(&mut self, text: &Text, face: Face) {
        match text.point {
            Some(point) => {
                self.before = self.before.max(face.width(&text.text[..point]));
                self.after = self.after.max(face.width(&text.text[point..]));
            }
            None => self.text = self.text.max(face.width(&text.text)),
        }
    }
}

impl Grid {
    /// As large as `size::TABLE` when the columns find room, else smaller, else with texts in several lines.
    pub(super) fn over(written: &Written<'_>, flow: &Flow<'_>) -> Result<Self, Stopped> {
        let page = flow.page;
        let count = written.columns.len();
        let between = BETWEEN.min(page.width / 4.0 / count as f32);
        let room = page.width - between * count.saturating_sub(1) as f32;
        let mut size = size::TABLE;
        let mut needs = needs(written, size, flow)?;
        while size > LEAST && wanted(&written.columns, &needs, room) > room {
            size -= 1;
            needs = self::needs(written, size, flow)?;
        }
        let headings: Vec<f32> = written.header.iter().map(|text| head(size).width(text)).collect();
        let words: Vec<f32> = written
            .header
            .iter()
            .map(|text| text.split(' ').map(|word| head(size).width(word)).fold(0.0, f32::max))
            .collect();
        let bodies: Vec<f32> = needs.iter().map(|need| need.width()).collect();
        let widths = widths(&written.columns, &bodies, &headings, &words, room);

        let mut x = page.left;
        let mut places = Vec::with_capacity(count);
        for ((column, width), need) in written.columns.iter().zip(widths).zip(&needs) {
            places.push(Place { left: x, width, align: column.align, after: need.after });
            x += width + between;
        }
        let mut grid =
            Self { places, size, header: 0.0, edges: (page.left, page.right()), accent: page.accent };
        let face = head(size);
        let wrapped = |(text, place): (&String, &Place)| broken(text, face, place.width, HEADER_LINES).len();
        let lines = written.header.iter().zip(&grid.places).map(wrapped).max().unwrap_or(1);
        grid.header = 6.2 + face.line() * lines.saturating_sub(1) as f32;
        Ok(grid)
    }

    pub(super) fn header_height(&self) -> f32 {
        self.header
    }

    /// The height of a line of a row.
    pub(super) fn line_height(&self) -> f32 {
        Face::regular(self.size, theme::INK).line()
    }

    /// The height of a row: that of its tallest cell.
    pub(super) fn height(&self, row: &Row) -> f32 {
        let face = Face::regular(self.size, theme::INK);
        let lines = |(text, place): (&Text, &Place)| {
            if text.point.is_some() || face.width(&text.text) <= place.width + 0.01 {
                1
            } else {
                broken(&text.text, face, place.width, LINES).len()
            }
        };
        let lines = row.iter().zip(&self.places).map(lines).max().unwrap_or(1).max(1);
        self.line_height() * lines as f32 + PADDING
    }

    /// The header, at the foot of its lines.
    pub(super) fn header(&self, texts: &[String], flow: &mut Flow<'_>) {
        let (sheet, top) = flow.take(self.header);
        let face = head(self.size);
        for (text, place) in texts.iter().zip(&self.places) {
            let lines = broken(text, face, place.width, HEADER_LINES);
            let first = top + self.header - 2.2 - face.line() * lines.len().saturating_sub(1) as f32;
            for (at, line) in lines.into_iter().enumerate() {
                let y = first + face.line() * at as f32;
                let (anchor, x) = place.anchor();
                sheet.text(anchor, x, y, face, line);
            }
        }
        sheet.rule(self.edges, top + self.header, theme::RULE_WIDTH, theme::RULE);
    }

    /// A row of cells.
    pub(super) fn row(&self, sheet: &mut Sheet, top: f32, row: &Row, bold: bool) {
        for (text, place) in row.iter().zip(&self.places) {
            if !text.text.is_empty() {
                self.cell(sheet, top, text, *place, bold);
            }
        }
    }

    /// The title of a row of sums that has none.
    pub(super) fn label(&self, sheet: &mut Sheet, top: f32, title: &str, row: &Row) {
        let free = row.iter().take_while(|text| text.text.is_empty()).count();
        if let (Some(first), Some(last)) = (self.places.first(), self.places[..free].last()) {
            let face = Face::bold(self.size, theme::INK);
            let title = face.fitted(title, last.left + last.width - first.left);
            sheet.text(Anchor::Left, first.left, top + self.baseline(), face, title);
        }
    }

    fn baseline(&self) -> f32 {
        self.line_height() * 0.76 + PADDING / 2.0
    }

    fn cell(&self, sheet: &mut Sheet, top: f32, text: &Text, place: Place, bold: bool) {
        let color = match &text.href {
            Some(_) => self.accent,
            None if text.text == "–" => theme::MUTED,
            None => theme::INK,
        };
        let face = if bold { Face::bold(self.size, color) } else { Face::regular(self.size, color) };
        let y = top + self.baseline();
        let right = place.left + place.width;
        if let Some(point) = text.point {
            let whole = face.width(&text.text);
            if whole <= place.width + 0.01 {
                // Wider than the others, as in bold, it must not leave its column.
                let after = place.after.max(face.width(&text.text[point..]));
                let x = right - after - face.width(&text.text[..point]);
                sheet.text(Anchor::Left, x.max(place.left), y, face, text.text.clone());
            } else {
                sheet.text(Anchor::Left, place.left, y, face, face.fitted(&text.text, place.width));
            }
            return;
        }
        let (anchor, x) = place.anchor();
        for (at, line) in broken(&text.text, face, place.width + 0.01, LINES).into_iter().enumerate() {
            let y = y + face.line() * at as f32;
            let width = face.width(&line);
            let left = match anchor {
                Anchor::Left => x,
                Anchor::Middle => x - width / 2.0,
                Anchor::Right => x - width,
            };
            put(sheet, left, y, face, line, text.href.as_deref());
        }
    }
}

impl Place {
    fn anchor(self) -> (Anchor, f32) {
        match self.align {
            Align::Left => (Anchor::Left, self.left),
            Align::Center => (Anchor::Middle, self.left + self.width / 2.0),
            Align::Right => (Anchor::Right, self.left + self.width),
        }
    }
}

/// The lines of a text in a column, the last of them shortened when there would be more.
fn broken(text: &str, face: Face, width: f32, most: usize) -> Vec<String> {
    if face.width(text) <= width + 0.01 {
        return vec![text.to_owned()];
    }
    // No more than can be shown is broken: a cell may hold a book.
    let shown: String = text.chars().take(2_000).collect();
    let mut lines = text::lines(&shown, width, |text| face.width(text));
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last = face.fitted(&format!("{last}  …"), width);
            if !last.ends_with('…') {
                last.push('…');
            }
            *last = last.replace("  …", "…");
        }
    }
    lines
}

fn needs(written: &Written<'_>, size: u8, flow: &Flow<'_>) -> Result<Vec<Need>, Stopped> {
    let (regular, bold) = (Face::regular(size, theme::INK), Face::bold(size, theme::INK));
    let mut needs = vec![Need::default(); written.columns.len()];
    for row in &written.rows {
        flow.check()?;
        needs.iter_mut().zip(row).for_each(|(need, text)| need.add(text, regular));
    }
    for row in written.sums() {
        needs.iter_mut().zip(row).for_each(|(need, text)| need.add(text, bold));
    }
    Ok(needs)
}

/// The width that columns ask for. What can be broken into lines asks for no more than a third of the room:
/// a long text is a reason for lines, not for small print.
fn wanted(columns: &[&Column], needs: &[Need], room: f32) -> f32 {
    let one = |(column, need): (&&Column, &Need)| match column.width {
        Some(share) => share.clamp(0.0, 100.0) / 100.0 * room,
        None if column.align == Align::Right => need.width(),
        None => need.width().min(room / 3.0),
    };
    columns.iter().zip(needs).map(one).sum()
}

/// The widths of the columns, which together are `room`.
fn widths(columns: &[&Column], bodies: &[f32], headings: &[f32], words: &[f32], room: f32) -> Vec<f32> {
    // a share without an end has no part of a sum, and what is no number is no wish
    let wished =
        |column: &&Column| column.width.filter(|share| *share > 0.0).map(|share| share.min(10_000.0));
    let mut widths: Vec<f32> = bodies.iter().zip(headings).map(|(body, head)| body.max(*head)).collect();
    if widths.iter().sum::<f32>() > room {
        // The header may take several lines.
        widths = bodies.iter().zip(words).map(|(body, word)| body.max(*word)).collect();
    }
    let shares: f32 = columns.iter().filter_map(wished).sum();
    // Shares of more than the whole are shares of their sum.
    let whole = shares.max(100.0);
    let fixed: Vec<Option<f32>> =
        columns.iter().map(|column| wished(column).map(|share| share / whole * room)).collect();
    let taken: f32 = fixed.iter().flatten().sum();
    let free: Vec<usize> = (0..columns.len()).filter(|at| fixed[*at].is_none()).collect();
    for (width, fixed) in widths.iter_mut().zip(&fixed) {
        *width = fixed.unwrap_or(*width);
    }
    let left = room - taken;
    let needed: f32 = free.iter().map(|at| widths[*at]).sum();
    if free.is_empty() {
        let scale = room / taken.max(0.01);
        widths.iter_mut().for_each(|width| *width *= scale);
    } else if needed > left {
        // Texts give way first: a number in two lines is no number.
        let texts: Vec<usize> =
            free.iter().copied().filter(|at| columns[*at].align != Align::Right).collect();
        let numbers: f32 = needed - texts.iter().map(|at| widths[*at]).sum::<f32>();
        if texts.is_empty() || left - numbers < left * 0.2 {
            shrink(&mut widths, &free, left);
        } else {
            shrink(&mut widths, &texts, left - numbers);
        }
    } else {
        spread(&mut widths, columns, &free, left - needed);
    }
    widths
}

/// Makes the widest of these columns narrower until they fit, all of them to the same width.
fn shrink(widths: &mut [f32], which: &[usize], room: f32) {
    let mut sorted: Vec<f32> = which.iter().map(|at| widths[*at]).collect();
    sorted.sort_by(f32::total_cmp);
    let mut left = room.max(0.0);
    let mut limit = 0.0;
    for (at, width) in sorted.iter().enumerate() {
        limit = left / (sorted.len() - at) as f32;
        if *width > limit {
            break;
        }
        left -= width;
    }
    which.iter().for_each(|at| widths[*at] = widths[*at].min(limit));
}

/// Shares what is left, so that the columns stand evenly across the page: columns of numbers first become
/// as wide as the widest of them.
fn spread(widths: &mut [f32], columns: &[&Column], free: &[usize], mut left: f32) {
    let numbers: Vec<usize> = free.iter().copied().filter(|at| columns[*at].align == Align::Right).collect();
    let widest = numbers.iter().map(|at| widths[*at]).fold(0.0, f32::max);
    let even: f32 = numbers.iter().map(|at| widest - widths[*at]).sum();
    if even <= left {
        numbers.iter().for_each(|at| widths[*at] = widest);
        left -= even;
    }
    let share = left / free.len().max(1) as f32;
    free.iter().for_each(|at| widths[*at] += share);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Format;

    fn column(format: Format, width: Option<f32>) -> Column {
        Column { width, ..Column::new("c", "C", format) }
    }

    #[test]
    fn columns_always_fill_the_room_and_texts_give_way_before_numbers() {
        let (text, number) = (Format::Text, Format::Integer);
        // columns and their shares, what their texts need, what they get
        type Case<'a> = (&'a [(Format, Option<f32>)], &'a [f32], &'a [f32]);
        let table: [Case<'_>; 5] = [
            (&[(text, None), (number, None)], &[20.0, 10.0], &[55.0, 45.0]),
            (&[(text, None), (number, None)], &[300.0, 10.0], &[90.0, 10.0]),
            (&[(text, Some(70.0)), (number, None)], &[20.0, 10.0], &[70.0, 30.0]),
            (&[(text, Some(150.0)), (text, Some(50.0))], &[20.0, 10.0], &[75.0, 25.0]),
            (&[(text, None), (text, None), (number, None)], &[80.0, 30.0, 20.0], &[50.0, 30.0, 20.0]),
        ];
        for (columns, bodies, expected) in table {
            let columns: Vec<Column> =
                columns.iter().map(|(format, width)| column(*format, *width)).collect();
            let columns: Vec<&Column> = columns.iter().collect();
            let none = vec![0.0; columns.len()];
            assert_eq!(widths(&columns, bodies, &none, &none, 100.0), expected, "{bodies:?}");
        }
    }
}
