//! Texts with parameters and rows in them: minijinja, with fuel.
//!
//! A template can loop over rows, so it could loop over all of them a thousand times; the fuel ends that.
//! It has no way to a file, another template or the clock.

use std::sync::{Arc, LazyLock};

use minijinja::{Environment, ErrorKind, UndefinedBehavior};
use regex::Regex;

use super::check::nearest;
use crate::locale::{self, Locale};

/// How many steps one text may take: some ten thousand rows with a few words each.
const FUEL: u64 = 1_000_000;

/// The environment in which every text is rendered, with filters that write values as `locale` does.
pub fn environment(locale: Arc<Locale>, currency: Option<&str>) -> Environment<'static> {
    let mut environment = Environment::new();
    locale::add_filters(&mut environment, locale, currency.map(str::to_owned));
    environment.set_fuel(Some(FUEL));
    // a name that is not known is a mistake, and what a row lacks is an empty place
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_recursion_limit(32);
    environment
}

/// What is wrong with the text of a template that may name what is `known`.
pub(super) fn mistakes(environment: &Environment<'_>, text: &str, known: &[&str]) -> Vec<String> {
    let template = match environment.template_from_str(text) {
        Ok(template) => template,
        Err(error) => {
            let detail = error.detail().unwrap_or("it cannot be read").to_owned();
            let line = error.line().filter(|line| *line > 1);
            return vec![match line {
                Some(line) => format!("the template is wrong on its line {line}: {detail}"),
                None => format!("the template is wrong: {detail}"),
            }];
        }
    };
    let mut unknown_filters = filters(text);
    unknown_filters.retain(|name| !has_filter(environment, name));
    if let Some(name) = unknown_filters.first() {
        let hint = match nearest(name, FILTERS.into_iter()) {
            Some(meant) => format!("did you mean {meant}?"),
            None => format!("there is {}", FILTERS.join(", ")),
        };
        return vec![format!("the template has a filter “{name}”, which is not known; {hint}")];
    }
    let globals: Vec<&str> = environment.globals().map(|(name, _)| name).collect();
    let mut names: Vec<String> = template.undeclared_variables(false).into_iter().collect();
    names.sort();
    let unknown =
        names.iter().filter(|name| !known.contains(&name.as_str()) && !globals.contains(&name.as_str()));
    unknown
        .map(|name| match nearest(name, known.iter().copied()) {
            Some(meant) => format!("the template names “{name}”, which is not known; did you mean {meant}?"),
            None => format!(
                "the template names “{name}”, which is not known; there is {}",
                if known.is_empty() { "nothing to name".to_owned() } else { known.join(", ") }
            ),
        })
        .collect()
}

/// The filters that are worth naming to someone who wrote another.
const FILTERS: [&str; 12] = [
    "number", "money", "percent", "date", "datetime", "upper", "lower", "title", "join", "length", "default",
    "round",
];

/// The names that stand where a filter stands. The library looks them up only when a text is rendered, and
/// then only in the branch that is taken.
fn filters(text: &str) -> Vec<String> {
    #[expect(clippy::expect_used, reason = "constants, covered by a test")]
    fn pattern(text: &str) -> Regex {
        Regex::new(text).expect("a pattern")
    }
    static TAG: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?s)\{[{%](.*?)[}%]\}"));
    static QUOTED: LazyLock<Regex> = LazyLock::new(|| pattern(r#""[^"]*"|'[^']*'"#));
    static FILTER: LazyLock<Regex> = LazyLock::new(|| pattern(r"\|\s*([A-Za-z_][A-Za-z0-9_]*)"));
    let tags = TAG.captures_iter(text).map(|tag| QUOTED.replace_all(&tag[1], "''").into_owned());
    tags.flat_map(|tag| FILTER.captures_iter(&tag).map(|found| found[1].to_owned()).collect::<Vec<_>>())
        .collect()
}

fn has_filter(environment: &Environment<'_>, name: &str) -> bool {
    let probe = environment.render_str(&format!("{{{{ nothing|{name} }}}}"), ());
    !probe.is_err_and(|error| error.kind() == ErrorKind::UnknownFilter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn english() -> Environment<'static> {
        environment(Arc::new(Locale::new("en-GB").unwrap()), None)
    }

    #[test]
    fn what_a_template_names_has_to_be_known() {
        let known = ["town", "by_town"];
        assert_eq!(
            mistakes(&english(), "{{ town|upper }}: {% for row in by_town %}{{ row.n }}{% endfor %}", &known),
            [""; 0]
        );
        let table = [
            ("{{ twon }}", "did you mean town?"),
            ("{{ colour }}", "there is town, by_town"),
            ("{{ town", "the template is wrong"),
            ("one\n{% if %}", "on its line 2"),
            ("{{ town|nosuchfilter }}", "a filter “nosuchfilter”, which is not known; there is number"),
            ("{% if false %}{{ town|uper('|x') }}{% endif %}", "did you mean upper?"),
        ];
        for (text, expected) in table {
            let found = mistakes(&english(), text, &known);
            assert!(found.len() == 1 && found[0].contains(expected), "{text}: {found:?}");
        }
    }

    #[test]
    fn a_template_cannot_loop_for_ever() {
        let text = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        let error = english().render_str(text, ()).unwrap_err();
        assert_eq!(error.kind(), minijinja::ErrorKind::OutOfFuel);
    }
}
