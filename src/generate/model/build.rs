//! From the rows of the queries to a model.

use std::sync::Arc;

use super::{
    Image, Model, Section,
    chart::chart,
    columns::{Shown, Unfit, shown},
    cross::{Cross, MOST_CELLS, MOST_COLUMNS},
    names, picture,
    subtitle::subtitle,
    table::table,
    texts::Texts,
};
use crate::{
    catalog::{self, Look, Query, ReportType},
    data::Rows,
    generate::{GenerateError, Order},
    locale::Locale,
    work::{Monitor, Stopped},
};

/// Puts the rows into a model. `answers` has the rows of each query of the page.
pub(in crate::generate) fn build(
    order: &Order<'_>,
    answers: &[Arc<Rows>],
    monitor: &Monitor,
) -> Result<Model, GenerateError> {
    let report_type = order.report_type;
    let page = &report_type.page;
    let known =
        |query: usize| Some(answers[query].columns.iter().map(|column| column.name.clone()).collect());
    let mistakes = names::mistakes(page, known);
    if !mistakes.is_empty() {
        let lines: Vec<String> =
            mistakes.iter().map(|mistake| format!("{}:{mistake}", report_type.file)).collect();
        let detail = "the report type names a column that its query does not return";
        return Err(GenerateError::permanent(detail, lines.join("\n")));
    }
    let locale = Arc::new(Locale::new(&report_type.locale).map_err(|error| {
        GenerateError::permanent("the report type has a locale that is not known", error)
    })?);
    let maker = Maker {
        report_type,
        answers,
        texts: Texts::new(report_type, order.parameters, answers, &locale),
        locale: &locale,
        monitor,
    };
    let mut sections = Vec::with_capacity(page.sections.len());
    for asked in &page.sections {
        sections.extend(maker.section(asked)?);
    }
    let is_content = |section: &Section| !matches!(section, Section::Heading { .. } | Section::PageBreak);
    if !page.queries.is_empty() && answers.iter().all(|rows| rows.rows.is_empty())
        || !sections.iter().any(is_content)
    {
        sections = vec![Section::Text { paragraphs: maker.texts.paragraphs(&page.nothing)? }];
    }
    let texts = &maker.texts;
    let plain = |template: &Option<String>| template.as_deref().map(|text| texts.plain(text)).transpose();
    Ok(Model {
        report_type: report_type.name.clone(),
        title: texts.plain(&report_type.title)?,
        subtitle: match plain(&page.subtitle)? {
            Some(text) => text,
            None => subtitle(report_type, order.parameters, &locale),
        },
        author: report_type.author.clone(),
        parameters: order.parameters.clone(),
        created_at: order.created_at,
        locale: report_type.locale.clone(),
        currency: report_type.currency.clone(),
        look: Look {
            logo: page.logo.as_ref().map(|name| picture::data_url(report_type, name)).transpose()?,
            header: plain(&page.look.header)?,
            footer: plain(&page.look.footer)?,
            ..page.look.clone()
        },
        sections,
        warnings: Vec::new(),
    })
}

/// What every section needs.
struct Maker<'a> {
    report_type: &'a ReportType,
    answers: &'a [Arc<Rows>],
    texts: Texts,
    locale: &'a Locale,
    monitor: &'a Monitor,
}

