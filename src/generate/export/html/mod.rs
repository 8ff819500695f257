//! The model as one page for a browser: nothing is fetched, nothing runs, and it prints like the PDF's sibling.
//!
//! ```text
//! Model ──page, table──► texts ──┐
//!       ──chart────────► marks ──┴──report.html──► bytes
//! ```
//!
//! The template escapes whatever it is given. Three things go into it as they are, and each is made here out of
//! checked parts: the style sheet, the pictures and the colours.

mod axis;
mod chart;
mod colors;
mod page;
mod pie;
mod style;
mod table;

use std::{io, sync::LazyLock};

use minijinja::{Environment, Value, syntax::SyntaxConfig, value::Serde};

use crate::{
    generate::{GenerateError, Model},
    work::Monitor,
};

/// The ending makes minijinja escape for HTML.
const NAME: &str = "report.html";

static TEMPLATE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("a syntax with the usual delimiters"));
    environment.add_template(NAME, include_str!("report.html")).expect("a template that a test renders");
    environment
});

/// The page.
pub(super) fn document(model: &Model, monitor: &Monitor) -> Result<Vec<u8>, GenerateError> {
    let locale = super::locale(model)?;
    let page = page::page(model, &locale, monitor)?;
    let failed =
        |error: minijinja::Error| GenerateError::permanent("the report could not be written as HTML", error);
    let template = TEMPLATE.get_template(NAME).map_err(failed)?;
    let mut out = Watched { written: Vec::new(), monitor };
    match template.render_captured_to(Value::from(Serde(&page)), &mut out) {
        Ok(_) => Ok(out.written),
        Err(error) => {
            monitor.check()?;
            Err(failed(error))
        }
    }
}

/// Ends the rendering when nobody waits for it any more; a template has no other place to ask.
struct Watched<'a> {
    written: Vec<u8>,
    monitor: &'a Monitor,
}

impl io::Write for Watched<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.monitor.check().map_err(io::Error::other)?;
        self.written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
