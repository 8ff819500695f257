//! Queries over the data of one report: bound, read-only, and limited.

use std::{collections::HashSet, path::Path, sync::Arc, time::Instant};

use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::{
    Batch, Connection, Statement,
    config::DbConfig,
    hooks::{AuthAction, AuthContext, Authorization},
    limits::Limit,
    types::ValueRef,
};
use serde_json::Value;

use super::{
    Asked, Cell, DataError, RowColumn, Rows, Sources,
    answers::Question,
    failure::{self, Names},
    progress::Deadline,
    table::{declared, quoted},
};
use crate::{catalog::nearest, work::Monitor};

/// The longest text of a value, in bytes.
pub(super) const LONGEST: i32 = 8 * 1024 * 1024;
/// How many steps of SQLite's machine lie between two looks at the clock: some tens of microseconds.
const STEPS: i32 = 20_000;
/// About what a value takes beside its text.
const VALUE: usize = std::mem::size_of::<Cell>();

/// A connection with all data of one report type.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) connection: Connection,
    names: Names,
    /// Statements that were found to be one and no more.
    single: HashSet<String>,
    /// Whether it can serve another report: no rows of this one are in it.
    pub(super) is_shared: bool,
}

impl Opened {
    /// An empty database in memory, with room for `megabytes`.
    pub(super) fn new(megabytes: u32) -> rusqlite::Result<Self> {
        let connection = Connection::open_in_memory()?;
        connection.set_prepared_statement_cache_capacity(64);
        connection.execute_batch(&format!(
            "PRAGMA page_size = 4096; PRAGMA max_page_count = {}; PRAGMA cache_size = -2048",
            u64::from(megabytes) * 256
        ))?;
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST)?;
        // a hostile file must not run functions from its schema, nor be written by a trick
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        // a misspelt "Unit Price" would be a text of its own in every row, and no mistake
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        Ok(Self { connection, names: Names::default(), single: HashSet::new(), is_shared: true })
    }

    /// Makes the tables of a database file known as `name`. `is_ours` says that nobody changes it.
    pub(super) fn attach(&self, name: &str, path: &Path, is_ours: bool) -> rusqlite::Result<()> {
        let text = path.to_string_lossy();
        let mut url = String::from("file:");
        for byte in text.bytes() {
            // RFC 3986, section 2.3; a slash stays one
            if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
                url.push(byte.into());
            } else {
                url.push_str(&format!("%{byte:02X}"));
            }
        }
        url.push_str(if is_ours { "?mode=ro&immutable=1" } else { "?mode=ro" });
        self.connection.execute(&format!("ATTACH ?1 AS {}", quoted(name)), [&url])?;
        if is_ours {
            self.connection.execute_batch(&format!(
                "PRAGMA {name}.mmap_size = 1073741824; PRAGMA {name}.cache_size = -256",
                name = quoted(name)
            ))?;
        }
        Ok(())
    }

    /// Nothing more is attached or written: from now on only queries run.
    pub(super) fn seal(&mut self) -> rusqlite::Result<()> {
        let list = |sql: &str| -> rusqlite::Result<Vec<String>> {
            let mut statement = self.connection.prepare(sql)?;
            statement.query_map([], |row| row.get(0))?.collect()
        };
        let schemas = list("SELECT name FROM pragma_database_list WHERE name <> 'temp'")?;
        for schema in schemas {
            let tables = list(&format!(
                "SELECT name FROM {}.sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'",
                quoted(&schema)
            ))?;
            for table in &tables {
                let columns =
                    format!("SELECT name FROM {}.pragma_table_info({})", quoted(&schema), text(table));
                // a view that no longer works has no columns
                self.names
                    .columns
                    .extend(list(&columns.replace(&format!("{}.", quoted(&schema)), "")).unwrap_or_default());
            }
            self.names.tables.extend(tables);
        }
        self.connection.execute_batch("PRAGMA query_only = 1")?;
        self.connection.authorizer(Some(authorize))?;
        Ok(())
    }
}

fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A query reads. Everything else that SQL can do is refused when the statement is prepared.
fn authorize(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => Authorization::Allow,
        AuthAction::Function { function_name } => match function_name {
            "load_extension" | "fts3_tokenizer" | "writefile" | "readfile" | "edit" => Authorization::Deny,
            // they heed the longest value at their end only, and until then take all the memory that there is
            "json_group_array" | "json_group_object" | "jsonb_group_array" | "jsonb_group_object" => {
                Authorization::Deny
            }
            _ => Authorization::Allow,
        },
        _ => Authorization::Deny,
    }
}

