//! How large a document is once its fragments are spread out: measured fragment by fragment, each once.
//!
//! What validates and runs documents walks every spread again. Twenty fragments that each spread the next one
//! twice are a million fields in a kilobyte, so the measure is taken before any such walk.

use std::collections::HashMap;

use async_graphql::{
    Name, Pos, Positioned,
    parser::types::{ExecutableDocument, FragmentDefinition, OperationType, Selection, SelectionSet},
};

use super::error::{Refused, refused};

/// How many levels of fields a document may have.
pub const MAX_DEPTH: usize = 10;
/// How many fields it may have, over all its operations, with all fragments spread out. A spread is one more.
pub const MAX_FIELDS: usize = 2_000;
/// How many operations it may have.
const MAX_OPERATIONS: usize = 50;
/// Levels of fields below `__schema` and `__type`: what tools ask for has 14.
const MAX_INTROSPECTION_DEPTH: usize = 20;
/// How many lists of the schema may be nested: each multiplies the answer by the size of the schema.
const MAX_LISTS: usize = 2;
/// Levels of selection sets, fragments included; the executor has the same limit.
const MAX_LEVELS: usize = 32;
/// Brackets inside each other. Far more than any document within [`MAX_LEVELS`] needs.
const MAX_BRACKETS: usize = 100;

const TOO_DEEP: &str = "DOCUMENT_TOO_DEEP";
const TOO_LARGE: &str = "DOCUMENT_TOO_LARGE";
const INVALID: &str = "GRAPHQL_VALIDATION_FAILED";

/// What is below one selection set.
#[derive(Clone, Copy, Default)]
struct Measure {
    /// Levels of fields, without those of introspection.
    depth: usize,
    /// Levels of fields below `__schema` or `__type`, or below here if this is there.
    introspection: usize,
    /// The most lists of the schema on one way down.
    lists: usize,
    /// All fields, and all spreads: one of a fragment that holds no field is a step of a walk all the same.
    fields: usize,
    /// The fields on the first level.
    roots: usize,
    /// Levels of selection sets, this one included.
    levels: usize,
}

/// Refuses a document whose brackets are nested deeper than anything that is meant.
pub(super) fn check_brackets(text: &str) -> Result<(), Refused> {
    let (mut open, mut rest) = (0_usize, text.as_bytes());
    while let [first, tail @ ..] = rest {
        rest = match first {
            b'#' => &tail[tail.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(tail.len())..],
            b'"' => after_string(tail),
            _ => tail,
        };
        match first {
            b'{' | b'[' | b'(' => open += 1,
            b'}' | b']' | b')' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > MAX_BRACKETS {
            let detail = format!("more than {MAX_BRACKETS} brackets are open at once");
            return Err(refused(TOO_DEEP, detail, None));
        }
    }
    Ok(())
}

/// What follows a string whose first quote was read.
fn after_string(text: &[u8]) -> &[u8] {
    if let Some(mut block) = text.strip_prefix(b"\"\"") {
        while !block.is_empty() && !block.starts_with(b"\"\"\"") {
            block = &block[if block.starts_with(b"\\\"\"\"") { 4 } else { 1 }..];
        }
        return &block[block.len().min(3)..];
    }
    let mut escaped = false;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'\n' | b'\r' => return &text[at..],
            b'"' if !escaped => return &text[at + 1..],
            _ => escaped = !escaped && *byte == b'\\',
        }
    }
    &[]
}

/// Refuses a document that is too deep or too large, or whose fragments go in circles.
pub(super) fn measure(document: &ExecutableDocument) -> Result<(), Refused> {
    let operations = document.operations.iter().count();
    if operations > MAX_OPERATIONS {
        let detail = format!("the document has {operations} operations; {MAX_OPERATIONS} are allowed");
        return Err(refused(TOO_LARGE, detail, None));
    }
    let mut walk = Walk { fragments: &document.fragments, known: HashMap::new() };
    // one operation runs, but all are validated
    let mut all = 0_usize;
    for (_, operation) in document.operations.iter() {
        let set = &operation.node.selection_set;
        let Measure { depth, introspection, lists, fields, roots, .. } = walk.set(set, 1)?;
        let refuse = |code, detail| Err(refused(code, detail, Some(operation.pos)));
        if depth > MAX_DEPTH {
            return refuse(TOO_DEEP, format!("the document is {depth} levels deep; {MAX_DEPTH} are allowed"));
        }
        if introspection > MAX_INTROSPECTION_DEPTH || lists > MAX_LISTS {
            let detail = format!(
                "the introspection is too deep; {MAX_INTROSPECTION_DEPTH} levels are allowed, and {MAX_LISTS} lists of fields or types inside each other"
            );
            return refuse(TOO_DEEP, detail);
        }
        all = all.saturating_add(fields);
        check_fields(all, operation.pos)?;
        // GraphQL, section 5.2.3.1
        if operation.node.ty == OperationType::Subscription && roots != 1 {
            return refuse(
                INVALID,
                format!("a subscription selects exactly one field; this one has {roots}"),
            );
        }
    }
    // what no operation spreads is validated, too
    for (name, fragment) in &document.fragments {
        check_fields(walk.spread(name, 1, fragment.pos)?.fields, fragment.pos)?;
    }
    Ok(())
}

