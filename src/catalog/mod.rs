//! Report types: what can be asked for, and what each of them takes and shows.
//!
//! A [`ReportType`] is a description and nothing else: its [`Parameter`]s, the [`Data`] that it reads and
//! the [`Page`] that its queries fill. Nothing here runs a query or draws a line; `generate` does, for any
//! type.
//!
//! ```text
//! TOML ──file::read──► ReportType, or every Mistake with its line and column
//! a folder of them ──Library──► Catalog, again whenever a file changes
//! JSON members ──ReportType::check──► Parameters, or every Fault at once
//! ReportType ──ReportType::json_schema──► what a form or a client needs to know
//! ```

mod check;
mod data;
mod day;
pub mod file;
mod kind;
mod library;
mod look;
mod page;
mod parameter;
mod place;
mod report_type;
mod reserved;
mod samples;
mod schema;
mod template;
mod words;

use std::sync::Arc;

pub use crate::value::{DateStyle, Format};
pub use check::nearest;
pub use data::{ColumnType, Data, Limits, Origin, Server};
pub use day::{Anchor, Day, NoDay, today};
pub use kind::{Kind, LIST_LENGTH, Pattern, TEXT_LENGTH};
pub use library::{Broken, Library, type_files};
pub use look::{Color, Look, NoColor, Orientation, Paper, RowStyle};
pub use page::{Align, ChartKind, Column, Page, Query, Section, Template, Total};
pub use parameter::{Parameter, Preset};
pub use place::{Mistake, Name, Place};
pub use report_type::ReportType;
pub use reserved::RESERVED;
#[cfg(test)]
pub(crate) use samples::coffee;
pub use samples::unpack;
pub use schema::Summary;
pub use template::environment;
pub use words::humanised;

/// The report types of this server at one moment, in the order of their names.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    types: Vec<Known>,
}

/// A report type that can be asked for.
#[derive(Clone, Debug)]
struct Known {
    report_type: Arc<ReportType>,
    /// Its file has changed into something that cannot be read; this is what it was before.
    outdated: bool,
}

impl Catalog {
    /// A catalog of these report types. Of two with one name the later one counts.
    pub fn of(types: impl IntoIterator<Item = ReportType>) -> Self {
        let mut catalog = Self::default();
        for report_type in types {
            catalog.put(Arc::new(report_type), false);
        }
        catalog
    }

    fn put(&mut self, report_type: Arc<ReportType>, outdated: bool) {
        let known = Known { report_type, outdated };
        match self.types.binary_search_by(|other| other.report_type.name.cmp(&known.report_type.name)) {
            Ok(place) => self.types[place] = known,
            Err(place) => self.types.insert(place, known),
        }
    }

    /// The report type with this name, as in `COFFEE_SALES`.
    pub fn get(&self, name: &str) -> Option<&Arc<ReportType>> {
        self.iter().find(|report_type| report_type.name == name)
    }

    /// The name that someone who wrote `name` may have meant.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        check::nearest(name, self.types.iter().map(|known| known.report_type.name.as_str()))
    }

    /// Every report type.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ReportType>> {
        self.types.iter().map(|known| &known.report_type)
    }

    /// Every report type as a client sees it on the day `today`.
    pub fn summaries(&self, today: jiff::civil::Date) -> impl Iterator<Item = Summary<'_>> {
        self.types.iter().map(move |known| known.report_type.summary(today, known.outdated))
    }
}
