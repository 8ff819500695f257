/**
 * Bars, side by side or on top of each other.
 *
 * Names that fit stand below upright bars. Names that do not fit lie beside horizontal bars, which always
 * have room; when there are too many for that, every nth is written and the tooltip says the rest.
 */

import { plot } from "./axis.js";
import { s } from "./dom.js";
import { colour } from "./look.js";
import { fitted, linear, stacked, textWidth } from "./scale.js";

const MOST_ROWS = 24;

export function bars(about) {
  const { labels, series, width, font, kind } = about;
  const isStacked = kind === "stackedBar";
  const widest = Math.max(0, ...labels.map((label) => textWidth(label, font)));
  const isLying = widest + 10 > (width - 60) / Math.max(1, labels.length) && labels.length <= MOST_ROWS;
  // For each label the pieces of its bars: from where to where, in which series, and in which lane.
  const pieces = labels.map((_, i) => {
    const values = series.map((one) => one.values[i] ?? null);
    const ends = isStacked ? stacked(values) : values.map((value) => ({ from: 0, to: value ?? 0 }));
    return ends.map((end, at) => ({ ...end, at, lane: isStacked ? 0 : at })).filter(({ from, to }) => from !== to);
  });
  const lanes = isStacked ? 1 : Math.max(1, series.length);
  return (isLying ? lying : upright)({ ...about, pieces, lanes, widest });
}

const endsOf = (pieces) => pieces.flat().flatMap(({ from, to }) => [from, to]);
const isLast = (piece, all) => !all.some((other) => other.lane === piece.lane && other.from === piece.to && other !== piece);

function upright({ pieces, lanes, ...about }) {
  const { height, slot, y, middle, grid, name, target } = plot(about, endsOf(pieces));
  const thick = Math.min(64, slot * (slot < 14 ? 0.8 : 0.68)) / lanes;
  const groups = about.labels.map((_, i) =>
    s("g", { "data-index": i }, target(i),
      pieces[i].map((piece) => {
        const at = middle(i) + (piece.lane - lanes / 2) * thick;
        return mark(piece, bar(at, y(piece.from), Math.max(1, thick - 1), y(piece.to), "y", isLast(piece, pieces[i])));
      }),
      name(i)));
  return { height, parts: [...grid, ...groups] };
}

function lying({ labels, series, pieces, lanes, tick, text, width, widest, font }) {
  const row = 18 * lanes + 16;
  const height = labels.length * row + 26;
  const scale = linear(endsOf(pieces), width < 500 ? 2 : 4);
  const left = Math.min(widest, width * 0.4) + 12;
  // The value is written behind its bar, if all of them have room there and none is on top of another.
  const texts = labels.map((_, i) => series.map((__, at) => text(at, i)));
  const behind = Math.max(0, ...texts.flat().map((written) => textWidth(written, font))) + 10;
  const isRoomy = (lanes > 1 || series.length === 1) && width - left > behind * 2.2 && scale.low >= 0;
  const right = width - (isRoomy ? behind : textWidth(tick(scale.high), font) / 2);
  const x = (v) => left + ((v - scale.low) / (scale.high - scale.low)) * (right - left);
  const grid = scale.ticks.flatMap((v) => [
    s("line", { class: v === 0 ? "zero" : "grid", x1: x(v), x2: x(v), y1: 0, y2: height - 24 }),
    s("text", { x: x(v), y: height - 8, "text-anchor": "middle" }, tick(v)),
  ]);
  const groups = labels.map((label, i) =>
    s("g", { "data-index": i },
      s("rect", { class: "target", x: 0, y: row * i, width, height: row }),
      s("text", { class: "name", x: left - 10, y: row * (i + 0.5) + 4, "text-anchor": "end" }, fitted(label, left - 12, font)),
      pieces[i].flatMap((piece) => {
        const at = row * i + 8 + piece.lane * 18;
        return [
          mark(piece, bar(at, x(piece.from), 16, x(piece.to), "x", isLast(piece, pieces[i]))),
          isRoomy && s("text", { class: "value", x: x(piece.to) + 7, y: at + 12 }, texts[i][piece.at]),
        ];
      })));
  return { height, parts: [...grid, ...groups] };
}

const mark = ({ at }, d) => colour(s("path", { class: "mark", d }), at);

/** A bar from `from` to `to` along `axis`, `thick` across it; `isEnd` rounds its far end. */
function bar(at, from, thick, to, axis, isEnd) {
  const r = isEnd ? Math.min(4, thick / 2, Math.abs(to - from)) : 0;
  const back = to - (Math.sign(to - from) || 1) * r;
  return axis === "y"
    ? `M${at} ${from}V${back}Q${at} ${to} ${at + r} ${to}H${at + thick - r}Q${at + thick} ${to} ${at + thick} ${back}V${from}Z`
    : `M${from} ${at}H${back}Q${to} ${at} ${to} ${at + r}V${at + thick - r}Q${to} ${at + thick} ${back} ${at + thick}H${from}Z`;
}
