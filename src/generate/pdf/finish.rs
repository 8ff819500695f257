//! The file: objects in one fixed order, compressed, with an identifier made from the content.
//!
//! The order in which `printpdf` numbers its objects follows a hash map, so the same report would be
//! another file each time. And it leaves objects that nothing refers to.

use std::{collections::BTreeMap, io::Write};

use flate2::{Compression, write::ZlibEncoder};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream};
use sha2::{Digest, Sha256};

/// Writes `document`.
pub(super) fn write(document: Document) -> std::io::Result<Vec<u8>> {
    let mut ordered = in_order(document);
    for object in ordered.objects.values_mut() {
        if let Object::Stream(stream) = object {
            compress(stream)?;
        }
    }
    let mut file = Vec::new();
    ordered.save_to(&mut file)?;
    // ISO 32000-1, section 14.4: the same content, the same identifier. It is a part of the trailer, so the
    // first writing is the one that is digested.
    let digest = Sha256::digest(&file);
    let id = Object::String(digest[..16].to_vec(), lopdf::StringFormat::Hexadecimal);
    ordered.trailer.set("ID", vec![id.clone(), id]);
    file.clear();
    ordered.save_to(&mut file)?;
    Ok(file)
}

/// The deflated bytes of a stream. Level 6: 9 takes three times as long for two percent.
pub(super) fn deflated(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::new(6));
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn compress(stream: &mut Stream) -> std::io::Result<()> {
    if stream.dict.get(b"Filter").is_err() {
        let smaller = deflated(&stream.content)?;
        if smaller.len() < stream.content.len() {
            stream.dict.set("Filter", "FlateDecode");
            stream.set_content(smaller);
        }
    }
    Ok(())
}

/// The objects that can be reached, numbered in the order in which they are.
fn in_order(mut document: Document) -> Document {
    let mut numbers: BTreeMap<ObjectId, ObjectId> = BTreeMap::new();
    let mut ordered = Document::with_version("1.5");
    // Without the identifier, which printpdf draws at random.
    for key in [&b"Root"[..], b"Info"] {
        if let Ok(reference) = document.trailer.get(key) {
            ordered.trailer.set(key, reference.clone());
        }
    }
    let mut open: Vec<ObjectId> = Vec::new();
    let mut references = Vec::new();
    dictionary(&mut ordered.trailer, &mut |id| references.push(*id));
    open.extend(references.drain(..).rev());
    let mut taken = Vec::new();
    while let Some(id) = open.pop() {
        if numbers.contains_key(&id) {
            continue;
        }
        let Some(mut object) = document.objects.remove(&id) else { continue };
        numbers.insert(id, (numbers.len() as u32 + 1, 0));
        each(&mut object, &mut |id| references.push(*id));
        open.extend(references.drain(..).rev());
        taken.push((id, object));
    }
    let mut renumber = |id: &mut ObjectId| *id = numbers.get(id).copied().unwrap_or(*id);
    dictionary(&mut ordered.trailer, &mut renumber);
    for (id, mut object) in taken {
        each(&mut object, &mut renumber);
        ordered.objects.insert(numbers[&id], object);
    }
    ordered.max_id = numbers.len() as u32;
    ordered
}

fn each(object: &mut Object, visit: &mut impl FnMut(&mut ObjectId)) {
    match object {
        Object::Reference(id) => visit(id),
        Object::Array(items) => items.iter_mut().for_each(|item| each(item, visit)),
        Object::Dictionary(items) => dictionary(items, visit),
        Object::Stream(stream) => dictionary(&mut stream.dict, visit),
        _ => {}
    }
}

fn dictionary(items: &mut Dictionary, visit: &mut impl FnMut(&mut ObjectId)) {
    items.iter_mut().for_each(|(_, item)| each(item, visit));
}
