//! The typeface: Inter in two weights, measured as a whole and embedded in part.
//!
//! A font is parsed once, when it is first used. Each document then gets a copy cut down to its characters,
//! which keeps a character map: from it `printpdf` makes the table that lets a reader search and copy.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};

use genpdf::fonts::{FontData, GlyphIdMap};
use subsetter::GlyphRemapper;
use write_fonts::{
    FontBuilder,
    read::{
        FontRef, TableProvider,
        tables::{cmap::Cmap, hmtx::Hmtx},
        types::GlyphId,
    },
    tables::cmap,
};

use crate::generate::GenerateError;

/// What a character that the typeface does not have is shown and found as.
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// Latin, Greek and Cyrillic lie below.
const COMMON: u32 = 0x530;

/// How heavy a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// One weight of the typeface.
pub(super) struct Typeface {
    file: &'static [u8],
    characters: Cmap<'static>,
    widths: Hmtx<'static>,
    units_per_em: f32,
    /// The widths of the letters that nearly all texts are made of, by code point: looking each one up in
    /// the tables of the font would be a tenth of the whole work.
    common: Box<[u16]>,
    /// The whole font as `genpdf` measures it.
    whole: FontData,
}

/// A font for one document.
pub(super) struct Cut {
    /// What to embed and how to measure it.
    pub(super) font: FontData,
    /// The characters that are shown as a box.
    pub(super) missing: Vec<char>,
    /// The glyph of each common character, by code point, and those of the others.
    common: Box<[Option<u16>]>,
    others: BTreeMap<char, u16>,
}

impl Cut {
    /// The glyph that a character is drawn with, if it is drawn at all.
    pub(super) fn glyph(&self, character: char) -> Option<u16> {
        match self.common.get(u32::from(character) as usize) {
            Some(glyph) => *glyph,
            None => self.others.get(&character).copied(),
        }
    }
}

/// Whether a character has no shape by its nature: it steers how others are written. Controls and marks of
/// direction could also make a text read as something else than it is.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

static REGULAR: LazyLock<Typeface> =
    LazyLock::new(|| Typeface::parse(include_bytes!("../../../assets/fonts/Inter-Regular.ttf")));
static BOLD: LazyLock<Typeface> =
    LazyLock::new(|| Typeface::parse(include_bytes!("../../../assets/fonts/Inter-Bold.ttf")));

/// The typeface in this weight.
pub(super) fn get(weight: Weight) -> &'static Typeface {
    match weight {
        Weight::Regular => &REGULAR,
        Weight::Bold => &BOLD,
    }
}

impl Typeface {
    /// Both files are part of the program and covered by tests, so what cannot be read is a build error.
    #[expect(clippy::expect_used, reason = "see above")]
    fn parse(file: &'static [u8]) -> Self {
        let font = FontRef::new(file).expect("a font");
        let head = font.head().expect("a head table");
        let characters = font.cmap().expect("a character map");
        let widths = font.hmtx().expect("widths");
        let width = |code: u32| {
            if char::from_u32(code).is_some_and(is_invisible) {
                return 0;
            }
            let glyph = characters.map_codepoint(code).unwrap_or(GlyphId::NOTDEF);
            widths.advance(glyph).unwrap_or(0)
        };
        Self {
            file,
            common: (0..COMMON).map(width).collect(),
            characters,
            widths,
            units_per_em: f32::from(head.units_per_em()),
            whole: FontData::new_with_subset(Arc::new(file.to_vec()), Arc::default(), GlyphIdMap::new())
                .expect("a font that can be measured"),
        }
    }

    fn glyph(&self, character: char) -> Option<GlyphId> {
        self.characters.map_codepoint(character).filter(|glyph| *glyph != GlyphId::NOTDEF)
    }

    /// The width of `text` in ems.
    pub(super) fn ems(&self, text: &str) -> f32 {
        let advance = |c| match self.common.get(u32::from(c) as usize) {
            Some(width) => *width,
            None if is_invisible(c) => 0,
            None => self.widths.advance(self.glyph(c).unwrap_or(GlyphId::NOTDEF)).unwrap_or(0),
        };
        text.chars().map(|c| u32::from(advance(c))).sum::<u32>() as f32 / self.units_per_em
    }

    /// The font with the glyphs of `characters` only.
    pub(super) fn cut(&self, characters: &BTreeSet<char>) -> Result<Cut, GenerateError> {
        let broken =
            |error: String| GenerateError::permanent("the fonts of the document could not be made", error);
        // In the order of the characters, so that the same text gives the same font.
        let mut kept = GlyphRemapper::new();
        let mut map = GlyphIdMap::new();
        let mut unicode = Vec::with_capacity(characters.len() + 1);
        let mut missing = Vec::new();
        for &character in characters.iter().filter(|character| !is_invisible(**character)) {
            match self.glyph(character) {
                Some(glyph) => {
                    let new = kept.remap(glyph.to_u32() as u16);
                    map.insert(character, new);
                    unicode.push((character, GlyphId::new(new.into())));
                }
                None => missing.push(character),
            }
        }
        if let (false, Some(glyph)) = (missing.is_empty(), self.glyph(REPLACEMENT)) {
            let new = kept.remap(glyph.to_u32() as u16);
            unicode.push((REPLACEMENT, GlyphId::new(new.into())));
            missing.iter().for_each(|character| map.insert(*character, new));
        }
        let glyphs = subsetter::subset(self.file, 0, &kept).map_err(|error| broken(error.to_string()))?;
        let cut = FontRef::new(&glyphs).map_err(|error| broken(error.to_string()))?;
        let unicode = cmap::Cmap::from_mappings(unicode).map_err(|error| broken(format!("{error:?}")))?;
        let mut font = FontBuilder::new();
        font.add_table(&unicode).map_err(|error| broken(error.to_string()))?;
        let font = font.copy_missing_tables(cut).build();
        let drawn = characters.iter().filter_map(|c| map.get(*c).map(|glyph| (*c, glyph)));
        let mut common = vec![None; COMMON as usize].into_boxed_slice();
        let mut others = BTreeMap::new();
        for (character, glyph) in drawn {
            match common.get_mut(u32::from(character) as usize) {
                Some(place) => *place = Some(glyph),
                None => {
                    others.insert(character, glyph);
                }
            }
        }
        let font = FontData::clone_with_data(&self.whole, Arc::new(font), Some(map));
        Ok(Cut { font, missing, common, others })
    }
}