fn check_fields(fields: usize, pos: Pos) -> Result<(), Refused> {
    if fields <= MAX_FIELDS {
        return Ok(());
    }
    let detail =
        format!("the document has {fields} fields with its fragments spread out; {MAX_FIELDS} are allowed");
    Err(refused(TOO_LARGE, detail, Some(pos)))
}

struct Walk<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// `None` while it is being measured: whoever meets it then is inside it.
    known: HashMap<&'a str, Option<Measure>>,
}

impl<'a> Walk<'a> {
    fn set(&mut self, set: &'a Positioned<SelectionSet>, level: usize) -> Result<Measure, Refused> {
        if set.node.items.is_empty() {
            return Ok(Measure::default());
        }
        if level > MAX_LEVELS {
            let detail =
                format!("the document is nested deeper than {MAX_LEVELS} levels, fragments included");
            return Err(refused(TOO_DEEP, detail, Some(set.pos)));
        }
        let mut sum = Measure { levels: 1, ..Measure::default() };
        for selection in &set.node.items {
            let part = match &selection.node {
                Selection::Field(field) => {
                    let below = self.set(&field.node.selection_set, level + 1)?;
                    through(&field.node.name.node, below)
                }
                Selection::InlineFragment(inline) => self.set(&inline.node.selection_set, level + 1)?,
                Selection::FragmentSpread(spread) => {
                    self.spread(&spread.node.fragment_name.node, level, spread.pos)?
                }
            };
            sum.depth = sum.depth.max(part.depth);
            sum.introspection = sum.introspection.max(part.introspection);
            sum.lists = sum.lists.max(part.lists);
            sum.fields = sum.fields.saturating_add(part.fields);
            sum.roots = sum.roots.saturating_add(part.roots);
            sum.levels = sum.levels.max(part.levels + 1);
        }
        Ok(sum)
    }

    /// What a spread of this fragment comes to.
    fn spread(&mut self, name: &'a Name, level: usize, pos: Pos) -> Result<Measure, Refused> {
        let below = match self.known.get(name.as_str()) {
            Some(Some(measure)) if level + measure.levels > MAX_LEVELS => {
                let detail =
                    format!("the document is nested deeper than {MAX_LEVELS} levels, fragments included");
                return Err(refused(TOO_DEEP, detail, Some(pos)));
            }
            Some(Some(measure)) => *measure,
            Some(None) => {
                let detail = format!("fragment {name} spreads itself, directly or through others");
                return Err(refused(INVALID, detail, Some(pos)));
            }
            None => self.fragment(name, level)?,
        };
        Ok(Measure { fields: below.fields.saturating_add(1), ..below })
    }

    fn fragment(&mut self, name: &'a Name, level: usize) -> Result<Measure, Refused> {
        // one that does not exist is the validation's to report
        let Some(fragment) = self.fragments.get(name) else { return Ok(Measure::default()) };
        self.known.insert(name, None);
        let measure = self.set(&fragment.node.selection_set, level + 1)?;
        self.known.insert(name, Some(measure));
        Ok(measure)
    }
}

