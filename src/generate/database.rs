//! The samples as databases: made at first use, read by many threads at once.
//!
//! A SQLite connection serves one thread at a time, so sharing one would let reports wait for each other,
//! and giving each thread its own rows would cost megabytes a thread. Instead the rows are laid out as a
//! database file in memory once, and every connection reads that one image in place. Connections wait in a
//! pool with their prepared statements; there are never more of them than reports were made at once.

use std::sync::{Mutex, OnceLock, PoisonError};

use rusqlite::Connection;

use super::GenerateError;
use crate::catalog::{Sample, Source};

struct Database {
    image: &'static [u8],
    idle: Mutex<Vec<Connection>>,
}

/// Runs `work` with a connection to the rows of `source`, from which nothing can be written.
pub(super) fn with<T>(
    source: Source,
    work: impl FnOnce(&Connection) -> Result<T, GenerateError>,
) -> Result<T, GenerateError> {
    static COFFEE: OnceLock<Database> = OnceLock::new();
    let Source::Sample(sample) = source;
    let cell = match sample {
        Sample::Coffee => &COFFEE,
    };
    let database = match cell.get() {
        Some(database) => database,
        None => {
            // Two first users may both lay it out; one image is kept.
            let database = Database { image: lay_out(sample)?.leak(), idle: Mutex::default() };
            cell.get_or_init(|| database)
        }
    };
    let idle = database.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let connection = match idle {
        Some(connection) => connection,
        None => open(database.image)?,
    };
    let result = work(&connection);
    database.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    result
}

fn open(image: &'static [u8]) -> Result<Connection, GenerateError> {
    let mut connection = Connection::open_in_memory()?;
    connection.deserialize_bytes("main", image)?;
    connection.set_prepared_statement_cache_capacity(32);
    // A page cache would be a second copy of what is in memory already.
    connection
        .execute_batch("PRAGMA mmap_size = 268435456; PRAGMA cache_size = -64; PRAGMA query_only = 1")?;
    Ok(connection)
}

fn lay_out(sample: Sample) -> Result<Vec<u8>, GenerateError> {
    let broken = |error: csv::Error| GenerateError::permanent("the sample data is broken", error);
    let mut connection = Connection::open_in_memory()?;
    let rows = connection.transaction()?;
    rows.execute_batch(sample.schema())?;
    {
        let mut insert = rows.prepare(sample.insert())?;
        let mut csv = csv::Reader::from_reader(sample.csv());
        let mut record = csv::StringRecord::new();
        let mut number = 0;
        while csv.read_record(&mut record).map_err(broken)? {
            number += 1;
            insert.raw_bind_parameter(1, number)?;
            for (column, text) in record.iter().enumerate() {
                // The column's own type turns the digits into a number, as STRICT demands.
                insert.raw_bind_parameter(column + 2, text)?;
            }
            insert.raw_execute()?;
        }
    }
    rows.commit()?;
    Ok(connection.serialize("main")?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COFFEE: Source = Source::Sample(Sample::Coffee);

    fn number(sql: &str) -> i64 {
        with(COFFEE, |connection| Ok(connection.query_row(sql, [], |row| row.get(0))?)).unwrap()
    }

    #[test]
    fn the_sample_is_a_whole_year_with_a_day_off() {
        assert!(number("SELECT count(*) FROM sales") >= 10_000);
        assert_eq!(number("SELECT count(DISTINCT date(sold_at)) FROM sales"), 364);
        assert_eq!(number("SELECT count(*) FROM sales WHERE date(sold_at) = '2021-12-25'"), 0);
        assert_eq!(number("SELECT count(DISTINCT shop) FROM sales"), 5);
        assert_eq!(number("SELECT count(*) FROM sales WHERE typeof(unit_price) <> 'real'"), 0);
        assert_eq!(number("SELECT min(quantity) FROM sales"), 1);
    }

    #[test]
    fn a_report_type_cannot_write() {
        for sql in ["DELETE FROM sales", "CREATE TABLE t (x)"] {
            let error = with(COFFEE, |connection| Ok(connection.execute(sql, [])?)).unwrap_err();
            assert!(matches!(error, GenerateError::Permanent { .. }), "{error:?}");
        }
    }

    #[test]
    fn threads_read_side_by_side() {
        let all = number("SELECT count(*) FROM sales");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!(number("SELECT count(*) FROM sales"), all));
            }
        });
    }
}
