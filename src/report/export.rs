//! The formats in which a finished report can be had beside its PDF.

/// A format that is made from the model when it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// The rows, for programs and spreadsheets (RFC 4180).
    Csv,
    /// A workbook with numbers and dates that can be reckoned with (ISO/IEC 29500).
    Xlsx,
    /// One page for a browser that needs nothing beside it.
    Html,
}

/// There is no such format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected csv, xlsx or html")]
pub struct UnknownFormat;

impl ExportFormat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Xlsx, Self::Html];

    /// Its name: the last segment of its URL and the ending of its file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Html => "html",
        }
    }

    /// Its media type, without parameters.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Html => "text/html",
        }
    }
}

impl std::str::FromStr for ExportFormat {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.into_iter().find(|format| format.name() == text).ok_or(UnknownFormat)
    }
}
