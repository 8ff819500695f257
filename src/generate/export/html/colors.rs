//! Colours of series and slices, as CSS has them: the browser works them out from the accent.

use crate::catalog::Color;

/// How far each colour is from the accent on the colour wheel, in degrees, and how light it is, in percent.
/// Neighbours differ in lightness, so that they are told apart in greyscale and by the colour-blind as well.
const STEPS: [(u16, u8); 7] = [(220, 62), (60, 38), (165, 76), (300, 44), (100, 66), (250, 27), (20, 72)];

/// The accent.
pub(super) const ACCENT: &str = "var(--accent)";
/// The same, where it covers an area and something else stands out.
pub(super) const SOFT: &str = "color-mix(in srgb, var(--accent), white 52%)";

/// The colour at a position. Behind the end of the palette it begins again, lighter each time.
pub(super) fn color(palette: &[Color], at: usize) -> String {
    let (color, length) = match palette.get(at % palette.len().max(1)) {
        Some(color) => (color.to_string(), palette.len()),
        None => match (at % (STEPS.len() + 1)).checked_sub(1).map(|step| STEPS[step]) {
            None => (ACCENT.to_owned(), STEPS.len() + 1),
            Some((turn, light)) => {
                (format!("hsl(from var(--accent) calc(h + {turn}) 45% {light}%)"), STEPS.len() + 1)
            }
        },
    };
    match at / length {
        0 => color,
        round => {
            let white = 100.0 * (1.0 - 0.55f64.powi(i32::try_from(round).unwrap_or(i32::MAX)));
            format!("color-mix(in srgb, {color}, white {white:.0}%)")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_palette_begins_again_lighter() {
        let own = ["#102030".parse().unwrap(), "#aabbcc".parse().unwrap()];
        let table = [
            (&own[..], 1, "#aabbcc"),
            (&own[..], 2, "color-mix(in srgb, #102030, white 45%)"),
            (&[], 0, ACCENT),
            (&[], 1, "hsl(from var(--accent) calc(h + 220) 45% 62%)"),
            (&[], 8, "color-mix(in srgb, var(--accent), white 45%)"),
        ];
        for (palette, at, expected) in table {
            assert_eq!(color(palette, at), expected, "{at}");
        }
    }
}
