//! Rows from a PostgreSQL server: one query in a transaction that only reads.
//!
//! The server turns each row into JSON, so that every type that it has arrives in one form and the table is made as
//! for any other rows of objects.

use std::{str::FromStr as _, time::Duration};

use futures_util::TryStreamExt as _;
use serde_json::{Map, Value};
use tokio::time::{interval, timeout};
use tokio_postgres::{Client, Config, NoTls, config::SslMode, error::SqlState};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Asked, DataError, progress::Deadline, table::Objects};
use crate::{
    catalog::{Kind, Parameter, Server, nearest},
    work::Monitor,
};

/// How long the server may take to answer at all.
const CONNECT: Duration = Duration::from_secs(10);
/// How often the monitor is asked while the server is silent.
const LOOK: Duration = Duration::from_millis(50);

/// Fetches the rows of the query and puts them into the table.
pub(super) fn rows(
    name: &str,
    server: &Server,
    query: &str,
    asked: &Asked<'_>,
    objects: Objects<'_>,
    monitor: &Monitor,
    deadline: Deadline,
) -> Result<(), DataError> {
    let url = match server {
        Server::Url(url) => url.clone(),
        Server::Variable(variable) => std::env::var(variable).map_err(|_| {
            DataError::of_source(name, format!("the environment variable {variable} is not set"))
        })?,
    };
    // its own text may hold the password
    let config = Config::from_str(&url).map_err(|_| {
        DataError::of_source(
            name,
            "the connection string cannot be read; expected postgres://user@host/database",
        )
    })?;
    let (sql, values) = bound(name, query, asked)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        DataError::transient("the data could not be read at the moment", error.to_string())
    })?;
    let session = Session { name, monitor, deadline };
    let done = runtime.block_on(session.run(&config, &sql, &values, objects));
    // a name that is still being looked up is not waited for
    runtime.shutdown_background();
    done
}

struct Session<'a> {
    name: &'a str,
    monitor: &'a Monitor,
    deadline: Deadline,
}

