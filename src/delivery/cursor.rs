//! Where a client stands: the newest version that it has seen, on whatever channel.

use super::{Body, Frame};

/// What a client with a cursor is still owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// The state of now, and then what follows.
    State,
    /// What follows: it has seen the state of now.
    Later,
    /// Nothing: it has seen the end.
    Nothing,
}

impl Frame {
    /// What a client that has seen everything up to the version `cursor` is owed when this is the state of now.
    pub fn due(&self, cursor: Option<u64>) -> Due {
        // a version that there never was is no place to stand: whoever trusted it would miss the end
        let Some(seen) = cursor.filter(|seen| *seen <= self.version) else { return Due::State };
        match self.body {
            Body::Gone => Due::State,
            Body::Report { settled: Some(end), .. } if seen >= end => Due::Nothing,
            Body::Report { .. } if seen == self.version => Due::Later,
            Body::Report { .. } => Due::State,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{DeliveryState, ReportId};

    #[test]
    fn every_cursor_is_owed_what_stands_in_this_table() {
        let id = ReportId::generate();
        let frame = |settled| Frame {
            id,
            version: 5,
            good_until: jiff::Timestamp::MAX,
            body: Body::Report {
                message: bytes::Bytes::new(),
                text_at: 0,
                settled,
                delivery: DeliveryState::Waiting,
                sha256: None,
            },
        };
        let cursors = [None, Some(0), Some(3), Some(4), Some(5), Some(6), Some(u64::MAX)];
        use Due::*;
        let table = [
            (frame(None), [State, State, State, State, Later, State, State]),
            (frame(Some(4)), [State, State, State, Nothing, Nothing, State, State]),
            (Frame::gone(id), [State; 7]),
        ];
        for (frame, expected) in table {
            assert_eq!(cursors.map(|cursor| frame.due(cursor)), expected, "{frame:?}");
        }
    }
}
