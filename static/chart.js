/**
 * A chart section: an SVG that is drawn anew for every width, so that its text keeps its size, with a legend,
 * and a tooltip that the pointer and the arrow keys move from label to label.
 *
 * What is drawn comes from `bars.js`, `curve.js` and `pie.js`. Each gives every label one group with its index, which
 * is all that this file needs to know of them.
 */

import { bars } from "./bars.js";
import { curve } from "./curve.js";
import { h, s } from "./dom.js";
import { NOTHING } from "./locale.js";
import { colour } from "./look.js";
import { pie } from "./pie.js";
import { slices } from "./scale.js";

const KINDS = {
  bar: { draw: bars, parts: "bars" },
  stackedBar: { draw: bars, parts: "bars" },
  line: { draw: curve, parts: "points" },
  pie: { draw: pie, parts: "slices" },
};

let charts = 0;

export function chart(section, locale) {
  const about = described(section, locale);
  const { id, labels, title, parts, readings } = about;
  const tip = h("div", { class: "tip", hidden: true });
  const said = h("p", { class: "unseen", "aria-live": "polite" });
  const drawing = h("div", { class: "drawing", tabindex: "0", role: "group", "aria-label": `${title || "Chart"}. Arrow keys read the ${parts}.` });

  let width = 0;
  let active = -1;
  const select = (index) => {
    if (index === active) return;
    active = index;
    for (const group of drawing.querySelectorAll("[data-index]")) group.classList.toggle("active", Number(group.dataset.index) === index);
    const group = drawing.querySelector(`[data-index="${index}"]`);
    tip.hidden = !group;
    if (!group) return;
    tip.replaceChildren(h("b", {}, labels[index]), ...readings(index).map(({ name, text, at }) =>
      h("span", { class: name && "reading" }, name && colour(h("i", {}), at), name && h("span", {}, name), h("span", { class: "right" }, text))));
    place(tip, drawing, group);
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
    said.textContent = [labels[active], ...readings(active).map(({ name, text }) => `${name} ${text}`)].join(", ");
  });
  new ResizeObserver(([entry]) => {
    const next = Math.floor(entry.contentRect.width);
    if (next === width || next === 0) return;
    width = next;
    select(-1);
    drawing.querySelector("svg")?.remove();
    drawing.append(drawn(about, id, width));
  }).observe(drawing);

  drawing.append(tip);
  const caption = h("figcaption", {}, title && h("h3", {}, title), legend(about));
  return h("figure", { class: "chart", "data-kind": about.kind }, caption, drawing, said);
}

/** All that the pictures need, with every number written once it is asked for. */
function described(section, locale) {
  const kind = Object.hasOwn(KINDS, section.kind) ? section.kind : "bar";
  const series = (section.series ?? []).map((one) => ({ name: one.title ?? one.name ?? "", format: one, values: one.values ?? [] }));
  const labels = (section.labels ?? []).map(String);
  const text = (at, index) => locale.cell(series[at]?.values[index] ?? null, series[at]?.format);
  const shares = new Map(kind === "pie" ? slices(series[0]?.values ?? []).map(({ index, share }) => [index, locale.share(share)]) : []);
  const readings = (index) => (kind === "pie"
    ? [{ name: "", text: [text(0, index), shares.get(index)].filter(Boolean).join(" · "), at: index }]
    : series.map(({ name }, at) => ({ name: series.length > 1 ? name : "", text: text(at, index), at }))
      // Of many series most are empty at a label; what is not there need not be listed.
      .filter(({ text: written }) => series.length < 6 || written !== NOTHING));
  const { parts } = KINDS[kind];
  const tick = locale.tick(series[0]?.format);
  return { id: `chart-${++charts}`, kind, parts, title: section.title, series, labels, text, tick, shares, readings };
}

function legend({ kind, series, labels, shares }) {
  const names = kind === "pie" ? labels.map((label, at) => ({ name: label, more: shares.get(at) })) : series.length > 1 ? series : [];
  return names.length > 0 && h("ul", { class: "legend" }, names.map(({ name, more }, at) =>
    colour(h("li", {}, name, more && h("span", {}, ` ${more}`)), at)));
}

function drawn(about, id, width) {
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const { height, parts } = KINDS[about.kind].draw({ ...about, width, font });
  return s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-labelledby": `${id}-title ${id}-about` },
    s("title", { id: `${id}-title` }, about.title || "Chart"), s("desc", { id: `${id}-about` }, summary(about)), ...parts);
}

function summary({ labels, series, text, parts }) {
  const values = (series[0]?.values ?? []).map((value, index) => ({ value, index })).filter(({ value }) => value !== null);
  if (!values.length) return `No ${parts}.`;
  const low = values.reduce((least, one) => (one.value < least.value ? one : least));
  const high = values.reduce((most, one) => (one.value > most.value ? one : most));
  const at = ({ index }) => `${labels[index]}, ${text(0, index)}`;
  const of = series.length > 1 ? ` of ${series[0].name}` : "";
  return `${labels.length} ${parts}. Highest${of}: ${at(high)}. Lowest: ${at(low)}.`;
}

/** Above what the group has drawn, within the drawing. */
function place(tip, drawing, group) {
  const box = drawing.getBoundingClientRect();
  const marks = [...group.querySelectorAll(".mark")].map((mark) => mark.getBoundingClientRect());
  const boxes = marks.length ? marks : [group.getBoundingClientRect()];
  const middle = (Math.min(...boxes.map((b) => b.left)) + Math.max(...boxes.map((b) => b.right))) / 2 - box.left;
  const top = Math.min(...boxes.map((b) => b.top)) - box.top;
  const half = tip.offsetWidth / 2;
  tip.style.left = `${Math.max(half, Math.min(box.width - half, middle))}px`;
  tip.style.top = `${Math.max(0, top - tip.offsetHeight - 8)}px`;
}
