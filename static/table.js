/**
 * A table section. Scrolls within itself, so that a wide one never widens the page.
 *
 * A long table is drawn as far as anyone looks, and the rest when asked for, a slice between two frames of the
 * screen: ten thousand rows at once would stop the page for seconds.
 */

import { h } from "./dom.js";
import { linesOf } from "./lines.js";
import { shown } from "./link.js";

const FIRST = 200;
const SLICE = 400;

export function table(section, locale) {
  const columns = (section.columns ?? []).map((column, at) => ({ ...column, at })).filter((column) => !column.grouped);
  const write = drawer(columns, locale);
  const lines = [...linesOf(section)];
  const body = h("tbody", {});
  const rest = lines.length > FIRST * 1.5 ? lines.splice(FIRST) : [];
  body.append(...lines.map(write.line));
  return h("div", { class: "table-section" },
    h("div", { class: "table", role: "region", tabindex: "0", "aria-label": section.title || "Table" },
      h("table", { "aria-rowcount": rest.length ? lines.length + rest.length : null },
        section.title && h("caption", {}, section.title),
        h("colgroup", {}, columns.map(width)),
        h("thead", {}, h("tr", {}, columns.map((column) => h("th", { scope: "col", class: column.align }, column.title ?? column.name ?? "")))),
        body,
        section.totals && h("tfoot", {}, write.line({ kind: "totals", cells: section.totals })))),
    rest.length > 0 && more(body, rest, write.line, locale));
}

/** Style attributes are forbidden by the policy of the page; a property that is set is not. */
function width({ width: share }) {
  const col = h("col");
  if (share) col.style.width = `${share}%`;
  return col;
}

function drawer(columns, locale) {
  const cell = (column, cells, nothing, isHead) => {
    const value = cells[column.at];
    const text = value === null || value === undefined ? nothing : locale.cell(value, column);
    return h(isHead ? "th" : "td", { scope: isHead && "row", class: `${column.align} ${column.type ?? ""}` }, shown(value, text));
  };
  const whole = ({ level, title }) =>
    h("tr", { class: "group", "data-level": level }, h("th", { scope: "rowgroup", colspan: columns.length }, title));
  const row = ({ cells }) =>
    // The first text names the row, for those who hear the table instead of seeing it.
    h("tr", {}, columns.map((column, i) => cell(column, cells, "–", i === 0 && column.align !== "right")));
  const subtotals = ({ level, title, cells }) => {
    const [first, ...others] = columns;
    const isNamed = first && (cells[first.at] ?? "") !== "";
    return h("tr", { class: "subtotals", "data-level": level },
      first && (isNamed ? cell(first, cells, "") : h("th", { scope: "row", class: "left" }, title)),
      others.map((column) => cell(column, cells, "")));
  };
  const totals = ({ cells }) => h("tr", {}, columns.map((column, i) => cell(column, cells, "", i === 0 && column.align !== "right")));
  const kinds = { group: whole, row, subtotals, totals };
  return { line: (line) => kinds[line.kind](line) };
}

/** The button below a long table, which draws what is left of it. */
function more(body, rest, draw, locale) {
  const rows = rest.filter(({ kind }) => kind === "row").length;
  const button = h("button", { type: "button", class: "quiet more" }, `Show the other ${locale.count(rows)} rows`);
  // Apart from the table until all are there: each time rows are put in, the widths of all columns are worked out anew.
  const drawn = document.createDocumentFragment();
  const slice = () => {
    drawn.append(...rest.splice(0, SLICE).map(draw));
    if (rest.length && body.isConnected) return requestAnimationFrame(slice);
    body.append(drawn);
    button.remove();
  };
  button.addEventListener("click", () => {
    button.disabled = true;
    button.textContent = "Drawing…";
    // The button goes away; whoever reads on is in the table already.
    body.closest(".table").focus({ preventScroll: true });
    slice();
  });
  return button;
}
