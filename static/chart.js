/**
 * A chart section: bars in an SVG that is drawn anew for every width, so that its text keeps its size.
 *
 * Names that fit stand below upright bars. Names that do not fit lie beside horizontal bars, which always
 * have room; when there are too many for that, every nth is written and the tooltip says the rest.
 */

import { h, s } from "/static/dom.js";
import { asNumber, compact } from "/static/format.js";
import { fitted, linear, textWidth } from "/static/scale.js";

const MOST_ROWS = 24;
let charts = 0;

export function chart(section, format, currency) {
  const id = `chart-${++charts}`;
  const kind = section.series?.[0]?.type ?? section.series?.[0]?.format ?? section.format;
  const series = (section.series ?? []).map((one) => ({ name: one.title ?? one.name ?? "", values: (one.values ?? []).map((v) => asNumber(v) ?? 0) }));
  const labels = (section.labels ?? series[0]?.values ?? []).map((label, i) => String(label ?? i + 1));
  const data = { id, labels, series, title: section.title ?? "Chart", text: (v) => format(v, kind ?? "decimal"), tick: compact(currency, kind) };

  const tip = h("div", { class: "tip", hidden: true });
  const said = h("p", { class: "unseen", "aria-live": "polite" });
  const drawing = h("div", { class: "drawing", tabindex: "0", role: "group", "aria-label": `${data.title}. Arrow keys read the bars.` });
  const legend = series.length > 1 && h("ul", { class: "legend" }, series.map((one, i) => h("li", { "data-series": i % 4 }, one.name)));

  let width = 0;
  let active = -1;
  const select = (index) => {
    active = index;
    for (const group of drawing.querySelectorAll("[data-index]")) group.classList.toggle("active", Number(group.dataset.index) === index);
    const group = drawing.querySelector(`[data-index="${index}"]`);
    tip.hidden = !group;
    if (!group) return;
    const lines = series.map((one) => [series.length > 1 ? one.name : "", data.text(one.values[index] ?? 0)]);
    tip.replaceChildren(h("b", {}, labels[index]), ...lines.map(([name, value]) => h("span", {}, name && `${name} `, value)));
    place(tip, drawing, group);
  };
  const sayActive = () => {
    said.textContent = [labels[active], ...series.map((one) => `${one.name} ${data.text(one.values[active] ?? 0)}`)].join(", ");
  };

  drawing.addEventListener("pointermove", (event) => select(Number(event.target.closest("[data-index]")?.dataset.index ?? -1)));
  drawing.addEventListener("pointerleave", () => select(-1));
  drawing.addEventListener("blur", () => select(-1));
  drawing.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") select(-1);
    if (!step || !labels.length) return;
    event.preventDefault();
    select(active < 0 ? (step > 0 ? 0 : labels.length - 1) : (active + step + labels.length) % labels.length);
    sayActive();
  });
  new ResizeObserver(([entry]) => {
    const next = Math.floor(entry.contentRect.width);
    if (next === width || next === 0) return;
    width = next;
    select(-1);
    drawing.querySelector("svg")?.remove();
    drawing.append(picture(data, width));
  }).observe(drawing);

  drawing.append(tip);
  return h("figure", { class: "chart" }, h("figcaption", {}, h("h3", {}, data.title), legend), drawing, said);
}

function picture(data, width) {
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const { labels, series, id, title } = data;
  const slot = (width - 60) / Math.max(1, labels.length);
  const widest = Math.max(0, ...labels.map((label) => textWidth(label, font)));
  const isLying = widest + 10 > slot && labels.length <= MOST_ROWS;
  const scale = linear(series.flatMap((one) => one.values), isLying && width < 500 ? 2 : 4);
  const { height, parts } = (isLying ? lying : upright)({ ...data, scale, width, widest, font });
  return s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-labelledby": `${id}-title ${id}-about` },
    s("title", { id: `${id}-title` }, title), s("desc", { id: `${id}-about` }, summary(data)), ...parts);
}

