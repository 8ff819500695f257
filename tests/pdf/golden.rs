//! The pages of the model with every element, as text and as pictures, beside those that were looked at and
//! found good. With `REPORTWIRE_BLESS=1` in the environment the stored ones are written anew; look at them
//! before you keep them.
//!
//! Pictures are compared by the mean of each block of 8 × 8 dots: another version of poppler smooths edges
//! differently, but an element that moved or went missing changes whole blocks.

use std::{path::PathBuf, process::Command};

use reportwire::{
    catalog::{Orientation, RowStyle},
    generate::Model,
};

use super::{gallery, pdftotext, render};

/// How far the mean of a block may be from the stored one, of 255.
const TOLERANCE: f64 = 14.0;

fn stored(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/pdf/golden").join(name)
}

fn bless() -> bool {
    std::env::var_os("REPORTWIRE_BLESS").is_some()
}

fn compare(name: &str, model: &Model) {
    let pdf = render(model).pdf;
    let text = pdftotext(&pdf, "-layout");
    let file = stored(&format!("{name}.txt"));
    if bless() {
        std::fs::create_dir_all(stored("")).unwrap();
        std::fs::write(&file, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&file).unwrap(), "{}", file.display());

    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("report.pdf");
    std::fs::write(&source, &pdf).unwrap();
    let drawn = Command::new("pdftoppm")
        .args(["-r", "40", "-gray", "-png"])
        .arg(&source)
        .arg(folder.path().join("page"))
        .status()
        .expect("pdftoppm is installed");
    assert!(drawn.success());
    let count = text.split_terminator('\u{c}').count();
    for page in 1..=count {
        let drawn = folder.path().join(format!("page-{page}.png"));
        let file = stored(&format!("{name}-{page}.png"));
        if bless() {
            std::fs::copy(&drawn, &file).unwrap();
        }
        let (drawn, kept) =
            (image::open(&drawn).unwrap().into_luma8(), image::open(&file).unwrap().into_luma8());
        assert_eq!(drawn.dimensions(), kept.dimensions(), "{}", file.display());
        for y in (0..drawn.height()).step_by(8) {
            for x in (0..drawn.width()).step_by(8) {
                let off = (mean(&drawn, x, y) - mean(&kept, x, y)).abs();
                assert!(off <= TOLERANCE, "{} differs by {off:.0} at {x}, {y}", file.display());
            }
        }
    }
}

fn mean(picture: &image::GrayImage, x: u32, y: u32) -> f64 {
    let (right, lower) = ((x + 8).min(picture.width()), (y + 8).min(picture.height()));
    let dots = (y..lower).flat_map(|y| (x..right).map(move |x| (x, y)));
    let sum: f64 = dots.map(|(x, y)| f64::from(picture.get_pixel(x, y).0[0])).sum();
    sum / f64::from((right - x) * (lower - y))
}

#[test]
fn pages_upright_look_as_they_were_found_good() {
    compare("upright", &gallery::model());
}

#[test]
fn pages_on_their_side_with_another_colour_look_as_they_were_found_good() {
    let mut model = gallery::model();
    model.look.orientation = Orientation::Landscape;
    model.look.rows = RowStyle::Zebra;
    model.look.accent = Some("#8a1c3c".parse().unwrap());
    compare("on-its-side", &model);
}
