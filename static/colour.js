/**
 * Colours of a report, made so that they can be seen on this page. A type file chooses them for white paper; here they
 * stand on two grounds, one of them dark.
 */

/** The darkest light ground and the lightest dark one that a report stands on here. */
const GROUNDS = { light: "#f6f5f1", dark: "#1b1c1a" };

/** What can be told apart, also by most who see fewer colours. */
const APART = ["#0a6b5b", "#d0782a", "#4d63a8", "#b8487a", "#7a8a2c", "#3f97c4", "#8a5fb0", "#9a6b45", "#77756d"];

const parts = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const isColour = (hex) => /^#[0-9a-f]{6}$/i.test(hex);

/** Relative luminance (WCAG 2.2). */
function luminance(hex) {
  const [red, green, blue] = parts(hex).map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** How well one colour is seen on the other, from 1 to 21 (WCAG 2.2). */
export function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function mixed(hex, other, share) {
  const [from, to] = [parts(hex), parts(other)];
  return `#${from.map((part, i) => Math.round(part + (to[i] - part) * share).toString(16).padStart(2, "0")).join("")}`;
}

/** The colour itself, or as little darker or lighter as it takes to be seen on `ground`. */
export function seenOn(hex, ground, wanted) {
  const towards = luminance(ground) > 0.2 ? "#000000" : "#ffffff";
  for (let share = 0; share < 1; share += 0.05) {
    const candidate = mixed(hex, towards, share);
    if (contrast(candidate, ground) >= wanted) return candidate;
  }
  return towards;
}

/** Colours that carry text need more contrast than those that cover an area (WCAG 2.2, 1.4.3 and 1.4.11); on dark, more of both looks right. */
const TEXT = { light: 4.5, dark: 6 };
const AREA = { light: 3, dark: 4.5 };

const ways = (hex, wanted) => [seenOn(hex, GROUNDS.light, wanted.light), seenOn(hex, GROUNDS.dark, wanted.dark)];
const lightDark = ([light, dark]) => `light-dark(${light}, ${dark})`;

const distance = (one, other) => parts(one).reduce((sum, part, i) => sum + (part - parts(other)[i]) ** 2, 0);

/** `first`, and then always the colour that is farthest from those before it; the one nearest to `first` stays away. */
function orderedFrom(first) {
  const chosen = [first];
  const left = new Set(APART);
  const apart = (colour) => Math.min(...chosen.map((other) => distance(colour, other)));
  const pick = (isBetter) => [...left].reduce((best, colour) => (isBetter(apart(colour), apart(best)) ? colour : best));
  left.delete(pick((one, best) => one < best));
  while (left.size) {
    const next = pick((one, best) => one > best);
    left.delete(next);
    chosen.push(next);
  }
  return chosen;
}

/**
 * The colours of a look, as values of CSS.
 *
 * @param {{accent?: string, palette?: string[]}} look
 * @returns {{accent?: string, ink?: string, series: (index: number) => string}} `ink` is for text on the accent
 */
export function coloursOf({ accent, palette = [] }) {
  const chosen = palette.filter(isColour);
  const all = chosen.length ? chosen : orderedFrom(isColour(accent) ? accent : APART[0]);
  const series = (index) => {
    if (index === 0 && !chosen.length && !isColour(accent)) return "var(--accent)";
    const round = Math.floor(index / all.length);
    // More series than colours: the next round is paler, so that neighbours in the legend still differ.
    return lightDark(ways(mixed(all[index % all.length], "#808080", Math.min(0.7, round * 0.45)), AREA));
  };
  if (!isColour(accent)) return { series };
  const seen = ways(accent, TEXT);
  return { accent: lightDark(seen), ink: lightDark(seen.map(inkOn)), series };
}

const inkOn = (hex) => ["#ffffff", "#161513"].toSorted((a, b) => contrast(b, hex) - contrast(a, hex))[0];
