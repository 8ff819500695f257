//! One letter: the news of a report to a person, over the operator's mail server.
//!
//! ```text
//! Record ──Letter::of──► Letter ──Mailer::send──► SMTP ──► Sent ──next──► Next
//! ```
//!
//! The mail server is named by the operator, so no guard stands before it. That it took the letter (250) proves
//! nothing about the person; see [`Proof::Flushed`](crate::report::Proof).

mod address;
mod letter;
mod mailer;
mod server;

pub use address::{LONGEST_ADDRESS, check_address};
pub use letter::Letter;
pub use mailer::Mailer;
pub use server::NoMailer;

use super::webhook::{
    Answer, Sent,
    schedule::{self, Next},
};

/// What to do after the `attempt`th attempt at a letter: the schedule of webhooks, but what a mail server refuses
/// for good (5yz, RFC 5321, section 4.2.1) is not offered again. `luck` as in [`schedule::next`].
pub fn next(attempt: u32, sent: &Sent, luck: f32) -> Next {
    match &sent.result {
        Ok(Answer { status: 200..=299, .. }) => Next::Delivered,
        Ok(Answer { status: 500..=599, .. }) => Next::GiveUp,
        Err(error) if error.is_permanent() => Next::GiveUp,
        Ok(_) | Err(_) => schedule::again(attempt, None, luck),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::delivery::webhook::SendError;

    #[test]
    fn a_letter_is_offered_again_unless_it_was_taken_or_refused_for_good() {
        let answered = |status| Ok(Answer { status, retry_after: None, head: String::new() });
        let again = Next::RetryAfter(Duration::from_secs(5));
        let table = [
            (answered(250), Next::Delivered),
            (answered(550), Next::GiveUp),
            (answered(451), again),
            (answered(354), again),
            (Err(SendError::Unable), again),
            (Err(SendError::Timeout), again),
            (Err(SendError::Busy), again),
            (Err(SendError::Unsendable), Next::GiveUp),
        ];
        for (result, expected) in table {
            let sent = Sent { took: Duration::ZERO, result };
            assert_eq!(next(1, &sent, 0.0), expected, "{sent:?}");
        }
    }
}
