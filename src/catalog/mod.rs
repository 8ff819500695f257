//! Report types: what can be asked for, and what each of them takes and shows.
//!
//! A [`ReportType`] is a description and nothing else: its [`Parameter`]s, the [`Source`] of its rows and
//! the [`Page`] that its queries fill. Nothing here runs a query or draws a line; `generate` does, for any
//! type. So a report type that comes from elsewhere than this program only has to end up in this shape.
//!
//! ```text
//! JSON members ──ReportType::check──► Parameters, or every Fault at once
//! ReportType ──ReportType::json_schema──► what a form or a client needs to know
//! ```

mod check;
mod coffee;
mod data;
mod day;
mod format;
mod kind;
mod look;
mod page;
mod parameter;
mod report_type;
mod reserved;
mod schema;
mod source;

pub use data::{ColumnType, Data, Limits, Origin, Server};
pub use day::{Anchor, Day, NoDay, today};
pub use format::{DateStyle, Format};
pub use kind::{Kind, LIST_LENGTH, Pattern, TEXT_LENGTH};
pub use look::{Color, Look, NoColor, Orientation, Paper, RowStyle};
pub use page::{Column, Figure, Page, Query, Section};
pub use parameter::{Parameter, Preset};
pub use report_type::ReportType;
pub use reserved::RESERVED;
pub use schema::Summary;
pub use source::{Sample, Source};

/// The report types of this server, in the order in which they are shown.
#[derive(Clone, Debug)]
pub struct Catalog {
    types: Vec<ReportType>,
}

impl Catalog {
    /// The report types that are part of the program.
    pub fn builtin() -> Self {
        Self { types: vec![coffee::report_type()] }
    }

    /// The report type with this name, as in `COFFEE_SALES`.
    pub fn get(&self, name: &str) -> Option<&ReportType> {
        self.types.iter().find(|report_type| report_type.name == name)
    }

    /// The name that someone who wrote `name` may have meant.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        check::nearest(name, self.types.iter().map(|report_type| report_type.name.as_str()))
    }

    /// Every report type.
    pub fn iter(&self) -> impl Iterator<Item = &ReportType> {
        self.types.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builtin_report_type_is_sound_and_found_by_its_name() {
        let catalog = Catalog::builtin();
        assert!(catalog.iter().count() > 0);
        for report_type in catalog.iter() {
            assert_eq!(report_type.validate(), [], "{}", report_type.name);
            assert_eq!(catalog.get(&report_type.name).map(|found| &found.name), Some(&report_type.name));
        }
        assert!(catalog.get("coffee_sales").is_none());
        assert_eq!(catalog.nearest("COFFE_SALES"), Some("COFFEE_SALES"));
        assert_eq!(catalog.nearest("PAYROLL"), None);
    }
}
