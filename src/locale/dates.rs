//! Days, in the words and the order of a locale.

use std::{fmt, sync::OnceLock};

use icu_calendar::Gregorian;
use icu_datetime::{
    DateTimeFormatterPreferences, FixedCalendarDateTimeFormatter as Formatter,
    fieldsets::{YM, YMD, YMDE},
    input::Date as IcuDate,
    options::YearStyle,
};
use icu_locale_core::Locale as Tag;
use jiff::civil::Date;

use crate::value::DateStyle;

/// Writes days. Each pattern is loaded when it is first used: a report needs one or two of them.
pub(super) struct Calendar {
    tag: Tag,
    short: Pattern<YMD>,
    medium: Pattern<YMD>,
    long: Pattern<YMD>,
    full: Pattern<YMDE>,
    month: Pattern<YM>,
}

type Pattern<FieldSet> = OnceLock<Option<Formatter<Gregorian, FieldSet>>>;

/// Loads a pattern on first use and writes a day with it. A macro, because the type of each pattern has bounds that
/// only its own field set fulfils.
macro_rules! written {
    ($self:ident, $pattern:ident, $date:ident, $fields:expr) => {
        $self
            .$pattern
            .get_or_init(|| Formatter::try_new(DateTimeFormatterPreferences::from(&$self.tag), $fields).ok())
            .as_ref()
            .map(|formatter| formatter.format(&$date).to_string())
    };
}

impl Calendar {
    pub(super) fn of(tag: &Tag) -> Self {
        Self {
            tag: tag.clone(),
            short: Pattern::new(),
            medium: Pattern::new(),
            long: Pattern::new(),
            full: Pattern::new(),
            month: Pattern::new(),
        }
    }

    /// The day. A year before 1 or a style that the locale has no pattern for is written as ISO 8601 does.
    pub(super) fn date(&self, date: Date, style: DateStyle) -> String {
        let (Ok(month), Ok(day)) = (u8::try_from(date.month()), u8::try_from(date.day())) else {
            return date.to_string();
        };
        let Ok(known) = IcuDate::try_new_gregorian(date.year().into(), month, day) else {
            return date.to_string();
        };
        let written = match style {
            DateStyle::Iso => None,
            DateStyle::Short => written!(self, short, known, YMD::short().with_year_style(YearStyle::Full)),
            DateStyle::Medium => written!(self, medium, known, YMD::medium()),
            DateStyle::Long => written!(self, long, known, YMD::long()),
            DateStyle::Full => written!(self, full, known, YMDE::long()),
            DateStyle::Month => written!(self, month, known, YM::long()),
        };
        written.unwrap_or_else(|| date.to_string())
    }
}

impl fmt::Debug for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Calendar({})", self.tag)
    }
}
