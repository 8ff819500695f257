/**
 * A report as a page of its own, in a real browser: what it shows is what the model says.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";

import { Browser } from "./chromium.mjs";
import { Server } from "./server.mjs";

let browser;
let server;
let report;
let model;

before(async () => {
  [browser, server] = await Promise.all([Browser.start(), new Server().start()]);
  const ordered = await fetch(`${server.url}/api/v1/report`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ reportType: "COFFEE_SALES", reportDate: "2021-01-01" }),
  });
  report = await ordered.json();
  // a page of the server that asks for nothing by itself
  await browser.open(`${server.url}/healthz`);
  report = await browser.driver.executeAsyncScript(`const [url, done] = arguments;
    new WebSocket(url).onmessage = ({ data }) => {
      const { report } = JSON.parse(data);
      if (report?.completed) done(report);
    };`, report._links.ws.href);
  model = await (await fetch(report._links.model.href)).json();
  await browser.asked();
  await browser.open(report._links.alternate.find(({ type }) => type === "text/html").href);
});

after(async () => {
  await browser?.quit();
  await server?.remove();
});

/** A cell as a number where it is one: a page writes 1,234.50 and a minus that is no hyphen. */
const plain = (text) => Number(text.replaceAll(",", "").replace("−", "-").replace("%", ""));

test("every table of the page has the cells of the model", async () => {
  const shown = await browser.run(`return [...document.querySelectorAll(".table table")].map((table) =>
    [...table.rows].slice(1).map((row) => [...row.cells].map((cell) => cell.innerText.trim())))`);
  const tables = model.sections.filter(({ type }) => type === "table");
  assert.equal(shown.length, tables.length);
  for (const [at, { rows, totals }] of tables.entries()) {
    const expected = [...rows, totals];
    assert.equal(shown[at].length, expected.length);
    for (const [row, cells] of expected.entries()) {
      for (const [column, cell] of cells.entries()) {
        const text = shown[at][row][column];
        if (typeof cell === "number") assert.equal(plain(text), cell);
        else assert.ok(text === (cell ?? "–") || (cell === null && text === ""), `${text} for ${cell}`);
      }
    }
  }
});

test("charts are drawn, and nothing is fetched and nothing runs", async () => {
  const bars = await browser.run("return [...document.querySelectorAll('svg rect')].filter((bar) => bar.getBoundingClientRect().height > 0).length");
  const chart = model.sections.find(({ type }) => type === "chart");
  assert.equal(bars, chart.series[0].values.filter((value) => value > 0).length);
  const asked = (await browser.asked()).filter((url) => !url.startsWith("data:") && !/^(about|chrome)/.test(url));
  assert.deepEqual(asked.filter((url) => !url.includes("/favicon")), [report._links.alternate[2].href]);
  assert.equal(await browser.run("return document.scripts.length"), 0);
  await browser.picture("html-report");
});

test("it prints on its paper, with the page counted in its margin", async () => {
  const { data } = await browser.command("Page.printToPDF", { preferCSSPageSize: true, printBackground: true });
  const pdf = Buffer.from(data, "base64");
  // A4 in points
  assert.match(pdf.toString("latin1"), /MediaBox ?\[ ?0 0 59[45](\.\d+)? 84[12](\.\d+)?/);
  const text = execFileSync("pdftotext", ["-layout", "-", "-"], { input: pdf, encoding: "utf8" });
  const pages = text.split("\f").filter(Boolean);
  for (const [at, page] of pages.entries()) assert.match(page, new RegExp(`Page ${at + 1} of ${pages.length}`));
});