/// The measure of a field, of what is below it.
fn through(name: &str, below: Measure) -> Measure {
    let is_list = matches!(name, "fields" | "inputFields" | "interfaces" | "possibleTypes");
    let fields = below.fields.saturating_add(1);
    let part = Measure { fields, roots: 1, lists: below.lists + usize::from(is_list), ..below };
    match name {
        "__schema" | "__type" => {
            Measure { depth: 1, introspection: below.depth.max(below.introspection) + 1, ..part }
        }
        _ => Measure { depth: below.depth + 1, ..part },
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn code(text: &str) -> Option<String> {
        check_brackets(text).unwrap();
        let refused = measure(&parse_query(text).unwrap()).err()?;
        match refused.extensions?.get("code") {
            Some(async_graphql::Value::String(code)) => Some(code.clone()),
            _ => None,
        }
    }

    fn deep(levels: usize) -> String {
        "{a".repeat(levels) + &"}".repeat(levels)
    }

    #[test]
    fn a_document_is_measured_with_its_fragments_spread_out() {
        let bomb = |fragments: usize| {
            let body = (0..fragments)
                .map(|n| format!("fragment F{n} on Report {{ a: id ...F{m} b: id ...F{m} }}", m = n + 1));
            let bodies: String = body.collect();
            format!("{{ report {{ ...F0 }} }} {bodies} fragment F{fragments} on Report {{ id }}")
        };
        // spreads and nothing else: no field, and so many times as many steps with each fragment
        let hollow = |fragments: usize, times: usize, last: &str| {
            let spreads = |n: usize| format!("...F{n} ").repeat(times);
            let body = (0..fragments).map(|n| format!("fragment F{n} on Report {{ {} }}", spreads(n + 1)));
            let bodies: String = body.collect();
            format!("{bodies} fragment F{fragments} on Report {{ {last} }}")
        };
        let wide = |fields: usize| -> String { (0..fields).map(|n| format!("f{n}: a ")).collect() };
        let operations = |count: usize, fields: usize| -> String {
            (0..count).map(|n| format!("query Q{n} {{ {} }} ", wide(fields))).collect()
        };
        let wide_fragment = format!("fragment F on Query {{ {} }}", wide(MAX_FIELDS / 40));
        let spreading: String = (0..41).map(|n| format!("query Q{n} {{ ...F }} ")).collect();
        let table = [
            ("{ a }".to_owned(), None),
            (deep(MAX_DEPTH), None),
            (deep(MAX_DEPTH + 1), Some(TOO_DEEP)),
            (bomb(3), None),
            (bomb(20), Some(TOO_LARGE)),
            (bomb(40), Some(TOO_DEEP)),
            (format!("{{ {} }}", wide(MAX_FIELDS)), None),
            (format!("{{ {} }}", wide(MAX_FIELDS + 1)), Some(TOO_LARGE)),
            (format!("{{ report {{ ...F0 }} }} {}", hollow(3, 3, "...Nobody")), None),
            (format!("{{ report {{ ...F0 }} }} {}", hollow(28, 3, "...Nobody ...Nobody")), Some(TOO_LARGE)),
            // that no operation spreads them is found by a walk over all of them
            (format!("{{ a }} {}", hollow(28, 3, "id")), Some(TOO_LARGE)),
            (format!("{{ a }} {}", hollow(40, 1, "id")), Some(TOO_DEEP)),
            ("{ a } fragment A on Query { ...B } fragment B on Query { ...A }".into(), Some(INVALID)),
            (operations(MAX_OPERATIONS, MAX_FIELDS / MAX_OPERATIONS), None),
            (operations(MAX_OPERATIONS, MAX_FIELDS / MAX_OPERATIONS + 1), Some(TOO_LARGE)),
            (operations(MAX_OPERATIONS + 1, 1), Some(TOO_LARGE)),
            (format!("{spreading} {wide_fragment}"), Some(TOO_LARGE)),
            ("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A ...A }".into(), Some(INVALID)),
            ("{ ...Nobody }".into(), None),
            ("subscription { a b }".into(), Some(INVALID)),
            ("subscription { ...A } fragment A on S { a }".into(), None),
            (format!("{{ __schema {} }}", deep(15)), None),
            (format!("{{ __schema {} }}", deep(25)), Some(TOO_DEEP)),
            ("{ __schema { types { fields { type { fields { name } } } } } }".into(), None),
            (
                "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }".into(),
                Some(TOO_DEEP),
            ),
        ];
        for (text, expected) in table {
            assert_eq!(code(&text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn brackets_count_where_they_are_brackets() {
        let many = "[".repeat(MAX_BRACKETS + 1);
        let harmless = [
            format!("{{ a(x: \"{many}\") }}"),
            format!("{{ a(x: \"\\\"{many}\") }}"),
            format!("{{ a(x: \"\"\"\\\"\"\"{many}\"\"\") }}"),
            format!("# {many}\n{{ a }}"),
            "[]".repeat(MAX_BRACKETS * 2),
        ];
        for text in harmless {
            assert!(check_brackets(&text).is_ok(), "{text}");
        }
        for text in [
            many.clone(),
            format!("{{ a(x: \"\") {many}"),
            format!("# x\n{many}"),
            format!("\"\"\"\"\"\"{many}"),
        ] {
            assert!(check_brackets(&text).is_err(), "{text}");
        }
    }
}