/// The data of one report, to be queried. Dropped, its connection serves the next one.
pub struct Database<'a> {
    pub(super) sources: &'a Sources,
    pub(super) key: String,
    pub(super) opened: Option<Opened>,
    pub(super) asked: Asked<'a>,
    pub(super) monitor: Monitor,
    pub(super) deadline: Deadline,
    /// Whether nothing but files that were read into the cache is in it, which never change there.
    pub(super) is_settled: bool,
}

impl Database<'_> {
    /// Runs a query with the parameters of the report. `name` is what messages call it.
    ///
    /// # Errors
    ///
    /// [`DataError`]: a statement that is wrong or does more than read, a limit that is reached, or the word to stop.
    pub fn query(&mut self, name: &str, sql: &str) -> Result<Arc<Rows>, DataError> {
        self.monitor.check()?;
        self.deadline.check()?;
        let question = self.is_settled.then(|| Question {
            data: self.key.clone(),
            sql: sql.to_owned(),
            parameters: Value::Object(self.asked.parameters.clone()).to_string(),
        });
        if let Some(known) = question.as_ref().and_then(|question| self.sources.answers.find(question)) {
            return Ok(known);
        }
        self.watch();
        let began = Instant::now();
        let result = self.run(name, sql).map(Arc::new);
        if let (Some(question), Ok(rows)) = (question, &result) {
            self.sources.answers.keep(question, rows, began.elapsed());
        }
        if let Some(opened) = &mut self.opened {
            let _ = opened.connection.progress_handler(0, None::<fn() -> bool>);
        }
        result
    }

    /// The columns that a query would return.
    ///
    /// # Errors
    ///
    /// As [`Database::query`].
    pub fn columns(&mut self, name: &str, sql: &str) -> Result<Vec<String>, DataError> {
        self.check_single(name, sql)?;
        let opened = self.opened()?;
        let failed = |error: rusqlite::Error| {
            failure::querying(name, &error, &opened.names, &self.monitor, self.deadline)
        };
        let mut statement = opened.connection.prepare(sql).map_err(failed)?;
        self.bind(name, sql, &mut statement)?;
        self.check_columns(name, &statement)
    }

    fn opened(&self) -> Result<&Opened, DataError> {
        self.opened.as_ref().ok_or_else(|| DataError::permanent("closed", "the database is closed"))
    }

    /// Ends a query that takes too long or that nobody waits for.
    fn watch(&mut self) {
        let (monitor, deadline) = (self.monitor.clone(), self.deadline);
        if let Some(opened) = &mut self.opened {
            let stop = move || monitor.check().is_err() || deadline.is_over();
            let _ = opened.connection.progress_handler(STEPS, Some(stop));
        }
    }

    fn run(&mut self, name: &str, sql: &str) -> Result<Rows, DataError> {
        self.check_single(name, sql)?;
        let opened = self.opened()?;
        let failed = |error: rusqlite::Error| {
            failure::querying(name, &error, &opened.names, &self.monitor, self.deadline)
        };
        let mut statement = opened.connection.prepare_cached(sql).map_err(failed)?;
        self.bind(name, sql, &mut statement)?;
        let columns = self.check_columns(name, &statement)?;
        let declared: Vec<_> =
            statement.columns().map(|column| column.decl_type().and_then(declared)).collect();
        let columns: Vec<RowColumn> =
            columns.into_iter().zip(declared).map(|(name, declared)| RowColumn { name, declared }).collect();
        let mut rows = Vec::new();
        let mut bytes = 0;
        let most_bytes = self.asked.limits.megabytes as usize * 1024 * 1024;
        let mut found = statement.raw_query();
        while let Some(row) = found.next().map_err(failed)? {
            if rows.len() == self.asked.limits.rows {
                let what = format!("query {name} returns more than {} rows", self.asked.limits.rows);
                return Err(DataError::limit(&what, "rows", self.asked.limits.rows).in_query(name, None));
            }
            let mut cells = Vec::with_capacity(columns.len());
            for (at, column) in columns.iter().enumerate() {
                cells.push(cell(row.get_ref(at).map_err(failed)?, &mut bytes).ok_or_else(|| {
                    let place =
                        format!("row {}, column {}: it holds bytes, not text", rows.len() + 1, column.name);
                    DataError::permanent(
                        format!("the data does not fit the report: {place}"),
                        format!("query {name}: {place}"),
                    )
                    .in_query(name, None)
                })?);
                bytes += VALUE;
                // within a row, too: a few hundred columns of the longest texts are gigabytes
                if bytes > most_bytes {
                    let what = format!("the rows of query {name} take too much memory");
                    let error = DataError::limit(&what, "megabytes", self.asked.limits.megabytes);
                    return Err(error.in_query(name, None));
                }
            }
            rows.push(cells);
        }
        Ok(Rows { columns, rows })
    }

    /// SQLite runs the first statement of several and says nothing of the others.
    fn check_single(&mut self, name: &str, sql: &str) -> Result<(), DataError> {
        let (monitor, deadline) = (self.monitor.clone(), self.deadline);
        let Some(opened) = &mut self.opened else { return Ok(()) };
        if opened.single.contains(sql) {
            return Ok(());
        }
        let wrong = |detail: &str| failure::wrong(name, detail).in_query(name, None);
        let failed =
            |error: rusqlite::Error| failure::querying(name, &error, &opened.names, &monitor, deadline);
        let mut batch = Batch::new(&opened.connection, sql);
        let Some(first) = batch.next().map_err(failed)? else {
            return Err(wrong("it is empty; expected a SELECT"));
        };
        if first.column_count() == 0 {
            return Err(wrong("it returns nothing; expected a SELECT"));
        }
        drop(first);
        // what cannot even be read is more than one statement, too
        if !matches!(batch.next(), Ok(None)) {
            return Err(wrong("there are several statements; expected one"));
        }
        opened.single.insert(sql.to_owned());
        Ok(())
    }

    fn check_columns(&self, name: &str, statement: &Statement<'_>) -> Result<Vec<String>, DataError> {
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let twice = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name));
        match twice {
            None => Ok(names),
            Some((_, column)) => {
                let detail = format!("two columns are named {column}; give one another name with AS");
                Err(failure::wrong(name, &detail).in_query(name, None))
            }
        }
    }

    /// Binds every parameter that the statement names; absent ones as NULL, lists as JSON text for `json_each`.
    fn bind(&self, name: &str, sql: &str, statement: &mut Statement<'_>) -> Result<(), DataError> {
        let opened = self.opened()?;
        let failed = |error: rusqlite::Error| {
            failure::querying(name, &error, &opened.names, &self.monitor, self.deadline)
        };
        for index in 1..=statement.parameter_count() {
            let written = statement.parameter_name(index).unwrap_or("?").to_owned();
            let declared = || self.asked.declared.iter().map(|parameter| parameter.name.as_str());
            let Some(parameter) =
                written.strip_prefix(':').filter(|name| declared().any(|known| known == *name))
            else {
                let hint = match nearest(written.trim_start_matches([':', '@', '$']), declared()) {
                    Some(meant) => format!("did you mean :{meant}?"),
                    None => "parameters of the report type stand in it as :name".into(),
                };
                let detail = format!("there is no parameter {written}; {hint}");
                return Err(failure::wrong(name, &detail).in_query(name, word(sql, &written)));
            };
            match self.asked.parameters.get(parameter) {
                Some(Value::String(text)) => statement.raw_bind_parameter(index, text),
                Some(Value::Bool(yes)) => statement.raw_bind_parameter(index, yes),
                Some(Value::Number(number)) => match number.as_i64() {
                    Some(whole) => statement.raw_bind_parameter(index, whole),
                    None => statement.raw_bind_parameter(index, number.as_f64()),
                },
                Some(list @ Value::Array(_)) => statement.raw_bind_parameter(index, list.to_string()),
                _ => statement.raw_bind_parameter(index, rusqlite::types::Null),
            }
            .map_err(failed)?;
        }
        Ok(())
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        if let Some(opened) = self.opened.take().filter(|opened| opened.is_shared) {
            self.sources.give_back(std::mem::take(&mut self.key), opened);
        }
    }
}

/// Where a word first stands in a statement, and not within a longer one.
fn word(sql: &str, word: &str) -> Option<usize> {
    let is_end =
        |at: usize| !sql[at + word.len()..].starts_with(|next: char| next.is_alphanumeric() || next == '_');
    sql.match_indices(word).map(|(at, _)| at).find(|at| is_end(*at))
}

fn cell(value: ValueRef<'_>, bytes: &mut usize) -> Option<Cell> {
    Some(match value {
        ValueRef::Null => Cell::Nothing,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Decimal(number),
        ValueRef::Text(text) => {
            *bytes += text.len();
            Cell::Text(String::from_utf8_lossy(text).into_owned())
        }
        ValueRef::Blob(_) => return None,
    })
}
