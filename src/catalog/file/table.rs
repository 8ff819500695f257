//! Reading TOML so that every mistake is found in one go, each with its place.
//!
//! A member that is wrong is reported and read as missing, so that the rest is read all the same. A member
//! that nobody asked for is reported with the name that was probably meant.

use std::{cell::RefCell, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::catalog::{Mistake, Name, Place, check::nearest, template};

/// The text of a file and what was found wrong with it.
pub(super) struct Source<'i> {
    text: &'i str,
    mistakes: RefCell<Vec<(usize, String)>>,
    /// The templates that were read, and where: what they name is known only when all is read.
    templates: RefCell<Vec<(Range<usize>, String)>>,
}

impl<'i> Source<'i> {
    pub(super) fn new(text: &'i str) -> Self {
        Self { text, mistakes: RefCell::default(), templates: RefCell::default() }
    }

    /// Notes a mistake at a place in the text.
    pub(super) fn mistake(&self, at: &Range<usize>, detail: impl Into<String>) {
        self.mistakes.borrow_mut().push((at.start, detail.into()));
    }

    /// Checks every template that was read: what they are allowed to name is `known`.
    pub(super) fn check_templates(&self, environment: &minijinja::Environment<'_>, known: &[&str]) {
        for (at, text) in self.templates.take() {
            for detail in template::mistakes(environment, &text, known) {
                self.mistake(&at, detail);
            }
        }
    }

    /// The line and the character at this byte.
    pub(super) fn place(&self, at: usize) -> Place {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.rfind('\n').map_or(0, |end| end + 1);
        Place { line: before.matches('\n').count() + 1, column: before[line..].chars().count() + 1 }
    }

    /// The first character within the quotes of a text: a line break that follows the opening quotes is not
    /// part of it (TOML 1.0, multi-line strings).
    pub(super) fn beginning(&self, text: &Range<usize>) -> Place {
        let raw = self.text.get(text.clone()).unwrap_or_default();
        let quotes = if raw.starts_with("\"\"\"") || raw.starts_with("'''") { 3 } else { 1 };
        let rest = raw.get(quotes..).unwrap_or_default();
        let line_break =
            rest.len() - rest.strip_prefix("\r\n").or(rest.strip_prefix('\n')).unwrap_or(rest).len();
        self.place(text.start + quotes + if quotes == 3 { line_break } else { 0 })
    }

    /// Everything that is wrong, in the order of the file.
    pub(super) fn into_mistakes(self) -> Vec<Mistake> {
        let mut found = self.mistakes.take();
        found.sort_by_key(|(at, _)| *at);
        found.into_iter().map(|(at, detail)| Mistake { at: self.place(at), detail }).collect()
    }
}

/// A value and its place.
pub(super) type Value<'i> = Spanned<DeValue<'i>>;

/// A table, of which only these members are known.
#[derive(Clone)]
pub(super) struct Table<'a, 'i> {
    pub(super) source: &'a Source<'i>,
    members: &'a DeTable<'i>,
    span: Range<usize>,
}

/// A member of a table: its name, and where it stands.
pub(super) struct Member<'a, 'i> {
    pub(super) name: &'a str,
    pub(super) at: Range<usize>,
    pub(super) value: &'a Value<'i>,
}

impl<'a, 'i> Table<'a, 'i> {
    /// The whole file.
    pub(super) fn root(source: &'a Source<'i>, members: &'a DeTable<'i>, known: &[&str]) -> Self {
        let table = Self { source, members, span: 0..0 };
        table.refuse_unknown(known);
        table
    }

    /// The table that `value` is, if it is one.
    pub(super) fn of(source: &'a Source<'i>, value: &'a Value<'i>, known: &[&str]) -> Option<Self> {
        let table = Self::open(source, value)?;
        table.refuse_unknown(known);
        Some(table)
    }

    /// The table that `value` is, with members of any name.
    pub(super) fn open(source: &'a Source<'i>, value: &'a Value<'i>) -> Option<Self> {
        match value.get_ref() {
            DeValue::Table(members) => Some(Self { source, members, span: value.span() }),
            other => {
                source.mistake(&value.span(), format!("expected a table, not {}", named(other)));
                None
            }
        }
    }

    fn refuse_unknown(&self, known: &[&str]) {
        for member in self.members().filter(|member| !known.contains(&member.name)) {
            let detail = match nearest(member.name, known.iter().copied()) {
                Some(meant) => format!("“{}” is not known here; did you mean {meant}?", member.name),
                None => format!("“{}” is not known here; expected {}", member.name, known.join(", ")),
            };
            self.source.mistake(&member.at, detail);
        }
    }

    /// The members in the order of the file.
    pub(super) fn members(&self) -> impl Iterator<Item = Member<'a, 'i>> {
        let mut members: Vec<_> = self
            .members
            .iter()
            .map(|(name, value)| Member { name: name.get_ref(), at: name.span(), value })
            .collect();
        members.sort_by_key(|member| member.at.start);
        members.into_iter()
    }

    /// Notes a mistake about the whole table.
    pub(super) fn mistake(&self, detail: impl Into<String>) {
        self.source.mistake(&self.span, detail);
    }

    /// Notes a mistake at the value of a member, or at the table if there is no such member.
    pub(super) fn mistake_at(&self, name: &str, detail: impl Into<String>) {
        let at = self.get(name).map_or_else(|| self.span.clone(), Spanned::span);
        self.source.mistake(&at, detail);
    }

