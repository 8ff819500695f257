//! How much a client says.

use std::sync::LazyLock;

use tokio::time::Instant;

use super::MESSAGES;

/// Counts what a client says, second by second. Small, because every idle socket has one.
#[derive(Debug)]
pub(crate) struct Talk {
    /// Since [`BEGAN`].
    second: u32,
    said: u32,
}

/// When the seconds begin.
static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

fn second() -> u32 {
    u32::try_from(BEGAN.elapsed().as_secs()).unwrap_or(u32::MAX)
}

impl Talk {
    pub(crate) fn new() -> Self {
        Self { second: second(), said: 0 }
    }

    /// The client said something. Whether it says too much.
    pub(crate) fn is_too_much(&mut self) -> bool {
        if second() != self.second {
            *self = Self::new();
        }
        self.said += 1;
        self.said > MESSAGES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_client_may_say_so_much_in_every_second() {
        let mut talk = Talk::new();
        for _ in 0..3 {
            assert!((0..MESSAGES).all(|_| !talk.is_too_much()));
            assert!(talk.is_too_much());
            tokio::time::advance(std::time::Duration::from_secs(1)).await;
        }
    }
}
