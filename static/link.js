/**
 * Links of a report. It carries data of strangers: an address that would run something is not a link.
 */

import { h } from "./dom.js";

/** Whether a link may lead there: an absolute URL whose scheme runs nothing. */
export function isSafe(href) {
  try {
    return ["https:", "http:", "mailto:"].includes(new URL(href).protocol);
  } catch {
    return false;
  }
}

/** The text, which leads to `href` if that is safe. */
export const linked = (text, href) => (isSafe(href) ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, text) : text);

/** A cell of a model as what an element shows: text, or a link. */
export const shown = (cell, text) => (cell !== null && typeof cell === "object" ? linked(text, cell.href) : text);