    /// The value of a member.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value<'i>> {
        self.members.get(name)
    }

    /// Whether there is such a member.
    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn read<T>(
        &self,
        name: &str,
        expected: &str,
        take: impl FnOnce(&'a DeValue<'i>) -> Option<T>,
    ) -> Option<T> {
        let value = self.get(name)?;
        let taken = take(value.get_ref());
        if taken.is_none() {
            let detail = format!("{name} must be {expected}, not {}", named(value.get_ref()));
            self.source.mistake(&value.span(), detail);
        }
        taken
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.read(name, "text", DeValue::as_str)
    }

    /// A text that names something, and its place.
    pub(super) fn name(&self, name: &str) -> Option<Name> {
        let text = self.text(name)?.to_owned();
        Some(Name { text, at: self.source.place(self.get(name)?.span().start) })
    }

    /// A text of several lines, and the place of its first character.
    pub(super) fn statement(&self, name: &str) -> Option<(&'a str, Place)> {
        Some((self.text(name)?, self.source.beginning(&self.get(name)?.span())))
    }

    /// A list of texts that name something, each with its place; one text stands for a list of one.
    pub(super) fn names(&self, name: &str) -> Option<Vec<Name>> {
        let texts = self.texts(name)?;
        let value = self.get(name)?;
        let places: Vec<_> = match value.get_ref() {
            DeValue::Array(items) => items.iter().map(Spanned::span).collect(),
            _ => vec![value.span()],
        };
        let one =
            |(text, at): (&str, Range<usize>)| Name { text: text.into(), at: self.source.place(at.start) };
        Some(texts.into_iter().zip(places).map(one).collect())
    }

    /// A text that is a template.
    pub(super) fn template(&self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        let at = self.get(name)?.span();
        self.source.templates.borrow_mut().push((at, text.to_owned()));
        Some(text.to_owned())
    }

    /// Yes or no.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.read(name, "true or false", DeValue::as_bool)
    }

    /// A whole number from `least` to `most`.
    pub(super) fn whole<T: TryFrom<i64>>(&self, name: &str, least: i64, most: i64) -> Option<T> {
        let expected = match (least, most) {
            (i64::MIN, i64::MAX) => "a whole number".to_owned(),
            (least, i64::MAX) => format!("a whole number of at least {least}"),
            (least, most) => format!("a whole number from {least} to {most}"),
        };
        self.read(name, &expected, |value| {
            let number = whole(value)?;
            (least..=most).contains(&number).then(|| T::try_from(number).ok()).flatten()
        })
    }

    /// A number.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.read(name, "a number", |value| json(value)?.as_f64())
    }

    /// A number from `least` to `most`.
    pub(super) fn length(&self, name: &str, least: f64, most: f64) -> Option<f32> {
        self.read(name, &format!("a number from {least} to {most}"), |value| {
            let number = json(value)?.as_f64()?;
            (least..=most).contains(&number).then_some(number as f32)
        })
    }

    /// Any value that JSON knows too.
    pub(super) fn json(&self, name: &str) -> Option<serde_json::Value> {
        self.read(name, "a value that JSON knows", json)
    }

    /// A list of texts; one text stands for a list of one.
    pub(super) fn texts(&self, name: &str) -> Option<Vec<&'a str>> {
        self.read(name, "a list of texts", |value| match value {
            DeValue::String(text) => Some(vec![&**text]),
            DeValue::Array(items) => items.iter().map(|item| item.get_ref().as_str()).collect(),
            _ => None,
        })
    }

    /// One of these words.
    pub(super) fn word<T: Clone>(&self, name: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meant)| meant.clone());
        if found.is_none() {
            self.mistake_at(name, not_one_of(name, text, words.iter().map(|(word, _)| *word)));
        }
        found
    }

    /// A value that is written as text.
    pub(super) fn parsed<T>(&self, name: &str) -> Option<T>
    where
        T: std::str::FromStr<Err: std::fmt::Display>,
    {
        let parsed = self.text(name)?.parse();
        parsed.map_err(|error: T::Err| self.mistake_at(name, format!("{name}: {error}"))).ok()
    }

    /// A table within this one, of which only these members are known.
    pub(super) fn table(&self, name: &str, known: &[&str]) -> Option<Self> {
        Table::of(self.source, self.get(name)?, known)
    }

    /// A table within this one whose members have names of the author's choice.
    pub(super) fn entries(&self, name: &str) -> impl Iterator<Item = Member<'a, 'i>> {
        let table = self.get(name).and_then(|value| Table::open(self.source, value));
        table.into_iter().flat_map(|table| table.members().collect::<Vec<_>>())
    }

    /// A list of tables, as in `[[section]]`.
    pub(super) fn list(&self, name: &str) -> &'a [Value<'i>] {
        self.read(name, "a list of tables", |value| value.as_array().map(|items| &**items))
            .unwrap_or_default()
    }
}

/// What to say about a text that is none of `words`.
pub(super) fn not_one_of<'w>(what: &str, text: &str, words: impl Iterator<Item = &'w str> + Clone) -> String {
    match nearest(text, words.clone()) {
        Some(meant) => format!("{what}: “{text}” is not known; did you mean {meant}?"),
        None => format!("{what}: “{text}” is not known; expected {}", words.collect::<Vec<_>>().join(", ")),
    }
}

fn whole(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn json(value: &DeValue<'_>) -> Option<serde_json::Value> {
    Some(match value {
        DeValue::String(text) => (&**text).into(),
        DeValue::Integer(_) => whole(value)?.into(),
        DeValue::Float(number) => serde_json::Number::from_f64(number.as_str().parse().ok()?)?.into(),
        DeValue::Boolean(yes) => (*yes).into(),
        DeValue::Datetime(time) => time.to_string().into(),
        DeValue::Array(items) => {
            items.iter().map(|item| json(item.get_ref())).collect::<Option<Vec<_>>>()?.into()
        }
        DeValue::Table(_) => return None,
    })
}

fn named(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date without quotes",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
