/**
 * The table of the comparison: a row for each way, a bar and a number for each of its costs.
 */

import { byId, h } from "./dom.js";
import { bytes } from "./format.js";

const COSTS = [
  { name: "time", title: "Known after" },
  { name: "requests", title: "Requests" },
  { name: "bytes", title: "Bytes moved" },
];
const number = new Intl.NumberFormat();

/** 0.42 → "0.4 ms", 640.2 → "640 ms": tenths matter only where there is little else. */
const ms = (time) => `${time < 9.95 ? time.toFixed(1) : number.format(Math.round(time))} ms`;

/**
 * @param {HTMLElement} body the `tbody`
 * @param {object[]} ways
 */
export function makeWaysTable(body, ways) {
  const rows = new Map(ways.map((way) => [way.name, makeRow(way)]));
  body.prepend(...[...rows.values()].map(({ element }) => element));

  const row = ({ way }) => rows.get(way.name);
  const counts = (runs) => {
    const most = (of) => Math.max(...runs.map(of));
    const [requests, moved] = [most(({ meter }) => meter.requests), most(({ meter }) => meter.bytes)];
    for (const run of runs) {
      const { meter } = run;
      row(run).set("requests", number.format(meter.requests), meter.requests / requests);
      row(run).set("bytes", bytes(meter.bytes), meter.bytes / moved, `${number.format(meter.sent)} sent, ${number.format(meter.received)} received`);
    }
  };

  const reset = () => {
    for (const { set } of rows.values()) for (const { name } of COSTS) set(name, "–", 0);
    byId("compare-said").textContent = "";
  };
  reset();

  return {
    reset,
    /** While it runs: who has heard already, and what it cost so far. */
    progress(runs) {
      counts(runs);
      for (const run of runs) row(run).set("time", run.knew ? "knows" : "waits", 0);
    },
    result({ runs, clock, first, done }) {
      counts(runs);
      const latest = Math.max(...runs.map(({ knew }) => knew ?? 0)) - done;
      for (const run of runs) {
        const time = run.knew - done;
        row(run).set("time", run.knew ? ms(time) : "did not hear", run.knew ? time / latest : 0, run.fault?.message);
      }
      byId("compare-said").textContent = said(runs, clock, first, done);
    },
  };
}

function makeRow({ name, title, about }) {
  const cells = Object.fromEntries(COSTS.map((cost) => {
    const text = h("span", { class: "amount" }, "–");
    const fill = h("i");
    return [cost.name, { text, fill, cell: h("td", { role: "cell", "data-cost": cost.title }, text, h("span", { class: "cost", "aria-hidden": "true" }, fill)) }];
  }));
  const element = h("tr", { role: "row", "data-way": name },
    h("th", { role: "rowheader", scope: "row" }, title, h("span", { class: "soft" }, about)),
    COSTS.map((cost) => cells[cost.name].cell));
  return {
    element,
    /** @param {number} share of the largest, 0 to 1  @param {string} [more] for whoever points at it */
    set(cost, text, share, more = "") {
      const { text: amount, fill, cell } = cells[cost];
      amount.textContent = text;
      cell.title = more;
      fill.style.width = `${share * 100}%`;
      fill.hidden = share === 0;
    },
  };
}

/** The outcome in a sentence, with what the clocks leave open. */
function said(runs, clock, first, done) {
  const heard = runs.filter(({ knew }) => knew).sort((a, b) => a.knew - b.knew);
  const last = heard.at(-1);
  return `${heard[0].way.title} knew first, ${ms(first - done)} after the work was done, give or take ${ms(clock.error)}: `
    + "that is how well the clocks of server and page can be compared. "
    + `From one channel to the next the times are exact: ${last.way.title} knew ${ms(last.knew - first)} after the first.`;
}
