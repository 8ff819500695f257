//! Chance that can be had again, and what is done to texts with it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use fastrand::Rng;

/// Far more than any case takes, on a machine that is busy with other things.
const LONGEST: Duration = Duration::from_secs(5);

/// Runs so many cases. One that panics or takes too long is a failure that names its seed.
pub(crate) fn cases(what: &str, count: u64, mut case: impl FnMut(&mut Rng)) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let first = number("REPORTWIRE_FUZZ_SEED").unwrap_or(20_261_124);
    let count = count * number("REPORTWIRE_FUZZ_TIMES").unwrap_or(1);
    let seconds = number("REPORTWIRE_FUZZ_SECONDS");
    let last = if seconds.is_some() { u64::MAX } else { first + count };
    let (start, span) = (Instant::now(), Duration::from_secs(seconds.unwrap_or(u64::MAX)));
    let mut tried = 0;
    for seed in first..last {
        if start.elapsed() >= span {
            break;
        }
        tried += 1;
        let begun = Instant::now();
        let done = catch_unwind(AssertUnwindSafe(|| case(&mut Rng::with_seed(seed))));
        assert!(done.is_ok(), "{what}: the case of REPORTWIRE_FUZZ_SEED={seed} panicked");
        let took = begun.elapsed();
        assert!(took < LONGEST, "{what}: the case of REPORTWIRE_FUZZ_SEED={seed} took {took:?}");
    }
    println!("{what}: {tried} cases from REPORTWIRE_FUZZ_SEED={first}");
}

/// Texts that programs stumble over.
pub(crate) const HOSTILE: [&str; 24] = [
    "",
    " ",
    "\u{0}",
    "\u{feff}",
    "\u{202e}abc",
    "a\u{301}\u{301}\u{301}",
    "👩‍👩‍👧‍👦",
    "שלום עולם",
    "مرحبا",
    "日本語",
    "\u{e000}",
    "\u{10ffff}",
    "line\nbreak\r\n\t",
    "'; DROP TABLE a; --",
    "{{ 7 * 7 }}",
    "{% for x in range(9) %}",
    "<script>alert(1)</script>",
    "**bold** [x](javascript:y)",
    "%s%n%1000000000d",
    "=1+1",
    "-0",
    "1e999",
    "NaN",
    "ﬁ\u{ad}x\u{200b}y",
];

/// Bytes that mean something in one of the formats.
const SIGNS: &[u8] = b"\"'\\\n\r,;\t{}[]=#\0";

pub(crate) fn hostile(rng: &mut Rng) -> String {
    match rng.u8(..10) {
        0 => "wide".repeat(rng.usize(..3_000)),
        1 => "many words ".repeat(rng.usize(..300)),
        2 => (0..rng.usize(..40)).map(|_| rng.char(..)).collect(),
        _ => HOSTILE[rng.usize(..HOSTILE.len())].to_owned(),
    }
}

/// The same bytes with a few changed, dropped, doubled or taken from elsewhere.
pub(crate) fn bytes(rng: &mut Rng, text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    for _ in 0..rng.usize(1..6) {
        let at = rng.usize(..=text.len());
        let end = (at + rng.usize(..20)).min(text.len());
        match rng.u8(..6) {
            0 => drop(text.drain(at..end)),
            1 => text.insert(at, rng.u8(..)),
            2 => text.insert(at, SIGNS[rng.usize(..SIGNS.len())]),
            3 => {
                let piece = text[at..end].to_vec();
                let place = rng.usize(..=text.len());
                text.splice(place..place, piece);
            }
            4 => text.truncate(at),
            _ => drop(text.splice(at..at, HOSTILE[rng.usize(..HOSTILE.len())].bytes())),
        }
    }
    text
}

/// The same text with a few of its lines dropped, doubled, exchanged or with a word changed.
pub(crate) fn lines(rng: &mut Rng, text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..rng.usize(1..5) {
        if lines.is_empty() {
            break;
        }
        let (at, other) = (rng.usize(..lines.len()), rng.usize(..lines.len()));
        match rng.u8(..5) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(other, lines[at].clone()),
            2 => lines.swap(at, other),
            _ => {
                let stranger = lines[other].split_whitespace().last().unwrap_or_default().to_owned();
                let mut words: Vec<String> = lines[at].split(' ').map(str::to_owned).collect();
                let place = rng.usize(..words.len());
                words[place] = match rng.u8(..8) {
                    0 => hostile(rng),
                    1 => format!("\"{}\"", hostile(rng)),
                    2 => String::new(),
                    3 => rng.i64(..).to_string(),
                    4 => ["true", "nan", "-inf", "[]", "{}", "[[x]]", "1979-05-27", "[\"\"]"][rng.usize(..8)]
                        .to_owned(),
                    _ => stranger,
                };
                lines[at] = words.join(" ");
            }
        }
    }
    lines.join("\n")
}
