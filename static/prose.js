/**
 * Headings, paragraphs, key figures and pictures: what is read rather than compared.
 */

import { h } from "./dom.js";
import { linked, shown } from "./link.js";

/** The page has taken h1 and h2. */
export const heading = ({ text, level }) => h(level > 1 ? "h4" : "h3", { class: "heading" }, text ?? "");

export const prose = ({ paragraphs }) =>
  h("div", { class: "prose" }, (paragraphs ?? []).map((spans) =>
    h("p", {}, spans.map(({ text, bold, href }) => (bold ? h("b", {}, linked(text, href)) : linked(text, href))))));

export const keyFigures = ({ figures }, locale) =>
  h("dl", { class: "figures" }, (figures ?? []).map((figure) =>
    h("div", {},
      h("dt", {}, figure.title ?? figure.name ?? ""),
      h("dd", {}, shown(figure.value, locale.cell(figure.value, figure))))));

export function picture({ source, alt, width, caption }) {
  const image = rasterImage(source, alt);
  if (!image) return null;
  if (width > 0) image.style.width = `${width}mm`;
  return h("figure", { class: "picture" }, image, caption && h("figcaption", { class: "soft" }, caption));
}

/** Only what the model promises: an SVG could carry links and, opened by itself, scripts. */
export const rasterImage = (source, alt) =>
  /^data:image\/(png|jpeg);base64,/.test(source) ? h("img", { src: source, alt: alt ?? "" }) : null;
