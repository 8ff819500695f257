//! Texts with values in them: templates, and the Markdown of paragraphs.

use std::{borrow::Cow, collections::BTreeMap, fmt::Write as _, sync::Arc};

use minijinja::{
    Environment, Error, Output, State, Value,
    value::{Enumerator, Object, ObjectRepr, Serde},
};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::{Cell, Span, is_safe_link};
use crate::{
    catalog::{self, ReportType},
    data::Rows,
    generate::GenerateError,
    locale::Locale,
    report::Parameters,
};

/// Renders the templates of one report.
pub(super) struct Texts {
    plain: Environment<'static>,
    /// Values stand in it as text, whatever signs of Markdown are in them: a parameter must not become a link.
    markdown: Environment<'static>,
    context: Value,
    file: String,
}

impl Texts {
    /// The parameters and the named queries of `report_type` can stand in a text.
    pub(super) fn new(
        report_type: &ReportType,
        parameters: &Parameters,
        answers: &[Arc<Rows>],
        locale: &Arc<Locale>,
    ) -> Self {
        let mut context: BTreeMap<String, Value> = BTreeMap::new();
        for (name, value) in parameters {
            context.insert(name.clone(), Value::from(Serde(value)));
        }
        for (query, rows) in report_type.page.queries.iter().zip(answers) {
            if query.named {
                context.insert(query.name.clone(), Value::from_object(Answer(Arc::clone(rows))));
            }
        }
        let environment = || catalog::environment(Arc::clone(locale), report_type.currency.as_deref());
        let (mut plain, mut markdown) = (environment(), environment());
        plain.set_formatter(|output, _, value| Ok(output.write_str(&written(value))?));
        markdown.set_formatter(escaped);
        Self { plain, markdown, context: Value::from(context), file: report_type.file.clone() }
    }

    /// The text that `template` makes.
    pub(super) fn plain(&self, template: &str) -> Result<String, GenerateError> {
        self.render(&self.plain, template)
    }

    /// The paragraphs that `template` makes.
    pub(super) fn paragraphs(&self, template: &str) -> Result<Vec<Vec<Span>>, GenerateError> {
        Ok(paragraphs(&self.render(&self.markdown, template)?))
    }

    fn render(&self, environment: &Environment<'_>, template: &str) -> Result<String, GenerateError> {
        // most have nothing to fill in
        if !template.contains('{') {
            return Ok(template.to_owned());
        }
        environment.render_str(template, &self.context).map_err(|error| {
            let author = format!("{}: the template “{template}”: {error:#}", self.file);
            GenerateError::permanent("a text of the report could not be made", author)
        })
    }
}

fn written(value: &Value) -> Cow<'_, str> {
    match value.as_str() {
        Some(text) => text.into(),
        None if value.is_undefined() || value.is_none() => "".into(),
        None => value.to_string().into(),
    }
}

fn escaped(output: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    for character in written(value).chars() {
        match character {
            '\n' | '\r' => output.write_char(' ')?,
            // CommonMark, section 2.4: a backslash before any of them makes it text
            _ if character.is_ascii_punctuation() => write!(output, "\\{character}")?,
            _ => output.write_char(character)?,
        }
    }
    Ok(())
}

/// Markdown as far as paragraphs, bold text, links and lists go; everything else is its text.
fn paragraphs(markdown: &str) -> Vec<Vec<Span>> {
    let mut paragraphs = Vec::new();
    let mut spans: Vec<Span> = Vec::new();
    let (mut bold, mut href) = (0_u32, None::<String>);
    for event in Parser::new(markdown) {
        let text: Cow<'_, str> = match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                text.into_string().into()
            }
            Event::SoftBreak => " ".into(),
            Event::HardBreak => "\n".into(),
            Event::Start(Tag::Item) => "• ".into(),
            Event::Start(Tag::Strong | Tag::Heading { .. }) => {
                bold += 1;
                continue;
            }
            Event::Start(Tag::Link { dest_url, .. }) => {
                href = Some(dest_url.into_string()).filter(|href| is_safe_link(href));
                continue;
            }
            Event::End(end) => {
                match end {
                    TagEnd::Strong => bold = bold.saturating_sub(1),
                    TagEnd::Link => href = None,
                    TagEnd::Paragraph | TagEnd::Item | TagEnd::Heading(_) | TagEnd::CodeBlock => {
                        if matches!(end, TagEnd::Heading(_)) {
                            bold = bold.saturating_sub(1);
                        }
                        if !spans.is_empty() {
                            paragraphs.push(std::mem::take(&mut spans));
                        }
                    }
                    _ => {}
                }
                continue;
            }
            _ => continue,
        };
        match spans.last_mut() {
            Some(last) if last.bold == (bold > 0) && last.href == href => last.text.push_str(&text),
            _ => spans.push(Span { text: text.into_owned(), bold: bold > 0, href: href.clone() }),
        }
    }
    if !spans.is_empty() {
        paragraphs.push(spans);
    }
    paragraphs
}

