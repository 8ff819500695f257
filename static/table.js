/**
 * A table section. Scrolls within itself, so that a wide one never widens the page.
 */

import { h } from "/static/dom.js";
import { asNumber } from "/static/format.js";

const NUMERIC = ["integer", "decimal", "number", "currency", "money", "percent"];

export function table(section, format) {
  const rows = section.rows ?? [];
  const width = Math.max(0, ...rows.map((row) => row.length));
  const columns = section.columns ?? Array.from({ length: width }, () => ({}));
  const kind = (column) => column.type ?? column.format;
  const isRight = (column, i) =>
    column.align ? column.align === "right" : NUMERIC.includes(kind(column)) || (!kind(column) && rows.every((row) => asNumber(row[i]) !== null));
  const sides = columns.map((column, i) => (isRight(column, i) ? "right" : "left"));

  const cells = (row, nothing) => columns.map((column, i) => {
    const text = format(row[i], kind(column)) || nothing;
    // The first text names the row, for those who hear the table instead of seeing it.
    return i === 0 && sides[0] === "left"
      ? h("th", { scope: "row", class: sides[i] }, text)
      : h("td", { class: sides[i] }, text);
  });

  return h("div", { class: "table", role: "region", tabindex: "0", "aria-label": section.title ?? "Table" },
    h("table", {},
      section.title && h("caption", {}, section.title),
      h("thead", {}, h("tr", {}, columns.map((column, i) => h("th", { scope: "col", class: sides[i] }, column.title ?? column.name ?? "")))),
      h("tbody", {}, rows.map((row) => h("tr", {}, cells(row, "–")))),
      section.totals && h("tfoot", {}, h("tr", {}, cells(section.totals, "")))));
}
