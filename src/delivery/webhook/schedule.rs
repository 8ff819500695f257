//! What to do after an attempt: a pure function of the attempt.

use std::time::Duration;

use super::{Answer, Sent};

/// How long to wait after the first attempt failed, after the second, and so on: 76 hours in all.
pub const WAITS: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
];

/// The longest wait that a receiver can ask for.
pub const LONGEST: Duration = Duration::from_hours(24);

/// What to do with a message after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It arrived: forget it.
    Delivered,
    /// Send it again after this long.
    RetryAfter(Duration),
    /// It will not arrive: forget it.
    GiveUp,
    /// The receiver is gone for good (410): forget it and send no other.
    SwitchOff,
}

/// What to do after the `attempt`th attempt, counted from 1, ended as `sent`. `luck` is a random number from 0 to 1:
/// each wait is longer by up to a tenth, in proportion to it, so that those who failed together do not come
/// back together.
///
/// Only 2xx is delivered; a redirect is a failure like any other. 429 and 503 may ask by `Retry-After` for a longer
/// wait than the schedule's, up to [`LONGEST`]; a shorter one is not granted, because the schedule protects the
/// receiver from us.
pub fn next(attempt: u32, sent: &Sent, luck: f32) -> Next {
    match &sent.result {
        Ok(Answer { status: 200..=299, .. }) => Next::Delivered,
        Ok(Answer { status: 410, .. }) => Next::SwitchOff,
        Ok(Answer { status: 429 | 503, retry_after, .. }) => again(attempt, *retry_after, luck),
        Err(error) if error.is_permanent() => Next::GiveUp,
        Ok(_) | Err(_) => again(attempt, None, luck),
    }
}

/// Another attempt when the schedule has one left, not sooner than `asked`.
pub(crate) fn again(attempt: u32, asked: Option<Duration>, luck: f32) -> Next {
    let Some(wait) = WAITS.get(attempt.saturating_sub(1) as usize) else { return Next::GiveUp };
    let wait = asked.map_or(*wait, |asked| asked.min(LONGEST).max(*wait));
    Next::RetryAfter(wait.mul_f64(1.0 + 0.1 * f64::from(luck.clamp(0.0, 1.0))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::webhook::SendError;

    fn answered(status: u16, retry_after: Option<u64>) -> Sent {
        let retry_after = retry_after.map(Duration::from_secs);
        Sent { took: Duration::ZERO, result: Ok(Answer { status, retry_after, head: String::new() }) }
    }

    fn failed(error: SendError) -> Sent {
        Sent { took: Duration::ZERO, result: Err(error) }
    }

    #[test]
    fn every_step_of_the_schedule_is_exact_to_the_jitter() {
        let seconds = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
        for (attempt, seconds) in (1..).zip(seconds) {
            for (luck, thousandths) in [(0.0, 1_000), (0.5, 1_050), (1.0, 1_100), (-3.0, 1_000), (9.0, 1_100)]
            {
                let expected = Next::RetryAfter(Duration::from_millis(seconds * thousandths));
                for sent in [answered(500, None), answered(302, None), failed(SendError::Timeout)] {
                    assert_eq!(next(attempt, &sent, luck), expected, "attempt {attempt}, luck {luck}");
                }
            }
        }
        for attempt in [10, 11, u32::MAX] {
            assert_eq!(next(attempt, &answered(500, None), 0.0), Next::GiveUp, "attempt {attempt}");
        }
        assert_eq!(WAITS.iter().sum::<Duration>(), Duration::from_secs(272_105));
    }

    #[test]
    fn only_2xx_is_delivered_and_only_410_switches_off() {
        for attempt in [1, 10] {
            for status in 100..=599 {
                let next = next(attempt, &answered(status, None), 0.0);
                match status {
                    200..=299 => assert_eq!(next, Next::Delivered, "{status}"),
                    410 => assert_eq!(next, Next::SwitchOff, "{status}"),
                    _ if attempt == 10 => assert_eq!(next, Next::GiveUp, "{status}"),
                    _ => assert_eq!(next, Next::RetryAfter(WAITS[0]), "{status}"),
                }
            }
        }
    }

    #[test]
    fn a_receiver_may_ask_for_a_longer_wait_but_not_for_a_shorter_or_an_endless_one() {
        let table = [
            (1, 429, 60, 60),
            (1, 503, 60, 60),
            (1, 429, 2, 5),
            (3, 429, 60, 1_800),
            (1, 503, 86_400, 86_400),
            (1, 503, u64::MAX, 86_400),
            // nobody else is asked
            (1, 500, 60, 5),
            (1, 302, 60, 5),
        ];
        for (attempt, status, asked, expected) in table {
            assert_eq!(
                next(attempt, &answered(status, Some(asked)), 0.0),
                Next::RetryAfter(Duration::from_secs(expected)),
                "{status} after attempt {attempt} asks for {asked}"
            );
        }
        let spread = Next::RetryAfter(Duration::from_secs(66));
        assert_eq!(next(1, &answered(429, Some(60)), 1.0), spread, "who asks many to wait gets them apart");
        assert_eq!(next(10, &answered(429, Some(60)), 0.0), Next::GiveUp);
    }

    #[test]
    fn what_cannot_be_sent_is_not_tried_again() {
        assert_eq!(next(1, &failed(SendError::Unsendable), 0.0), Next::GiveUp);
        assert_eq!(next(1, &failed(SendError::Resolve), 0.0), Next::RetryAfter(WAITS[0]));
    }
}
