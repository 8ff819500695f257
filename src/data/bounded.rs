//! Reading that gives up on a row without an end: a quote that is opened and never closed would bring a whole
//! file into memory.

use std::{
    cell::Cell,
    io::{self, Read},
    rc::Rc,
};

/// How much may still be read before the row must be at its end.
#[derive(Clone, Debug)]
pub(super) struct Allowance {
    left: Rc<Cell<u64>>,
    most: u64,
}

/// A reader that reads no more than it is allowed to.
#[derive(Debug)]
pub(super) struct Bounded<R> {
    inner: R,
    allowance: Allowance,
}

impl Allowance {
    /// A row is at its end, and the next one begins.
    pub(super) fn renew(&self) {
        self.left.set(self.most);
    }

    /// Whether the row went on for too long.
    pub(super) fn is_spent(&self) -> bool {
        self.left.get() == 0
    }
}

impl<R> Bounded<R> {
    /// Rows of at most `most` bytes, what is read ahead included.
    pub(super) fn new(inner: R, most: u64) -> Self {
        Self { inner, allowance: Allowance { left: Rc::new(Cell::new(most)), most } }
    }

    pub(super) fn allowance(&self) -> &Allowance {
        &self.allowance
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.allowance.left.get();
        if left == 0 && !buffer.is_empty() {
            return Err(io::Error::other(format!("a row is longer than {} bytes", self.allowance.most)));
        }
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let length = self.inner.read(&mut buffer[..most])?;
        self.allowance.left.set(left - length as u64);
        Ok(length)
    }
}
