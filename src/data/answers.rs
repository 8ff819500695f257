//! Answers of long queries over data that does not change, kept for who asks the same again.
//!
//! What lies in the cache is never changed, so the same statement with the same parameters has the same answer,
//! unless it asks for the time or for chance. Only what took long and came to little is worth keeping.

use std::{
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Duration,
};

use regex::Regex;

use super::{Cell, Rows};

/// A query that was faster is as well run again.
const LONG: Duration = Duration::from_millis(20);
/// How many answers are kept, the least recently used going first.
const MOST: usize = 256;
/// How many values an answer may have.
const VALUES: usize = 4_096;

/// What is the same for the same answer: the data, the statement and the parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) data: String,
    pub(super) sql: String,
    pub(super) parameters: String,
}

/// The answers, the most recently used last.
#[derive(Debug, Default)]
pub(super) struct Answers(Mutex<Vec<(Question, Arc<Rows>)>>);

impl Answers {
    pub(super) fn find(&self, question: &Question) -> Option<Arc<Rows>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().rposition(|(known, _)| known == question)?;
        let found = kept.remove(at);
        let rows = Arc::clone(&found.1);
        kept.push(found);
        Some(rows)
    }

    pub(super) fn keep(&self, question: Question, rows: &Arc<Rows>, took: Duration) {
        let is_small = rows.rows.len() * rows.columns.len().max(1) <= VALUES
            && rows.rows.iter().flatten().all(|cell| !matches!(cell, Cell::Text(text) if text.len() > 1_000));
        if took < LONG || !is_small || !is_settled(&question.sql) || names_now(&question.parameters) {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, _)| *known != question);
        if kept.len() == MOST {
            kept.remove(0);
        }
        kept.push((question, Arc::clone(rows)));
    }
}

/// Whether the statement has the same answer at any time: no word of it asks for the time or for chance. A column that
/// is called so only costs the keeping.
fn is_settled(sql: &str) -> bool {
    #[expect(clippy::expect_used, reason = "a constant, covered by a test")]
    static UNSETTLED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?ix) random | current_ | changes | last_insert
            | (date|time|datetime|julianday|unixepoch) \s* \( \s* \)
            | strftime \s* \( [^,)]* \)",
        )
        .expect("a pattern")
    });
    #[expect(clippy::expect_used, reason = "a constant, covered by a test")]
    static QUOTED: LazyLock<Regex> = LazyLock::new(|| Regex::new("'[^']*'").expect("a pattern"));
    !names_now(sql) && !UNSETTLED.is_match(&QUOTED.replace_all(sql, "''"))
}

/// A text that functions of time take for this moment.
fn names_now(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("now") || lower.contains("subsec")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_kept_when_it_took_long_is_small_and_stays_true() {
        let question = |sql: &str| Question { data: "d".into(), sql: sql.into(), parameters: "{}".into() };
        let rows = |count| Arc::new(Rows { columns: Vec::new(), rows: vec![vec![Cell::Integer(1)]; count] });
        let table = [
            ("SELECT 1", 1, LONG, true),
            ("SELECT date(day, '+1 day'), strftime('%Y', day) FROM t", 1, LONG, true),
            ("SELECT 1", 1, Duration::ZERO, false),
            ("SELECT 1", VALUES + 1, LONG, false),
            ("SELECT date('NOW')", 1, LONG, false),
            ("SELECT date( )", 1, LONG, false),
            ("SELECT strftime('%Y')", 1, LONG, false),
            ("SELECT strftime('%d,%m')", 1, LONG, false),
            ("SELECT unixepoch('subsec')", 1, LONG, false),
            ("SELECT random()", 1, LONG, false),
            ("SELECT current_timestamp", 1, LONG, false),
        ];
        for (sql, count, took, expected) in table {
            let answers = Answers::default();
            answers.keep(question(sql), &rows(count), took);
            assert_eq!(answers.find(&question(sql)).is_some(), expected, "{sql}");
            assert!(answers.find(&Question { parameters: "{\"a\":1}".into(), ..question(sql) }).is_none());
        }
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let question =
            |at: usize| Question { data: at.to_string(), sql: String::new(), parameters: String::new() };
        let answers = Answers::default();
        for at in 0..MOST {
            answers.keep(question(at), &Arc::default(), LONG);
        }
        assert!(answers.find(&question(0)).is_some());
        answers.keep(question(MOST), &Arc::default(), LONG);
        assert!(answers.find(&question(0)).is_some() && answers.find(&question(1)).is_none());
    }
}