function upright({ labels, series, scale, tick, width, widest, font }) {
  const height = 280;
  const left = Math.max(...scale.ticks.map((v) => textWidth(tick(v), font))) + 12;
  const [top, bottom] = [10, height - 28];
  const slot = (width - left) / Math.max(1, labels.length);
  const y = (v) => bottom - ((v - scale.low) / (scale.high - scale.low)) * (bottom - top);
  const every = Math.max(1, Math.ceil((widest + 14) / slot));
  const thick = Math.min(64, slot * (slot < 14 ? 0.8 : 0.68)) / Math.max(1, series.length);
  const grid = scale.ticks.map((v) => [
    s("line", { class: v === 0 ? "zero" : "grid", x1: left, x2: width, y1: y(v), y2: y(v) }),
    s("text", { x: left - 10, y: y(v) + 4, "text-anchor": "end" }, tick(v)),
  ]);
  const bars = labels.map((label, i) => {
    const middle = left + slot * (i + 0.5);
    const isNamed = i % every === 0;
    return s("g", { "data-index": i },
      s("rect", { class: "target", x: left + slot * i, y: top, width: slot, height: bottom - top }),
      series.map((one, j) => {
        const value = one.values[i] ?? 0;
        return s("path", { "data-series": j % 4, d: bar(middle + (j - series.length / 2) * thick, y(0), Math.max(1, thick - 1), y(value), "y") });
      }),
      isNamed && s("text", { ...edge(middle, widest, width), y: height - 8 }, label));
  });
  return { height, parts: [...grid.flat(), ...bars] };
}

/** The name of the last bar must not run out of the picture. */
const edge = (middle, widest, width) =>
  middle + widest / 2 > width ? { x: width, "text-anchor": "end" } : { x: middle, "text-anchor": "middle" };

function lying({ labels, series, scale, tick, text, width, widest, font }) {
  const row = 18 * series.length + 16;
  const height = labels.length * row + 26;
  const left = Math.min(widest, width * 0.4) + 12;
  const values = series.flatMap((one) => one.values);
  // The value is written behind its bar, if all of them have room there.
  const behind = Math.max(0, ...values.map((v) => textWidth(text(v), font))) + 10;
  const isRoomy = width - left > behind * 2.2 && values.every((v) => v >= 0);
  const right = width - (isRoomy ? behind : textWidth(tick(scale.high), font) / 2);
  const x = (v) => left + ((v - scale.low) / (scale.high - scale.low)) * (right - left);
  const grid = scale.ticks.map((v) => [
    s("line", { class: v === 0 ? "zero" : "grid", x1: x(v), x2: x(v), y1: 0, y2: height - 24 }),
    s("text", { x: x(v), y: height - 8, "text-anchor": "middle" }, tick(v)),
  ]);
  const bars = labels.map((label, i) =>
    s("g", { "data-index": i },
      s("rect", { class: "target", x: 0, y: row * i, width, height: row }),
      s("text", { class: "name", x: left - 10, y: row * (i + 0.5) + 4, "text-anchor": "end" }, fitted(label, left - 12, font)),
      series.map((one, j) => {
        const value = one.values[i] ?? 0;
        const at = row * i + 8 + j * 18;
        return [
          s("path", { "data-series": j % 4, d: bar(at, x(0), 16, x(value), "x") }),
          isRoomy && s("text", { class: "value", x: x(value) + 7, y: at + 12 }, text(value)),
        ];
      }).flat()));
  return { height, parts: [...grid.flat(), ...bars] };
}

/** A bar from `zero` to `end` along `axis`, `thick` across it, rounded at its far end only. */
function bar(at, zero, thick, end, axis) {
  const length = Math.abs(end - zero);
  const r = Math.min(4, thick / 2, length);
  const to = Math.sign(end - zero) || 1;
  return axis === "y"
    ? `M${at} ${zero}V${end - to * r}Q${at} ${end} ${at + r} ${end}H${at + thick - r}Q${at + thick} ${end} ${at + thick} ${end - to * r}V${zero}Z`
    : `M${zero} ${at}H${end - to * r}Q${end} ${at} ${end} ${at + r}V${at + thick - r}Q${end} ${at + thick} ${end - to * r} ${at + thick}H${zero}Z`;
}

function summary({ labels, series, text }) {
  const values = series[0]?.values ?? [];
  if (!values.length) return "No bars.";
  const high = values.indexOf(Math.max(...values));
  const low = values.indexOf(Math.min(...values));
  return `${labels.length} bars. Highest: ${labels[high]}, ${text(values[high])}. Lowest: ${labels[low]}, ${text(values[low])}.`;
}

/** Above the bars of `group`, within the drawing. */
function place(tip, drawing, group) {
  const box = drawing.getBoundingClientRect();
  const bars = [...group.querySelectorAll("path")].map((path) => path.getBoundingClientRect());
  const middle = (Math.min(...bars.map((b) => b.left)) + Math.max(...bars.map((b) => b.right))) / 2 - box.left;
  const top = Math.min(...bars.map((b) => b.top)) - box.top;
  const half = tip.offsetWidth / 2;
  tip.style.left = `${Math.max(half, Math.min(box.width - half, middle))}px`;
  tip.style.top = `${Math.max(0, top - tip.offsetHeight - 8)}px`;
}
