/**
 * What upright bars and lines share: the plot between its axes, the grid, and names that do not run into each other.
 */

import { s } from "./dom.js";
import { linear, textWidth } from "./scale.js";

const HEIGHT = 280;

/**
 * The plot of a chart whose values go up.
 *
 * @param {{labels: string[], tick: Function, width: number, font: string}} about
 * @param {number[]} values all that has to find room in it
 */
export function plot({ labels, tick, width, font }, values) {
  const scale = linear(values);
  const left = Math.max(...scale.ticks.map((v) => textWidth(tick(v), font))) + 12;
  const [top, bottom] = [10, HEIGHT - 28];
  const slot = (width - left) / Math.max(1, labels.length);
  const y = (v) => bottom - ((v - scale.low) / (scale.high - scale.low)) * (bottom - top);
  const middle = (i) => left + slot * (i + 0.5);
  const grid = scale.ticks.flatMap((v) => [
    s("line", { class: v === 0 ? "zero" : "grid", x1: left, x2: width, y1: y(v), y2: y(v) }),
    s("text", { x: left - 10, y: y(v) + 4, "text-anchor": "end" }, tick(v)),
  ]);
  const widest = Math.max(0, ...labels.map((label) => textWidth(label, font)));
  const every = Math.max(1, Math.ceil((widest + 14) / slot));
  /** The name of label `i`, if there is room for it. */
  const name = (i) => i % every === 0 && s("text", { ...edge(middle(i), textWidth(labels[i], font), width), y: HEIGHT - 8 }, labels[i]);
  /** What the pointer hits: the whole height above a label. */
  const target = (i) => s("rect", { class: "target", x: left + slot * i, y: top, width: slot, height: bottom - top });
  return { height: HEIGHT, left, top, bottom, slot, y, middle, grid, name, target };
}

/** The names at both ends must not run out of the picture. */
function edge(middle, length, width) {
  if (middle + length / 2 > width) return { x: width, "text-anchor": "end" };
  if (middle - length / 2 < 0) return { x: 0, "text-anchor": "start" };
  return { x: middle, "text-anchor": "middle" };
}