impl Session<'_> {
    async fn run(
        &self,
        config: &Config,
        sql: &str,
        values: &[Option<String>],
        mut objects: Objects<'_>,
    ) -> Result<(), DataError> {
        let tls = (config.get_ssl_mode() != SslMode::Disable).then(tls);
        let client = self.watched(self.connect(config, tls.clone())).await?;
        let cancel = client.cancel_token();
        let fetched = self.watched(self.fetch(&client, sql, values, &mut objects)).await;
        if fetched.is_err() {
            // the server must not go on for nobody; that it cannot be told is no other failure
            let _ = timeout(Duration::from_secs(1), async {
                match tls {
                    Some(tls) => cancel.cancel_query(tls).await,
                    None => cancel.cancel_query(NoTls).await,
                }
            })
            .await;
        }
        fetched?;
        objects.finish()
    }

    /// Does something for as long as anyone waits for it.
    async fn watched<T>(&self, work: impl Future<Output = Result<T, DataError>>) -> Result<T, DataError> {
        let mut look = interval(LOOK);
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = look.tick() => {
                    self.monitor.check()?;
                    self.deadline.check()?;
                }
            }
        }
    }

    async fn connect(&self, config: &Config, tls: Option<MakeRustlsConnect>) -> Result<Client, DataError> {
        let connecting = async {
            match tls {
                Some(tls) => {
                    let (client, connection) = config.connect(tls).await?;
                    tokio::spawn(connection);
                    Ok(client)
                }
                None => {
                    let (client, connection) = config.connect(NoTls).await?;
                    tokio::spawn(connection);
                    Ok(client)
                }
            }
        };
        match timeout(CONNECT.min(self.deadline.left()), connecting).await {
            Ok(Ok(client)) => Ok(client),
            Ok(Err(error)) => Err(self.failed(&error)),
            Err(_) => Err(self.unreachable("it does not answer")),
        }
    }

    async fn fetch(
        &self,
        client: &Client,
        sql: &str,
        values: &[Option<String>],
        objects: &mut Objects<'_>,
    ) -> Result<(), DataError> {
        // rounded up: the server must not be the first to find that time is over
        let left = self.deadline.left().as_millis() + 1;
        let begin = format!("SET statement_timeout = {left}; BEGIN TRANSACTION READ ONLY");
        client.batch_execute(&begin).await.map_err(|error| self.failed(&error))?;
        let rows = client.query_raw(sql, values.iter().map(Option::as_deref)).await;
        let mut rows = std::pin::pin!(rows.map_err(|error| self.failed(&error))?);
        while let Some(row) = rows.try_next().await.map_err(|error| self.failed(&error))? {
            let text: String = row.try_get(0).map_err(|error| self.failed(&error))?;
            let object: Map<String, Value> =
                serde_json::from_str(&text).map_err(|error| DataError::of_source(self.name, error))?;
            objects.add(object)?;
            if objects.count().is_multiple_of(256) {
                self.monitor.check()?;
                self.deadline.check()?;
            }
        }
        Ok(())
    }

    /// A server that is away, is full or is told to stop may be back; a statement that is wrong stays wrong.
    fn failed(&self, error: &tokio_postgres::Error) -> DataError {
        let Some(database) = error.as_db_error() else {
            let first: &(dyn std::error::Error + 'static) = error;
            let causes = || std::iter::successors(Some(first), |error| error.source());
            let text = causes().map(ToString::to_string).collect::<Vec<_>>().join(": ");
            // a certificate that is not trusted is invalid data, too; neither gets better by itself
            let is_io = |cause: &(dyn std::error::Error + 'static)| {
                cause
                    .downcast_ref::<std::io::Error>()
                    .is_some_and(|io| io.kind() != std::io::ErrorKind::InvalidData)
            };
            return if error.is_closed() || causes().any(is_io) {
                self.unreachable(&text)
            } else {
                DataError::of_source(self.name, text)
            };
        };
        // our own statement_timeout, when the server is a moment faster than our own look at the clock
        if *database.code() == SqlState::QUERY_CANCELED && self.deadline.is_over() {
            return self.deadline.over();
        }
        let detail = format!("{}: {}", database.severity(), database.message());
        match &database.code().code()[..2] {
            "08" | "53" | "57" | "40" => self.unreachable(&detail),
            _ => DataError::of_source(self.name, detail),
        }
    }

    fn unreachable(&self, detail: &str) -> DataError {
        DataError::transient(
            format!("the server of the data “{}” does not answer at the moment", self.name),
            format!("data {}: {detail}", self.name),
        )
    }
}

fn tls() -> MakeRustlsConnect {
    MakeRustlsConnect::new(crate::trust::TLS.clone())
}

/// The statement with `$n` for `:name`, and the values as text: PostgreSQL reads them as the type that the cast says.
fn bound(name: &str, query: &str, asked: &Asked<'_>) -> Result<(String, Vec<Option<String>>), DataError> {
    let mut values: Vec<(String, Option<String>)> = Vec::new();
    let mut sql = String::from("SELECT row_to_json(q)::text FROM (");
    // a semicolon ends a statement and does not stand in one
    let query = query.trim_end_matches(|c: char| c == ';' || c.is_whitespace());
    for piece in pieces(query) {
        let written = match piece {
            Piece::Text(text) => {
                sql.push_str(text);
                continue;
            }
            Piece::Parameter(written) => written,
        };
        let declared = || asked.declared.iter();
        let Some(parameter) = declared().find(|parameter| parameter.name == written) else {
            let hint = match nearest(written, declared().map(|parameter| parameter.name.as_str())) {
                Some(meant) => format!("did you mean :{meant}?"),
                None => "parameters of the report type stand in it as :name".into(),
            };
            return Err(DataError::of_source(name, format!("there is no parameter :{written}; {hint}")));
        };
        let place = match values.iter().position(|(known, _)| known == written) {
            Some(place) => place,
            None => {
                let value = asked.parameters.get(written).filter(|value| !value.is_null());
                let text = value.map(|value| match value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                });
                values.push((written.to_owned(), text));
                values.len() - 1
            }
        };
        sql.push_str(&cast(parameter, place + 1));
    }
    // a comment at the end must not swallow the bracket
    sql.push_str("\n) q");
    Ok((sql, values.into_iter().map(|(_, value)| value).collect()))
}

