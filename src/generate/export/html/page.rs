//! What the template gets: every value a text already, every link one that may be followed.

use serde::Serialize;

use super::{
    chart::{self, Drawing},
    style,
    table::{self, Shown},
};
use crate::{
    generate::{
        Model,
        export::created,
        model::{Cell, Chart, Figure, Section, Span, is_safe_link},
    },
    locale::Locale,
    work::{Monitor, Stopped},
};

#[derive(Debug, Serialize)]
pub(super) struct Page {
    lang: String,
    title: String,
    subtitle: String,
    author: Option<String>,
    created: String,
    footer: Option<String>,
    logo: Option<String>,
    style: String,
    parts: Vec<Part>,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "is", rename_all = "camelCase")]
enum Part {
    Heading {
        level: u8,
        text: String,
    },
    Text {
        paragraphs: Vec<Vec<Span>>,
    },
    Figures {
        figures: Vec<Said>,
    },
    Chart {
        title: String,
        #[serde(flatten)]
        drawing: Drawing,
        spoken: Spoken,
    },
    Table(Shown),
    Image {
        source: String,
        alt: String,
        width: Option<f32>,
        caption: Option<String>,
    },
    Break,
}

#[derive(Debug, Serialize)]
struct Said {
    title: String,
    value: String,
}

/// The values of a chart, for those who hear the page.
#[derive(Debug, Serialize)]
struct Spoken {
    columns: Vec<String>,
    rows: Vec<SpokenRow>,
}

#[derive(Debug, Serialize)]
struct SpokenRow {
    label: String,
    values: Vec<String>,
}

/// The page of a model.
pub(super) fn page(model: &Model, locale: &Locale, monitor: &Monitor) -> Result<Page, Stopped> {
    let mut parts = Vec::with_capacity(model.sections.len());
    for section in &model.sections {
        parts.extend(part(section, model, locale, monitor)?);
    }
    Ok(Page {
        lang: model.locale.clone(),
        title: model.title.clone(),
        subtitle: model.subtitle.clone(),
        author: model.author.clone(),
        created: created(model, locale),
        footer: model.look.footer.clone(),
        logo: model.look.logo.clone().filter(|source| is_picture(source)),
        style: style::style(model, locale),
        parts,
        warnings: model.warnings.clone(),
    })
}

fn part(
    section: &Section,
    model: &Model,
    locale: &Locale,
    monitor: &Monitor,
) -> Result<Option<Part>, Stopped> {
    Ok(Some(match section {
        Section::Heading { text, level } => Part::Heading { level: *level, text: text.clone() },
        Section::Text { paragraphs } => {
            Part::Text { paragraphs: paragraphs.iter().map(|spans| followable(spans)).collect() }
        }
        Section::KeyFigures { figures } => {
            let said = |figure: &Figure| Said {
                title: figure.title.clone(),
                value: locale.cell(&figure.value, figure.format, model.currency.as_deref()),
            };
            Part::Figures { figures: figures.iter().map(said).collect() }
        }
        Section::Chart(chart) => Part::Chart {
            title: chart.title.clone(),
            drawing: chart::draw(chart, model, locale),
            spoken: spoken(chart, model, locale),
        },
        Section::Table(table) => Part::Table(table::shown(table, model, locale, monitor)?),
        Section::Image(image) => {
            if !is_picture(&image.source) {
                return Ok(None);
            }
            let (alt, caption) = (image.alt.clone(), image.caption.clone());
            let width = image.width.filter(|width| width.is_finite());
            Part::Image { source: image.source.clone(), alt, width, caption }
        }
        Section::PageBreak => Part::Break,
    }))
}

fn followable(spans: &[Span]) -> Vec<Span> {
    let checked =
        |span: &Span| Span { href: span.href.clone().filter(|href| is_safe_link(href)), ..span.clone() };
    spans.iter().map(checked).collect()
}

fn spoken(chart: &Chart, model: &Model, locale: &Locale) -> Spoken {
    let row = |(at, label): (usize, &String)| SpokenRow {
        label: label.clone(),
        values: chart
            .series
            .iter()
            .map(|series| {
                let value = series.values.get(at).copied().flatten().map_or(Cell::Nothing, Cell::Decimal);
                locale.cell(&value, series.format, model.currency.as_deref())
            })
            .collect(),
    };
    Spoken {
        columns: chart.series.iter().map(|series| series.title.clone()).collect(),
        rows: chart.labels.iter().enumerate().map(row).collect(),
    }
}

/// Whether it is a picture and nothing else: it goes into the page as it is, because escaping would swell it.
fn is_picture(source: &str) -> bool {
    let kinds = ["data:image/png;base64,", "data:image/jpeg;base64,"];
    let content = kinds.iter().find_map(|kind| source.strip_prefix(kind));
    content.is_some_and(|content| {
        content.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
    })
}
