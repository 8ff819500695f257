//! The report types that are part of the program, so that it can show something before anyone has written one.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rust_embed::RustEmbed;

/// Type files and their data, in the order of their names.
#[derive(RustEmbed)]
#[folder = "reports/"]
struct Samples;

/// Puts the samples into `folder`, where they are files like anyone's: to be queried, and to be copied.
/// What is there already is not written again; what was changed there is put right.
///
/// # Errors
///
/// What the file system says.
pub fn unpack(folder: &Path) -> io::Result<()> {
    for name in Samples::iter() {
        let Some(file) = Samples::get(&name) else { continue };
        let path = folder.join(&*name);
        if fs::read(&path).is_ok_and(|there| there == *file.data) {
            continue;
        }
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        // renamed into place: another process may be reading it
        let fresh = fresh_name(&path);
        fs::write(&fresh, &file.data)?;
        fs::rename(&fresh, &path)?;
    }
    Ok(())
}

fn fresh_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    name.into()
}

/// The sample that tests of this crate look at.
#[cfg(test)]
pub(crate) fn coffee() -> super::ReportType {
    let text = include_str!("../../reports/coffee-sales.toml");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports");
    super::file::read(text, &folder.join("coffee-sales.toml")).expect("the sample is sound")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Library;

    #[test]
    fn every_sample_is_sound_and_found_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        unpack(folder.path()).unwrap();
        let (library, broken) = Library::open(vec![folder.path().into()]).unwrap();
        assert_eq!(broken, []);
        let catalog = library.catalog();
        let files = Samples::iter().filter(|name| name.ends_with(".toml")).count();
        assert!(catalog.iter().count() == files && files > 0);
        for report_type in catalog.iter() {
            assert_eq!(catalog.get(&report_type.name).map(|found| &found.file), Some(&report_type.file));
        }
        assert!(catalog.get("coffee_sales").is_none());
        assert_eq!(catalog.nearest("COFFE_SALES"), Some("COFFEE_SALES"));
        assert_eq!(catalog.nearest("PAYROLL"), None);
    }

    #[test]
    fn what_was_changed_in_the_samples_is_put_right_and_nothing_else_is_written() {
        let folder = tempfile::tempdir().unwrap();
        unpack(folder.path()).unwrap();
        let (first, second) = (folder.path().join("coffee-sales.toml"), folder.path().join("coffee/make.py"));
        fs::write(&first, "broken").unwrap();
        let written = fs::metadata(&second).unwrap().modified().unwrap();
        unpack(folder.path()).unwrap();
        assert!(fs::read_to_string(&first).unwrap().contains("[[section]]"));
        assert_eq!(fs::metadata(&second).unwrap().modified().unwrap(), written);
    }
}
