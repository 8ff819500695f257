//! What is decided once for all pages of a report: measures, colours, and how values are written.
//!
//! Every value that is drawn is written here, so there is one place that knows the locale.

use jiff::tz::Offset;

use super::{
    palette,
    theme::{self, size},
};
use crate::{
    catalog::{Color, DateStyle, Format, Orientation, RowStyle},
    generate::model::{Cell, Model},
    locale::Locale,
};

/// The page of a report. Lengths are in millimetres.
pub(super) struct Page<'a> {
    /// Width and height of the paper as it lies.
    pub(super) paper: (f32, f32),
    /// The left edge of the content.
    pub(super) left: f32,
    /// The width of the content.
    pub(super) width: f32,
    /// The first line of content on a page with a running title.
    pub(super) top: f32,
    /// Where content ends. The foot stands below.
    pub(super) bottom: f32,
    pub(super) accent: Color,
    /// The accent, where it covers an area.
    pub(super) soft: Color,
    /// The ground of a card and of every second row.
    pub(super) ground: Color,
    pub(super) rows: RowStyle,
    pub(super) model: &'a Model,
    locale: Locale,
    palette: Vec<Color>,
}

impl<'a> Page<'a> {
    /// The page that the look of `model` asks for.
    pub(super) fn of(model: &'a Model) -> Self {
        let look = &model.look;
        let (short, long) = look.paper.millimetres();
        let paper = match look.orientation {
            Orientation::Portrait => (short, long),
            Orientation::Landscape => (long, short),
        };
        let left = (paper.0 * 0.0953).clamp(12.0, 20.0);
        let accent = look.accent.unwrap_or(theme::ACCENT);
        let palette = if look.palette.is_empty() { palette::around(accent) } else { look.palette.clone() };
        Self {
            paper,
            left,
            width: paper.0 - 2.0 * left,
            top: 28.0,
            bottom: paper.1 - 21.0,
            accent,
            soft: palette::tint(accent, 0.55),
            ground: palette::tint(accent, 0.955),
            rows: look.rows,
            model,
            locale: Locale::or_english(&model.locale),
            palette,
        }
    }

    /// The right edge of the content.
    pub(super) fn right(&self) -> f32 {
        self.left + self.width
    }

    /// The colour of a series or a slice.
    pub(super) fn series(&self, at: usize) -> Color {
        palette::pick(&self.palette, at)
    }

    /// The largest type for the title that leaves it whole on this paper.
    pub(super) fn title_size(&self) -> u8 {
        if self.paper.0 < 180.0 { size::TITLE - 6 } else { size::TITLE }
    }

    /// A value beside a heading that names the currency.
    pub(super) fn cell(&self, cell: &Cell, format: Format) -> String {
        self.locale.cell(cell, format, None)
    }

    /// A value that stands alone.
    pub(super) fn amount(&self, cell: &Cell, format: Format) -> String {
        self.locale.cell(cell, format, self.model.currency.as_deref())
    }

    /// A number of an axis whose steps need so many digits.
    pub(super) fn tick(&self, value: f64, digits: usize, format: Format) -> String {
        let digits = digits as u8;
        match format {
            Format::Percent { .. } => self.locale.percent(value, digits),
            Format::Money { .. } => self.locale.tick(value, digits, self.model.currency.as_deref()),
            _ => self.locale.number(value, digits),
        }
    }

    /// A share of a whole, from 0 to 1.
    pub(super) fn share(&self, share: f64) -> String {
        self.locale.percent(share * 100.0, 0)
    }

    /// The currency as it stands in a heading.
    pub(super) fn sign(&self) -> Option<&str> {
        self.model.currency.as_deref().map(|currency| self.locale.currency_sign(currency))
    }

    /// Where the digits after the point begin; the end of a number without them.
    pub(super) fn point(&self, number: &str) -> usize {
        number
            .rfind(self.locale.point())
            .or_else(|| number.rfind(|c: char| c.is_ascii_digit()).map(|at| at + 1))
            .unwrap_or(number.len())
    }

    /// The number of a page.
    pub(super) fn page_of(&self, page: usize, pages: usize) -> String {
        self.locale.words().page_of(page, pages)
    }

    /// The title of a group on a page that it did not begin on.
    pub(super) fn continued(&self, title: &str) -> String {
        format!("{title} ({})", self.locale.words().continued)
    }

    /// The slices of a pie that are too many to be shown one by one.
    pub(super) fn others(&self, count: usize) -> String {
        self.locale.words().others(count)
    }

    /// The line at the foot of every page.
    pub(super) fn foot(&self) -> String {
        if let Some(footer) = &self.model.look.footer {
            return footer.clone();
        }
        let (words, created) = (self.locale.words(), self.model.created_at);
        let day = self.locale.date(Offset::UTC.to_datetime(created).date(), DateStyle::Long);
        let created = format!("{} {day}, {}", words.created, created.strftime("%H:%M UTC"));
        match &self.model.currency {
            Some(currency) => format!("{created} · {}", words.amounts_in(currency)),
            None => created,
        }
    }
}
