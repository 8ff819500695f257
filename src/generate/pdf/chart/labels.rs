//! The labels below a plot: all of them if they find room, else leaning, else some of them.

use super::super::{
    marks::{Anchor, Face, Mark, Sheet},
    theme::{self, size},
};

/// The least room of a leaning label.
const LEANING: f32 = 4.4;
/// The length of the longest leaning label.
const LONGEST: f32 = 27.0;
/// The sine of 45 degrees.
const SLOPE: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// How the labels are placed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Labels {
    /// Level, every so many of them.
    Level { every: usize },
    /// All of them, rising to the right, so long.
    Leaning { length: f32 },
}

impl Labels {
    /// What suits these labels when each has so much room.
    pub(super) fn suiting(labels: &[String], room: f32) -> Self {
        let face = face();
        let widest = labels.iter().map(|label| face.width(label)).fold(0.0, f32::max);
        let every = ((widest + 2.0) / room).ceil().max(1.0);
        if every > 1.0 && room >= LEANING && !evenly_spaced(labels) {
            return Labels::Leaning { length: widest.min(LONGEST) };
        }
        // A long label is shortened rather than being the only one.
        let most = (34.0 / room).ceil().max(1.0);
        Labels::Level { every: every.min(most) as usize }
    }

    /// The height below the plot.
    pub(super) fn height(self) -> f32 {
        match self {
            Labels::Level { .. } => 5.0,
            Labels::Leaning { length } => length * SLOPE + 4.0,
        }
    }

    /// Draws a label below the point `x`, `y`; `edges` are those of the content, `room` that of each label. One
    /// that begins before `free`, where the last one ended, is left out; returns where the next one may begin.
    pub(super) fn draw(
        self,
        sheet: &mut Sheet,
        (at, label): (usize, &str),
        (x, y): (f32, f32),
        room: f32,
        edges: (f32, f32),
        free: f32,
    ) -> f32 {
        let face = face();
        match self {
            Labels::Level { every } if at.is_multiple_of(every) => {
                let label = face.fitted(label, (room * every as f32 - 2.0).max(3.0));
                // The first and the last label must not hang over the edge of the content.
                let half = face.width(&label) / 2.0;
                let x = x.min(edges.1 - half).max(edges.0 + half);
                if x - half < free {
                    return free;
                }
                sheet.text(Anchor::Middle, x, y + 4.6, face, label);
                return x + half + 2.0;
            }
            Labels::Level { .. } => {}
            Labels::Leaning { length } => {
                let most = ((x - edges.0) / SLOPE).min(length);
                let text = face.fitted(label, most + 0.01);
                let down = face.width(&text) * SLOPE;
                let (x, y) = (x + 1.2 - down, y + 3.0 + down);
                sheet.marks.push(Mark::Leaning { x, y, text, face });
            }
        }
        free
    }
}

fn face() -> Face {
    Face::regular(size::SMALL, theme::MUTED)
}

/// Whether those between are understood when only some labels are shown, as with hours and dates: all of
/// them contain a digit, and there are many.
fn evenly_spaced(labels: &[String]) -> bool {
    labels.len() > 6 && labels.iter().all(|label| label.chars().any(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_level_while_they_find_room() {
        let names = |name: &str, count: usize| vec![name.to_owned(); count];
        assert_eq!(Labels::suiting(&names("Q1", 4), 40.0), Labels::Level { every: 1 });
        assert!(matches!(Labels::suiting(&names("Thessaloniki", 12), 13.0), Labels::Leaning { .. }));
        assert!(matches!(Labels::suiting(&names("Thessaloniki", 90), 1.8), Labels::Level { every: 2.. }));
        assert_eq!(Labels::suiting(&names("10:00", 24), 7.0), Labels::Level { every: 2 });
    }
}
