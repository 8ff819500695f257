//! The outline of the document: its headings, for a reader's side bar (ISO 32000-1, section 12.3.3).

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::{metadata, page::Page, theme};

/// A heading and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// 1 for a chapter, 2 for what stands in one.
    pub(super) level: u8,
    pub(super) title: String,
    pub(super) sheet: usize,
    /// In millimetres from the upper edge.
    pub(super) y: f32,
}

/// Adds the outline and returns its root; `pages` are those of the sheets.
pub(super) fn add(
    document: &mut Document,
    entries: &[Entry],
    pages: &[ObjectId],
    page: &Page<'_>,
) -> Option<ObjectId> {
    if entries.is_empty() {
        return None;
    }
    let root = document.new_object_id();
    let ids: Vec<ObjectId> = entries.iter().map(|_| document.new_object_id()).collect();
    let parents = parents(entries);
    for (at, entry) in entries.iter().enumerate() {
        let siblings = || (0..entries.len()).filter(|other| parents[*other] == parents[at]);
        let mut item = Dictionary::new();
        item.set("Title", metadata::text(&entry.title));
        item.set("Parent", parents[at].map_or(root, |parent| ids[parent]));
        if let Some(before) = siblings().rfind(|other| *other < at) {
            item.set("Prev", ids[before]);
        }
        if let Some(after) = siblings().find(|other| *other > at) {
            item.set("Next", ids[after]);
        }
        children(&mut item, &parents, Some(at), &ids);
        if let Some(target) = pages.get(entry.sheet) {
            let y = (page.paper.1 - entry.y) / theme::POINT;
            let place = [(*target).into(), "XYZ".into(), Object::Null, Object::Real(y.round()), Object::Null];
            item.set("Dest", place.to_vec());
        }
        document.objects.insert(ids[at], item.into());
    }
    let mut outlines = Dictionary::new();
    outlines.set("Type", "Outlines");
    children(&mut outlines, &parents, None, &ids);
    outlines.set("Count", entries.len() as i64);
    document.objects.insert(root, outlines.into());
    Some(root)
}

/// The chapter that each entry stands in.
fn parents(entries: &[Entry]) -> Vec<Option<usize>> {
    let mut chapter = None;
    let parent = |(at, entry): (usize, &Entry)| {
        if entry.level <= 1 {
            chapter = Some(at);
            None
        } else {
            chapter
        }
    };
    entries.iter().enumerate().map(parent).collect()
}

fn children(item: &mut Dictionary, parents: &[Option<usize>], of: Option<usize>, ids: &[ObjectId]) {
    let own = || (0..ids.len()).filter(|at| parents[*at] == of);
    if let (Some(first), Some(last)) = (own().next(), own().next_back()) {
        item.set("First", ids[first]);
        item.set("Last", ids[last]);
        item.set("Count", own().count() as i64);
    }
}
