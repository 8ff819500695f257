/**
 * Lines, one for each series, broken where nothing is known.
 */

import { plot } from "./axis.js";
import { s } from "./dom.js";
import { colour } from "./look.js";
import { stretches } from "./scale.js";

export function curve(about) {
  const { labels, series } = about;
  const values = series.flatMap((one) => one.values.filter((value) => value !== null));
  const { height, top, bottom, slot, y, middle, grid, name, target } = plot(about, values);
  const lines = series.flatMap((one, at) =>
    stretches(one.values).map((indices) => {
      const points = indices.map((i) => `${middle(i).toFixed(1)} ${y(one.values[i]).toFixed(1)}`);
      // A point between two gaps: a line of no length, which its round ends make visible.
      return colour(s("path", { class: "curve", d: `M${points.join("L")}${points.length === 1 ? "h0" : ""}` }), at);
    }));
  // Few points are shown for good; of many, only the ones that are being read.
  const isSparse = slot > 24;
  const groups = labels.map((_, i) =>
    s("g", { "data-index": i }, target(i),
      s("line", { class: "cursor", x1: middle(i), x2: middle(i), y1: top, y2: bottom }),
      series.map((one, at) => (one.values[i] ?? null) !== null &&
        colour(s("circle", { class: isSparse ? "mark" : "mark passing", cx: middle(i), cy: y(one.values[i]), r: 3.5 }), at)),
      name(i)));
  return { height, parts: [...grid, ...lines, ...groups] };
}
