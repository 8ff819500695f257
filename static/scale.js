/**
 * The arithmetic of a chart: no elements, no colours.
 */

/** Round steps that cover the values and zero: `{ low, high, ticks }`. */
export function linear(values, wanted = 4) {
  const [low, high] = spread(values);
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((size) => size >= rough * 0.999);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  return { low: ticks[0], high: ticks.at(-1), ticks };
}

// Not with `Math.min(...values)`: a call takes only so many arguments.
function spread(values) {
  const [low, high] = values.reduce(([least, most], v) => [Math.min(least, v), Math.max(most, v)], [0, 0]);
  return low === high ? [0, 1] : [low, high];
}

/**
 * Where the parts of one stacked bar begin and end: those above zero stand on each other, those below hang.
 *
 * @param {(number|null)[]} values
 * @returns {{from: number, to: number}[]}
 */
export function stacked(values) {
  let [up, down] = [0, 0];
  return values.map((value) => {
    const from = value < 0 ? down : up;
    const to = from + (value ?? 0);
    if (value < 0) down = to;
    else up = to;
    return { from, to };
  });
}

/**
 * The slices of a pie, in turns from the top. What is missing or below zero has none.
 *
 * @param {(number|null)[]} values
 * @returns {{index: number, share: number, from: number, to: number}[]}
 */
export function slices(values) {
  const whole = values.reduce((sum, value) => sum + Math.max(0, value ?? 0), 0);
  let from = 0;
  return values.flatMap((value, index) => {
    if (!(value > 0)) return [];
    const share = value / whole;
    const slice = { index, share, from, to: from + share };
    from = slice.to;
    return [slice];
  });
}

/** The stretches of a line between its gaps, each as indices into `values`. */
export function stretches(values) {
  const found = [];
  values.forEach((value, i) => {
    if (value === null) return;
    if (i > 0 && values[i - 1] !== null) found.at(-1).push(i);
    else found.push([i]);
  });
  return found;
}

let canvas = null;

/** The width of `text` in pixels as the chart writes it. */
export function textWidth(text, font) {
  canvas ??= document.createElement("canvas").getContext("2d");
  canvas.font = font;
  return canvas.measureText(text).width;
}

/** `text`, cut so that it is no wider than `room`. */
export function fitted(text, room, font) {
  if (textWidth(text, font) <= room) return text;
  let end = text.length;
  while (end > 1 && textWidth(`${text.slice(0, end)}…`, font) > room) end -= 1;
  return `${text.slice(0, end).trimEnd()}…`;
}
