/**
 * A report model as a page: one block for each section, in order.
 *
 * Tolerant on purpose. A report type may have been written after this page, so a section that is not known
 * is named in a note, and a member that is missing leaves its place empty.
 */

import { chart } from "/static/chart.js";
import { h } from "/static/dom.js";
import { formatter } from "/static/format.js";
import { table } from "/static/table.js";

const SECTIONS = {
  keyFigures: (section, format) =>
    h("dl", { class: "figures" }, (section.figures ?? []).map((figure) =>
      h("div", {},
        h("dt", {}, figure.title ?? figure.label ?? figure.name ?? ""),
        h("dd", {}, format(figure.value, figure.type ?? figure.format) || "–")))),
  chart,
  bars: chart,
  table,
  cross: table,
  text: (section) => h("p", { class: "prose" }, section.text ?? ""),
};

/** @returns {HTMLElement[]} the heading and the sections */
export function drawModel(model) {
  const format = formatter(model?.currency);
  const taken = new Set();
  const blocks = (model?.sections ?? []).map((section) => {
    const type = section?.type ?? section?.kind;
    const block = Object.hasOwn(SECTIONS, type)
      ? SECTIONS[type](section, format, model.currency)
      : h("p", { class: "soft note" }, `This page does not know how to draw a section of type “${type}”. The PDF has it.`);
    // The first of a kind carries its name as an id, so that it can be linked to.
    const name = { bars: "chart", cross: "table" }[type] ?? type;
    if ((name === "chart" || name === "table") && !taken.has(name)) block.id = name;
    taken.add(name);
    return block;
  });
  return [
    h("header", { class: "result-head" },
      h("h2", { id: "result-title", tabindex: "-1" }, model?.title ?? "The report"),
      model?.subtitle && h("p", { class: "soft" }, model.subtitle)),
    ...blocks,
  ];
}
