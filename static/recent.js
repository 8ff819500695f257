/**
 * The reports asked for lately. Each is a link to its fragment, so that back, reload and a new tab all work.
 */

import { byId, h } from "./dom.js";
import { askServer } from "./sign-in.js";

const ago = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });

function since(time) {
  const seconds = (Date.parse(time) - Date.now()) / 1000;
  for (const [unit, size] of [["day", 86_400], ["hour", 3_600], ["minute", 60]]) {
    if (-seconds >= size) return ago.format(Math.round(seconds / size), unit);
  }
  return "just now";
}

/** @param {(report: object) => {title: string, parameters: string}} describe */
export function makeRecent(describe) {
  const list = byId("recent");
  let current = null;

  const mark = () => {
    for (const link of list.querySelectorAll("a")) {
      if (link.hash === `#/report/${current}`) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };

  const row = (report) => {
    const { title, parameters } = describe(report);
    return h("li", {}, h("a", { href: `#/report/${report.id}` },
      h("span", { class: "dot", "data-status": report.status }, h("span", { class: "unseen" }, `${report.status}: `)),
      h("span", { class: "name" }, title),
      h("time", { datetime: report.createdAt, title: new Date(report.createdAt).toLocaleString() }, since(report.createdAt)),
      h("span", { class: "soft" }, parameters)));
  };

  return {
    /** Reads the list anew. It is a convenience: when the server is away, the old one stays. */
    async refresh(id) {
      current = id ?? null;
      mark();
      const answer = await askServer("/api/v1/report?limit=10").then((a) => (a.ok ? a.json() : null)).catch(() => null);
      if (!answer) return;
      const rows = (answer.reports ?? []).map(row);
      list.replaceChildren(...(rows.length ? rows : [h("li", { class: "soft" }, "None yet.")]));
      mark();
    },
  };
}