/// The rows of a query, as a template sees them: a list of rows. Nothing is copied until it is named.
#[derive(Debug)]
struct Answer(Arc<Rows>);

#[derive(Debug)]
struct Row {
    rows: Arc<Rows>,
    at: usize,
}

impl Object for Answer {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let at = key.as_usize().filter(|at| *at < self.0.rows.len())?;
        Some(Value::from_object(Row { rows: Arc::clone(&self.0), at }))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.rows.len())
    }
}

impl Object for Row {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let cell = &self.rows.rows[self.at][self.rows.position(key.as_str()?)?];
        Some(match cell {
            Cell::Nothing => Value::from(()),
            Cell::Integer(number) => Value::from(*number),
            Cell::Decimal(number) => Value::from(*number),
            Cell::Text(text) | Cell::Link { text, .. } => Value::from(text.as_str()),
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.rows.columns.iter().map(|column| Value::from(column.name.as_str())).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(parameters: serde_json::Value) -> Texts {
        let toml = "[parameters.town]\n[queries]\nby_town = \"SELECT 1\"\n[[section]]\nquery = \"by_town\"";
        let report_type = catalog::file::read(toml, std::path::Path::new("towns.toml")).unwrap();
        let rows = Rows {
            columns: ["town", "n"]
                .map(|name| crate::data::RowColumn { name: name.into(), declared: None })
                .into(),
            rows: vec![
                vec![Cell::Text("Αθήνα".into()), Cell::Integer(3)],
                vec![Cell::Text("a*b*".into()), Cell::Nothing],
            ],
        };
        let locale = Arc::new(Locale::new("en-GB").unwrap());
        Texts::new(&report_type, parameters.as_object().unwrap(), &[Arc::new(rows)], &locale)
    }

    #[test]
    fn parameters_and_rows_stand_in_texts() {
        let texts = texts(json!({"town": "Zürich"}));
        let table = [
            ("plain", "plain"),
            ("in {{ town }}", "in Zürich"),
            ("{{ by_town[0].town }}: {{ by_town[0].n }}", "Αθήνα: 3"),
            ("{{ by_town|length }} {% for row in by_town %}{{ row.n }};{% endfor %}", "2 3;;"),
            ("{{ by_town[9].town }}|", "|"),
        ];
        for (template, expected) in table {
            assert_eq!(texts.plain(template).unwrap(), expected, "{template}");
        }
        assert!(texts.plain("{{ town / 2 }}").is_err());
    }

    #[test]
    fn values_are_text_and_never_markdown() {
        let hostile = texts(json!({"town": "**x** [y](https://evil.example)\n# z"}));
        let spans = hostile.paragraphs("**{{ town }}** and [us](https://example.org)").unwrap().remove(0);
        let found: Vec<_> =
            spans.iter().map(|span| (span.text.as_str(), span.bold, span.href.as_deref())).collect();
        let expected = [
            ("**x** [y](https://evil.example) # z", true, None),
            (" and ", false, None),
            ("us", false, Some("https://example.org")),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn markdown_is_read_as_far_as_a_page_can_show_it() {
        let found = paragraphs("One\ntwo **three**\n\n- a\n- b\n\n[no](javascript:alert(1)) <b>tag</b>");
        let texts: Vec<String> =
            found.iter().map(|spans| spans.iter().map(|span| span.text.as_str()).collect()).collect();
        assert_eq!(texts, ["One two three", "• a", "• b", "no <b>tag</b>"]);
        assert!(found.iter().flatten().all(|span| span.href.is_none()));
    }
}
