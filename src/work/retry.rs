//! When to try again: a pure function of how often it was tried.

use std::time::Duration;

/// After this many attempts there is no other.
pub(super) const ATTEMPTS: u32 = 5;

/// How long to wait after attempt number `attempt` (from 1) failed, or `None` when that was the last one.
/// One second, then four times as long each time, each up to a quarter longer by `luck` (0 to 1), so that
/// what failed together is not tried together.
pub(super) fn delay(attempt: u32, luck: f32) -> Option<Duration> {
    let base = Duration::from_secs(4_u64.checked_pow(attempt.checked_sub(1)?)?);
    (attempt < ATTEMPTS).then(|| base.mul_f32(1.0 + 0.25 * luck.clamp(0.0, 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_four_times_the_last_until_there_is_none() {
        let seconds = |attempt, luck| delay(attempt, luck).map(|delay| delay.as_secs_f32());
        let table = [(1, Some(1.0)), (2, Some(4.0)), (3, Some(16.0)), (4, Some(64.0)), (5, None), (9, None)];
        for (attempt, expected) in table {
            assert_eq!(seconds(attempt, 0.0), expected, "attempt {attempt}");
            assert_eq!(seconds(attempt, 1.0), expected.map(|wait| wait * 1.25), "attempt {attempt}");
        }
        assert_eq!(delay(0, 0.0), None, "attempts count from 1");
    }
}
