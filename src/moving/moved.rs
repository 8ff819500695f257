//! What became of everything, kind by kind.

/// How many names of what differs are kept of each kind.
const NAMED: usize = 3;

/// What was found, in the order in which it was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// A line for each kind of thing.
    pub lines: Vec<Line>,
}

/// What became of one kind of thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which kind.
    pub what: &'static str,
    /// How many there are in the folder.
    pub found: u64,
    /// How many were copied now.
    pub copied: u64,
    /// How many are not there, or not as they are in the folder.
    pub differing: u64,
    /// The first of those.
    pub named: Vec<String>,
}

impl Line {
    /// How many were there already.
    pub fn there(&self) -> u64 {
        self.found.saturating_sub(self.copied + self.differing)
    }
}

impl Moved {
    /// Those that are not everywhere the same.
    pub fn differing(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.differing > 0)
    }

    fn line(&mut self, what: &'static str) -> &mut Line {
        let at = self.lines.iter().position(|line| line.what == what).unwrap_or_else(|| {
            self.lines.push(Line { what, found: 0, copied: 0, differing: 0, named: Vec::new() });
            self.lines.len() - 1
        });
        &mut self.lines[at]
    }

    /// So many there are.
    pub(super) fn found(&mut self, what: &'static str, count: u64) {
        self.line(what).found = count;
    }

    /// So many more were copied.
    pub(super) fn copied(&mut self, what: &'static str, count: u64) {
        self.line(what).copied += count;
    }

    /// This one is not there, or is another.
    pub(super) fn differs(&mut self, what: &'static str, name: String) {
        let line = self.line(what);
        line.differing += 1;
        if line.named.len() < NAMED {
            line.named.push(name);
        }
    }
}
