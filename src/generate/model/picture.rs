//! Pictures from the folder of a type file, as `data:` URLs.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{catalog::Name, catalog::ReportType, data::within, generate::GenerateError};

/// A larger one has no place in a report.
const MOST_BYTES: u64 = 5 * 1024 * 1024;

/// The picture that the file names, as a `data:` URL (RFC 2397).
pub(super) fn data_url(report_type: &ReportType, name: &Name) -> Result<String, GenerateError> {
    let failed = |why: String| {
        let author = format!("{}:{}: the picture {}: {why}", report_type.file, name.at, name.text);
        GenerateError::permanent("a picture of the report could not be read", author)
    };
    let path =
        within(&report_type.folder, Path::new(&name.text)).map_err(|error| failed(error.to_string()))?;
    let length = std::fs::metadata(&path).map_err(|error| failed(error.to_string()))?.len();
    if length > MOST_BYTES {
        return Err(failed(format!("it has {length} bytes and may have {MOST_BYTES}")));
    }
    let bytes = std::fs::read(&path).map_err(|error| failed(error.to_string()))?;
    let media_type = match bytes[..] {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        _ => return Err(failed("it is neither a PNG nor a JPEG".into())),
    };
    Ok(format!("data:{media_type};base64,{}", STANDARD.encode(bytes)))
}