impl Maker<'_> {
    /// The section with its rows; nothing when its query returned none.
    fn section(&self, asked: &catalog::Section) -> Result<Option<Section>, GenerateError> {
        use catalog::Section as Asked;
        Ok(Some(match asked {
            Asked::Heading { text, level } => {
                Section::Heading { text: self.texts.plain(text)?, level: *level }
            }
            Asked::Text { text } => match self.texts.paragraphs(text)? {
                paragraphs if paragraphs.is_empty() => return Ok(None),
                paragraphs => Section::Text { paragraphs },
            },
            Asked::PageBreak => Section::PageBreak,
            Asked::Image { file, width, alt, caption } => Section::Image(Image {
                alt: alt.clone(),
                source: picture::data_url(self.report_type, file)?,
                width: *width,
                caption: caption.as_deref().map(|text| self.texts.plain(text)).transpose()?,
            }),
            Asked::KeyFigures { query, columns } => {
                let Some(rows) = self.rows(*query) else { return Ok(None) };
                let figures = shown(rows, columns).into_iter().map(|shown| {
                    let value =
                        shown.cell(rows, 0, self.locale).map_err(|unfit| self.unfit(*query, &unfit))?;
                    Ok(super::Figure {
                        name: shown.column.name,
                        title: shown.column.title,
                        format: shown.column.format,
                        value,
                    })
                });
                Section::KeyFigures { figures: figures.collect::<Result<_, GenerateError>>()? }
            }
            Asked::Chart { title, kind, query, by, columns } => {
                let Some(rows) = self.rows(*query) else { return Ok(None) };
                let by = by.as_ref().and_then(|by| rows.position(&by.text));
                let title = self.texts.plain(title)?;
                let made = chart(title, *kind, rows, &shown(rows, columns), by, self.locale);
                Section::Chart(made.map_err(|unfit| self.unfit(*query, &unfit))?)
            }
            Asked::Table { title, query, groups, columns } => {
                let Some(rows) = self.rows(*query) else { return Ok(None) };
                let shown = shown(rows, columns);
                let groups: Vec<usize> = groups
                    .iter()
                    .filter_map(|name| shown.iter().position(|column| column.column.name == name.text))
                    .collect();
                let cells = self.cells(*query, rows, &shown)?;
                Section::Table(table(self.texts.plain(title)?, &shown, &groups, cells, self.locale))
            }
            Asked::Cross { title, query, down, across, columns } => {
                let Some(rows) = self.rows(*query) else { return Ok(None) };
                return self.cross(
                    self.texts.plain(title)?,
                    *query,
                    rows,
                    (&down.text, &across.text),
                    columns,
                );
            }
        }))
    }

    fn rows(&self, query: usize) -> Option<&Rows> {
        Some(&*self.answers[query]).filter(|rows| !rows.rows.is_empty())
    }

    fn cells(
        &self,
        query: usize,
        rows: &Rows,
        shown: &[Shown],
    ) -> Result<Vec<Vec<super::Cell>>, GenerateError> {
        let row = |at: usize| {
            self.monitor.check().map_err(|stopped: Stopped| GenerateError::from(stopped))?;
            let cell = |column: &Shown| {
                column.cell(rows, at, self.locale).map_err(|unfit| self.unfit(query, &unfit))
            };
            shown.iter().map(cell).collect()
        };
        (0..rows.rows.len()).map(row).collect()
    }

    fn cross(
        &self,
        title: String,
        query: usize,
        rows: &Rows,
        (down, across): (&str, &str),
        columns: &[catalog::Column],
    ) -> Result<Option<Section>, GenerateError> {
        let shown = shown(rows, columns);
        let find = |name: &str| shown.iter().find(|column| column.column.name == name);
        let measure = shown.iter().find(|column| ![down, across].contains(&column.column.name.as_str()));
        let (Some(down), Some(across), Some(measure)) = (find(down), find(across), measure) else {
            let detail = "expected a column for the rows, one for the columns and one to measure".to_owned();
            return Err(self.unfit(query, &Unfit { row: 1, column: down.to_owned(), detail }));
        };
        let mut cross = Cross::default();
        for at in 0..rows.rows.len() {
            self.monitor.check()?;
            let cell = |column: &Shown| {
                column.cell(rows, at, self.locale).map_err(|unfit| self.unfit(query, &unfit))
            };
            let name = |column: &Shown| {
                Ok::<_, GenerateError>(self.locale.cell(&cell(column)?, column.column.format, None))
            };
            let value = match cell(measure)? {
                super::Cell::Nothing => 0.0,
                value => value.number().ok_or_else(|| {
                    let text = self.locale.cell(&value, measure.column.format, None);
                    let detail = format!("“{text}” is not a number, and a cross table adds up numbers");
                    self.unfit(query, &Unfit { row: at + 1, column: measure.column.name.clone(), detail })
                })?,
            };
            cross.add(name(down)?, name(across)?, value);
            if cross.is_too_large() {
                let detail = format!(
                    "a cross table has more than {MOST_COLUMNS} columns or {MOST_CELLS} cells; the query must gather them"
                );
                let column = across.column.name.clone();
                return Err(self.unfit(query, &Unfit { row: at + 1, column, detail }));
            }
        }
        Ok(cross.into_section(title, &down.column, &measure.column, self.locale.words().total))
    }

    /// Says which value does not fit: the query and the place to the reader, the file and the line to the author.
    fn unfit(&self, query: usize, unfit: &Unfit) -> GenerateError {
        let Query { name, at, .. } = &self.report_type.page.queries[query];
        let Unfit { row, column, detail } = unfit;
        let place = format!("row {row} of the query of {name}, column {column}: {detail}");
        GenerateError::permanent(
            format!("the data does not fit the report: {place}"),
            format!("{}:{at}: {place}", self.report_type.file),
        )
    }
}
