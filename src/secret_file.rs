//! Secrets that this installation makes for itself, each in a file of its own.

use std::{fs, io, path::Path};

/// The content of the file `name` in `folder`; made by `make` if there is none, for its owner alone.
///
/// # Errors
///
/// What the file system says.
pub(crate) fn read_or_make(folder: &Path, name: &str, make: impl FnOnce() -> Vec<u8>) -> io::Result<Vec<u8>> {
    let path = folder.join(name);
    match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => write(folder, name, make()),
        read => read,
    }
}

/// Writes the file `name` in `folder` anew, for its owner alone.
///
/// # Errors
///
/// What the file system says; then the file is as it was.
pub(crate) fn write(folder: &Path, name: &str, secret: Vec<u8>) -> io::Result<Vec<u8>> {
    use io::Write as _;
    let path = &folder.join(name);
    // renamed into place, so that a crash cannot leave half a secret
    let fresh = path.with_extension("secret.new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&fresh)?;
    file.write_all(&secret)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    fs::File::open(folder)?.sync_all()?;
    Ok(secret)
}

/// The content of `name` is not what it has to be.
pub(crate) fn unreadable(folder: &Path, name: &str, expected: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("{} must hold {expected}", folder.join(name).display()),
    )
}