fn cast(parameter: &Parameter, place: usize) -> String {
    let of = |kind: &Kind| match kind {
        Kind::Date { .. } => "date",
        Kind::Integer { .. } => "bigint",
        Kind::Decimal { .. } => "numeric",
        Kind::Boolean => "boolean",
        Kind::Choice(_) | Kind::Text { .. } | Kind::List { .. } => "text",
    };
    match &parameter.kind {
        Kind::List { of: item, .. } => {
            // an array and not a SELECT of one: ANY would take that for the rows to look among
            let items = format!("json_array_elements_text(${place}::text::json)");
            format!(
                "(CASE WHEN ${place}::text IS NOT NULL THEN ARRAY(SELECT v::{} FROM {items} v) END)",
                of(item)
            )
        }
        kind => format!("(${place}::text)::{}", of(kind)),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Piece<'q> {
    Text(&'q str),
    Parameter(&'q str),
}

/// Parts a statement at its parameters. What stands in quotes, in comments or behind a second colon is none
/// (PostgreSQL, section 4.1).
fn pieces(query: &str) -> Vec<Piece<'_>> {
    let bytes = query.as_bytes();
    let (mut pieces, mut begun, mut at) = (Vec::new(), 0, 0);
    let after = |from: usize, end: &str| {
        query[from..].find(end).map_or(query.len(), |found| from + found + end.len())
    };
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
    while at < bytes.len() {
        at = match &bytes[at..] {
            [b'E' | b'e', b'\'', ..] if at == 0 || !is_word(bytes[at - 1]) => escaped_end(bytes, at + 2),
            [b'\'', ..] => after(at + 1, "'"),
            [b'"', ..] => after(at + 1, "\""),
            [b'-', b'-', ..] => after(at, "\n"),
            [b'/', b'*', ..] => comment_end(bytes, at),
            [b'$', ..] if at == 0 || !is_word(bytes[at - 1]) => match dollar_tag(&query[at..]) {
                Some(tag) => after(at + tag.len(), tag),
                None => at + 1,
            },
            [b':', b':', ..] => at + 2,
            [b':', first, ..] if first.is_ascii_alphabetic() => {
                let length = bytes[at + 1..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
                    .count();
                pieces.push(Piece::Text(&query[begun..at]));
                pieces.push(Piece::Parameter(&query[at + 1..at + 1 + length]));
                begun = at + 1 + length;
                begun
            }
            _ => at + 1,
        };
    }
    pieces.push(Piece::Text(&query[begun.min(query.len())..]));
    pieces
}

/// Where a text with backslashes ends.
fn escaped_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'\'' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Where a comment ends; comments stand in comments.
fn comment_end(bytes: &[u8], from: usize) -> usize {
    let (mut depth, mut at) = (0, from);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] if depth == 1 => return at + 2,
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `$$` or `$tag$`.
fn dollar_tag(text: &str) -> Option<&str> {
    let end = text[1..].find('$')? + 2;
    let tag = &text[1..end - 1];
    let is_tag = tag.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !tag.starts_with(|c: char| c.is_ascii_digit());
    is_tag.then_some(&text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_parameters_are_taken_for_parameters() {
        let table: [(&str, &[&str]); 10] = [
            ("SELECT :a", &["a"]),
            ("a = :a AND b = :b_2", &["a", "b_2"]),
            ("x::date, :a::text", &["a"]),
            ("':no' || :a || \":no\"", &["a"]),
            ("'it''s :no' :a", &["a"]),
            (r"E'\' :no' :a", &["a"]),
            ("-- :no\n:a", &["a"]),
            ("/* :no /* :no */ :no */ :a", &["a"]),
            ("$$ :no $$ $t$ :no $$ $t$ :a", &["a"]),
            ("a[1:2], ':", &[]),
        ];
        for (query, expected) in table {
            let found = pieces(query);
            let names: Vec<_> = found
                .iter()
                .filter_map(|piece| match piece {
                    Piece::Parameter(name) => Some(*name),
                    Piece::Text(_) => None,
                })
                .collect();
            assert_eq!(names, expected, "{query}");
            let whole: String = found
                .iter()
                .map(|piece| match piece {
                    Piece::Parameter(name) => format!(":{name}"),
                    Piece::Text(text) => (*text).to_owned(),
                })
                .collect();
            assert_eq!(whole, query);
        }
    }
}
