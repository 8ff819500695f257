//! Pictures: from `data:` URLs (RFC 2397) to image objects (ISO 32000-1, section 8.9.5).
//!
//! A JPEG is handed on as it is: its compression is one that PDF knows. A PNG is decoded, within limits, and
//! its transparency becomes a soft mask.

use std::io::Cursor;

use base64::{Engine, engine::general_purpose::STANDARD};
use image::{ColorType, DynamicImage, ExtendedColorType, ImageDecoder, ImageFormat, ImageReader, Limits};
use lopdf::{Dictionary, Stream};

use super::finish::deflated;
use crate::generate::GenerateError;

/// The largest side of a picture, in pixels.
const SIDE: u32 = 10_000;
/// What decoding one may take. A small file can say that it is a large picture.
const MEMORY: u64 = 128 << 20;

/// The pictures of a document. The same one twice is kept once.
#[derive(Default)]
pub(super) struct Pictures {
    sources: Vec<String>,
    placed: Vec<Placed>,
    streams: Vec<Streams>,
}

/// A picture of the document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    /// Its position among them.
    pub(super) at: usize,
    /// Its width and height.
    pub(super) pixels: (f32, f32),
}

/// What goes into the file for one picture.
pub(super) struct Streams {
    pub(super) image: Stream,
    pub(super) mask: Option<Stream>,
}

impl Pictures {
    /// Takes a picture in; `name` is what it is called when it is broken.
    pub(super) fn add(&mut self, source: &str, name: &str) -> Result<Placed, GenerateError> {
        if let Some(known) = self.sources.iter().position(|known| known == source) {
            return Ok(self.placed[known]);
        }
        let failed = |reason: String| {
            GenerateError::permanent(format!("{name} is not a picture that can be read"), reason)
        };
        let (pixels, streams) = read(source).map_err(failed)?;
        let placed = Placed { at: self.placed.len(), pixels: (pixels.0 as f32, pixels.1 as f32) };
        self.sources.push(source.to_owned());
        self.placed.push(placed);
        self.streams.push(streams);
        Ok(placed)
    }

    pub(super) fn into_streams(self) -> Vec<Streams> {
        self.streams
    }
}

fn read(source: &str) -> Result<((u32, u32), Streams), String> {
    let (head, body) = source
        .strip_prefix("data:")
        .and_then(|rest| rest.split_once(','))
        .filter(|(head, _)| head.ends_with(";base64"))
        .ok_or("its source is not a data: URL in base64")?;
    let bytes = STANDARD.decode(body.trim()).map_err(|error| format!("{head}: {error}"))?;
    let mut reader =
        ImageReader::new(Cursor::new(&bytes)).with_guessed_format().map_err(|error| error.to_string())?;
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(SIDE), Some(SIDE));
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let format = reader.format();
    match format {
        Some(ImageFormat::Jpeg) => {
            let (size, color) = {
                let decoder = reader.into_decoder().map_err(|error| error.to_string())?;
                (decoder.dimensions(), decoder.original_color_type())
            };
            jpeg(bytes, size, color)
        }
        Some(ImageFormat::Png) => {
            let picture = reader.decode().map_err(|error| error.to_string())?;
            Ok(((picture.width(), picture.height()), png(&picture)?))
        }
        _ => Err("it is neither a PNG nor a JPEG".into()),
    }
}

fn jpeg(bytes: Vec<u8>, size: (u32, u32), color: ExtendedColorType) -> Result<((u32, u32), Streams), String> {
    let mut dict = match color {
        ExtendedColorType::L8 => dictionary(size, "DeviceGray"),
        ExtendedColorType::Rgb8 => dictionary(size, "DeviceRGB"),
        ExtendedColorType::Cmyk8 => {
            let mut dict = dictionary(size, "DeviceCMYK");
            // Programs that write such files write them inverted.
            dict.set("Decode", [1, 0, 1, 0, 1, 0, 1, 0].map(lopdf::Object::Integer).to_vec());
            dict
        }
        other => return Err(format!("a JPEG of {other:?}")),
    };
    dict.set("Filter", "DCTDecode");
    Ok((size, Streams { image: Stream::new(dict, bytes), mask: None }))
}

fn png(picture: &DynamicImage) -> Result<Streams, String> {
    let size = (picture.width(), picture.height());
    let stream = |space: &str, bytes: &[u8]| -> Result<Stream, String> {
        let mut dict = dictionary(size, space);
        dict.set("Filter", "FlateDecode");
        Ok(Stream::new(dict, deflated(bytes).map_err(|error| error.to_string())?))
    };
    let grey = matches!(picture.color(), ColorType::L8 | ColorType::L16 | ColorType::La8 | ColorType::La16);
    let image = if grey {
        stream("DeviceGray", &picture.to_luma8())?
    } else {
        stream("DeviceRGB", &picture.to_rgb8())?
    };
    let mask = if picture.color().has_alpha() {
        let alpha: Vec<u8> = picture.to_luma_alpha8().pixels().map(|pixel| pixel.0[1]).collect();
        // Many pictures have a channel for transparency and make no use of it.
        if alpha.iter().all(|alpha| *alpha == 255) { None } else { Some(stream("DeviceGray", &alpha)?) }
    } else {
        None
    };
    Ok(Streams { image, mask })
}

fn dictionary(size: (u32, u32), space: &str) -> Dictionary {
    let mut dict = Dictionary::new();
    dict.set("Type", "XObject");
    dict.set("Subtype", "Image");
    dict.set("Width", i64::from(size.0));
    dict.set("Height", i64::from(size.1));
    dict.set("ColorSpace", space);
    dict.set("BitsPerComponent", 8);
    dict
}
