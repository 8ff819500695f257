//! Where finished files lie, as an operator writes it: the URL of a folder or of a bucket.
//!
//! A URL names a place and never a secret: it stands in logs and errors. What opens the place comes from elsewhere.

use std::{fmt, path::PathBuf, str::FromStr};

use object_store::path::Path as Key;
use url::Url;

/// A place for finished files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A folder that no other process uses.
    Own(PathBuf),
    /// A folder that others may use at the same time.
    Folder(PathBuf),
    /// A part of a bucket, which others may use at the same time.
    Bucket(Bucket),
}

/// A part of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Whose protocol it speaks.
    pub provider: Provider,
    /// Its name; Azure says container.
    pub name: String,
    /// What all keys begin with; empty for the whole bucket.
    pub prefix: Key,
}

/// Whose protocol a bucket speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Amazon S3, and whoever does as it does.
    S3,
    /// Google Cloud Storage.
    Google,
    /// Azure Blob Storage.
    Azure,
}

impl Provider {
    fn scheme(self) -> &'static str {
        match self {
            Provider::S3 => "s3",
            Provider::Google => "gs",
            Provider::Azure => "az",
        }
    }
}

impl Location {
    /// Whether no other process writes here.
    pub fn is_own(&self) -> bool {
        matches!(self, Self::Own(_))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(folder) | Self::Folder(folder) => write!(f, "the folder {}", folder.display()),
            Self::Bucket(Bucket { provider, name, prefix }) => {
                write!(f, "the bucket {}://{name}", provider.scheme())?;
                if prefix.as_ref().is_empty() { Ok(()) } else { write!(f, "/{prefix}") }
            }
        }
    }
}

/// The text is not the URL of a place. It is not repeated: somebody may have put a password into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoLocation {
    /// It is no URL of ours.
    #[error(
        "must be file:///absolute/folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix"
    )]
    Unknown,
    /// It says more than where.
    #[error(
        "must name a place and nothing more: credentials and endpoint come from environment variables such as \
         AWS_ACCESS_KEY_ID and AWS_ENDPOINT_URL"
    )]
    More,
}

impl FromStr for Location {
    type Err = NoLocation;

    fn from_str(text: &str) -> Result<Self, NoLocation> {
        let url = Url::parse(text).map_err(|_| NoLocation::Unknown)?;
        let provider = match url.scheme() {
            "file" => None,
            "s3" => Some(Provider::S3),
            "gs" => Some(Provider::Google),
            "az" => Some(Provider::Azure),
            _ => return Err(NoLocation::Unknown),
        };
        let is_more = !url.username().is_empty() || url.password().is_some() || url.port().is_some();
        if is_more || url.query().is_some() || url.fragment().is_some() {
            return Err(NoLocation::More);
        }
        let Some(provider) = provider else {
            // without its slashes it would be read as relative to the root, which nobody means
            let is_absolute = text.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("file:///"));
            let folder = url.to_file_path().ok().filter(|_| is_absolute);
            return folder.map(Self::Folder).ok_or(NoLocation::Unknown);
        };
        // the name becomes a part of a host or of a path
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let name = url.host_str().filter(|name| !name.is_empty() && name.chars().all(is_name));
        let name = name.ok_or(NoLocation::Unknown)?.to_owned();
        let prefix = Key::from_url_path(url.path()).map_err(|_| NoLocation::Unknown)?;
        Ok(Self::Bucket(Bucket { provider, name, prefix }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_this_table_says() {
        let table = [
            ("file:///var/files", Ok("the folder /var/files")),
            ("s3://reports", Ok("the bucket s3://reports")),
            ("s3://reports/", Ok("the bucket s3://reports")),
            ("s3://my.reports_1/a/b/", Ok("the bucket s3://my.reports_1/a/b")),
            ("gs://reports/a", Ok("the bucket gs://reports/a")),
            ("az://reports/a", Ok("the bucket az://reports/a")),
            ("/var/files", Err(NoLocation::Unknown)),
            ("file:files", Err(NoLocation::Unknown)),
            ("file://elsewhere/files", Err(NoLocation::Unknown)),
            ("https://reports.s3.amazonaws.com", Err(NoLocation::Unknown)),
            ("s3:///a", Err(NoLocation::Unknown)),
            ("s3:reports", Err(NoLocation::Unknown)),
            ("s3://re%20ports", Err(NoLocation::Unknown)),
            ("s3://reports//a", Err(NoLocation::Unknown)),
            ("", Err(NoLocation::Unknown)),
            ("s3://AKIA:secret@reports", Err(NoLocation::More)),
            ("s3://reports:9000/a", Err(NoLocation::More)),
            ("s3://reports/a?region=x", Err(NoLocation::More)),
            ("s3://reports/a#b", Err(NoLocation::More)),
        ];
        for (text, expected) in table {
            let read = text.parse::<Location>().map(|location| location.to_string());
            assert_eq!(read, expected.map(str::to_owned), "{text}");
        }
    }
}
