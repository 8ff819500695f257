/**
 * A pie, as a ring: each label a slice, the names in the legend.
 */

import { s } from "./dom.js";
import { colour } from "./look.js";
import { slices } from "./scale.js";

const SIZE = 260;
const HOLE = 0.56;

export function pie({ series, width }) {
  const size = Math.min(SIZE, width);
  const radius = size / 2 - 4;
  const centre = { x: radius + 4, y: size / 2 };
  const parts = slices(series[0]?.values ?? []).map(({ index, from, to }) =>
    s("g", { "data-index": index }, colour(s("path", { class: "mark slice", d: ring(centre, radius, from, to) }), index)));
  return { height: size, parts };
}

/** A piece of a ring, from one share of a turn to another. */
function ring(centre, radius, from, to) {
  const at = (turn, r) => {
    const angle = (turn - 0.25) * 2 * Math.PI;
    return `${(centre.x + r * Math.cos(angle)).toFixed(2)} ${(centre.y + r * Math.sin(angle)).toFixed(2)}`;
  };
  // An arc that ends where it begins is not drawn: the whole takes two halves.
  const ways = to - from > 0.999 ? [[0, 0.5], [0.5, 1]] : [[from, to]];
  const hole = radius * HOLE;
  return ways.map(([a, b]) => {
    const isLong = b - a > 0.5 ? 1 : 0;
    return `M${at(a, radius)}A${radius} ${radius} 0 ${isLong} 1 ${at(b, radius)}L${at(b, hole)}A${hole} ${hole} 0 ${isLong} 0 ${at(a, hole)}Z`;
  }).join("");
}
