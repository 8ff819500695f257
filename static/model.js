/**
 * A report model as a page: one block for each section, in order.
 *
 * Tolerant on purpose. The server may be newer than a page that is still open, so a section that is not known
 * is named in a note, and a member that is missing leaves its place empty.
 */

import { chart } from "./chart.js";
import { h } from "./dom.js";
import { makeLocale } from "./locale.js";
import { wear } from "./look.js";
import { heading, keyFigures, picture, prose, rasterImage } from "./prose.js";
import { table } from "./table.js";

const SECTIONS = {
  heading,
  text: prose,
  keyFigures,
  chart,
  table,
  image: picture,
  // A screen has no pages.
  pageBreak: () => null,
};

/**
 * Draws the model into `place`.
 *
 * @param {HTMLElement} place what was in it goes
 * @param {object} model
 */
export function drawModel(place, model) {
  const locale = makeLocale(model?.locale, model?.currency);
  const taken = new Set();
  const blocks = (model?.sections ?? []).map((section) => {
    const type = section?.type;
    if (!Object.hasOwn(SECTIONS, type)) return note(`This page does not know how to draw a section of type “${type}”. The PDF has it.`);
    const block = SECTIONS[type](section, locale);
    // The first of a kind carries its name as an id, so that it can be linked to.
    if ((type === "chart" || type === "table") && !taken.has(type)) block.id = type;
    taken.add(type);
    return block;
  });
  wear(place, model?.look ?? {});
  place.lang = model?.locale ?? "";
  place.replaceChildren(...[head(model ?? {}), warnings(model?.warnings), ...blocks, foot(model?.look)].filter(Boolean));
}

const note = (text) => h("p", { class: "soft note", lang: "en" }, text);

const head = ({ title, subtitle, author, look }) =>
  h("header", { class: "result-head" },
    look?.logo && rasterImage(look.logo, ""),
    h("h2", { id: "result-title", tabindex: "-1" }, title ?? "The report"),
    (subtitle || author) && h("p", { class: "soft" }, [subtitle, author].filter(Boolean).join(" · ")));

const warnings = (texts) =>
  texts?.length > 0 && h("ul", { class: "soft note", "aria-label": "Notes" }, texts.map((text) => h("li", {}, text)));

const foot = (look) => look?.footer && h("p", { class: "soft source" }, look.footer);
