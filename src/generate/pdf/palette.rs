//! Colours that are worked out from one: tints of the accent, and the colours of series.

use super::theme;
use crate::catalog::Color;

/// How far each colour is from the accent on the colour wheel, in degrees, and how light it is. Neighbours
/// differ in lightness, so that they are told apart in greyscale and by the colour-blind as well.
const STEPS: [(f32, f32); 8] = [
    (0.0, 0.30),
    (220.0, 0.62),
    (60.0, 0.38),
    (165.0, 0.76),
    (300.0, 0.44),
    (100.0, 0.66),
    (250.0, 0.27),
    (20.0, 0.72),
];

/// `color` with so much of it replaced by the paper; 0 is the colour itself, 1 is white.
pub(super) fn tint(color: Color, paper: f32) -> Color {
    let mix = |part: u8| (f32::from(part) * (1.0 - paper) + 255.0 * paper).round() as u8;
    Color { red: mix(color.red), green: mix(color.green), blue: mix(color.blue) }
}

/// Eight colours that go with the accent, which is the first of them.
pub(super) fn around(accent: Color) -> Vec<Color> {
    let (hue, saturation) = hue(accent);
    let follow = STEPS.iter().skip(1);
    let others = follow.map(|(turn, light)| from_hue(hue + turn, saturation.clamp(0.3, 0.55), *light));
    std::iter::once(accent).chain(others).collect()
}

/// The colour at this position of a palette. Behind its end it begins again, lighter each time.
pub(super) fn pick(palette: &[Color], at: usize) -> Color {
    let Some(color) = palette.get(at % palette.len().max(1)) else { return theme::ACCENT };
    let round = (at / palette.len()) as f32;
    tint(*color, 1.0 - 0.55f32.powf(round))
}

/// A colour in which text can be read on this ground.
pub(super) fn readable_on(ground: Color) -> Color {
    let part = |value: u8, weight: f32| (f32::from(value) / 255.0).powf(2.2) * weight;
    let light = part(ground.red, 0.2126) + part(ground.green, 0.7152) + part(ground.blue, 0.0722);
    if light > 0.36 { theme::INK } else { theme::PAPER }
}

/// Hue in degrees and saturation of a colour (the HSL model).
fn hue(color: Color) -> (f32, f32) {
    let [red, green, blue] = [color.red, color.green, color.blue].map(|part| f32::from(part) / 255.0);
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    let span = most - least;
    if span == 0.0 {
        return (210.0, 0.0);
    }
    let hue = if most == red {
        (green - blue) / span
    } else if most == green {
        (blue - red) / span + 2.0
    } else {
        (red - green) / span + 4.0
    };
    (hue * 60.0, span / (1.0 - (most + least - 1.0).abs()))
}

fn from_hue(hue: f32, saturation: f32, light: f32) -> Color {
    let chroma = (1.0 - (2.0 * light - 1.0).abs()) * saturation;
    let part = |shift: f32| {
        let place = (hue / 30.0 + shift).rem_euclid(12.0);
        let value = light - chroma / 2.0 * (place - 3.0).min(9.0 - place).clamp(-1.0, 1.0);
        (value * 255.0).round() as u8
    };
    Color { red: part(0.0), green: part(8.0), blue: part(4.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_a_palette_differ_in_greyscale() {
        for accent in ["#0f5c63", "#b00020", "#222222", "#ffd400"] {
            let colors = around(accent.parse().unwrap());
            let grey = |color: &Color| {
                0.299 * f32::from(color.red) + 0.587 * f32::from(color.green) + 0.114 * f32::from(color.blue)
            };
            for pair in colors[1..].windows(2) {
                assert!((grey(&pair[0]) - grey(&pair[1])).abs() > 20.0, "{accent} {pair:?}");
            }
        }
    }

    #[test]
    fn a_palette_begins_again_lighter() {
        let palette = around(theme::ACCENT);
        assert_eq!(pick(&palette, 0), theme::ACCENT);
        assert_ne!(pick(&palette, 8), palette[0]);
        assert_eq!(pick(&[], 3), theme::ACCENT);
        assert_eq!(readable_on(theme::PAPER), theme::INK);
        assert_eq!(readable_on(theme::INK), theme::PAPER);
    }

    #[test]
    fn a_colour_survives_the_way_over_its_hue() {
        for text in ["#ff0000", "#00ff00", "#0000ff"] {
            let color: Color = text.parse().unwrap();
            let (hue, saturation) = hue(color);
            assert_eq!(from_hue(hue, saturation, 0.5), color);
        }
    }
}
