//! JSON and NDJSON: objects, one after another, never a whole file in memory.

use std::{
    fmt,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use serde::de::{Deserializer as _, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{
    DataError,
    bounded::{Allowance, Bounded},
    progress::Reading,
    table::Objects,
};

/// The longest line, and the longest element of an array, in bytes.
pub(super) const LINE: u64 = 1024 * 1024;

/// Files that are each one array of objects.
pub(super) fn arrays(
    name: &str,
    files: &[PathBuf],
    mut objects: Objects<'_>,
    reading: &mut Reading<'_>,
) -> Result<(), DataError> {
    for path in files {
        let mut failure = None;
        let file = Bounded::new(open(name, path)?, LINE);
        let allowance = file.allowance().clone();
        let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 17, file));
        let take = Take { objects: &mut objects, failure: &mut failure, reading, allowance };
        let read = json.deserialize_seq(take).and_then(|()| json.end());
        if let Some(failure) = failure {
            return Err(failure);
        }
        read.map_err(|error| DataError::of_source(name, format!("{}: {error}", path.display())))?;
        reading.done(path);
    }
    objects.finish()
}

/// Hands each element of an array on as it comes.
struct Take<'t, 'a, 'r> {
    objects: &'t mut Objects<'a>,
    /// Why the rest is not wanted; the library's own errors carry a text only.
    failure: &'t mut Option<DataError>,
    reading: &'t mut Reading<'r>,
    /// An element is a row, and may not be longer than one.
    allowance: Allowance,
}

impl<'de> Visitor<'de> for Take<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let mut at = 0;
        while let Some(row) = elements.next_element::<Map<String, Value>>()? {
            self.allowance.renew();
            // the place in the file is not known; rows of this many bytes are usual
            at += 100;
            if let Err(failure) = self.objects.add(row).and_then(|()| self.reading.row(at)) {
                *self.failure = Some(failure);
                return Err(serde::de::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

/// Files with an object on each line.
pub(super) fn lines(
    name: &str,
    files: &[PathBuf],
    mut objects: Objects<'_>,
    reading: &mut Reading<'_>,
) -> Result<(), DataError> {
    for path in files {
        let mut file = BufReader::with_capacity(1 << 17, open(name, path)?);
        let mut line = Vec::new();
        let (mut number, mut at) = (0_u64, 0);
        let bad = |number: u64, detail: String| {
            let place = format!("line {number}: {detail}");
            DataError::permanent(
                format!("the data “{name}” is not as it should be: {place}"),
                format!("data {name}: {}: {place}", path.display()),
            )
        };
        loop {
            line.clear();
            let read = (&mut file).take(LINE + 1).read_until(b'\n', &mut line);
            let read =
                read.map_err(|error| DataError::of_source(name, format!("{}: {error}", path.display())))?;
            if read == 0 {
                break;
            }
            number += 1;
            at += read as u64;
            if read as u64 > LINE {
                return Err(bad(number, format!("it is longer than {LINE} bytes")));
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            let row = serde_json::from_slice::<Map<String, Value>>(&line)
                .map_err(|error| bad(number, format!("expected an object: {error}")))?;
            objects.add(row)?;
            reading.row(at)?;
        }
        reading.done(path);
    }
    objects.finish()
}

fn open(name: &str, path: &Path) -> Result<File, DataError> {
    File::open(path).map_err(|error| DataError::of_source(name, format!("{}: {error}", path.display())))
}
