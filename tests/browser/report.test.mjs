/**
 * What can be asked for and what comes back, in a real browser: every report type of the server, and a model that
 * has everything a model can have.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { By, Key } from "selenium-webdriver";

import { Browser } from "./chromium.mjs";
import { Server } from "./server.mjs";

const MODEL = JSON.parse(readFileSync(join(import.meta.dirname, "fixtures/model.json"), "utf8"));

let browser;
let server;
let types;

before(async () => {
  server = await new Server().start();
  browser = await Browser.start();
  types = (await (await fetch(`${server.url}/api/v1/report-types`)).json()).reportTypes;
});
after(async () => {
  await browser?.quit();
  await server?.remove();
});
beforeEach(async () => {
  await browser.desktop();
  await browser.open(server.url);
  await browser.until("the form", "return document.getElementById('report-type')");
});

const countOf = (selector) => browser.run("return document.querySelectorAll(arguments[0]).length", selector);
const textsOf = (selector) => browser.run("return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", selector);
const reports = async () => (await (await fetch(`${server.url}/api/v1/report`)).json()).reports;

/** Draws a model where the page draws the ones that are pushed. */
async function draw(model) {
  const look = `const [model, done] = arguments;
    import("/static/model.js").then(({ drawModel }) => {
      const result = document.getElementById("result");
      result.hidden = false;
      drawModel(result, model);
      done(null);
    }).catch((error) => done(String(error.stack)))`;
  assert.equal(await browser.driver.executeAsyncScript(look, model), null);
  await browser.until("the charts", "return [...document.querySelectorAll('.drawing')].every((e) => e.querySelector('svg'))");
}

test("every report type can be asked for as the form offers it, and is drawn whole", async () => {
  for (const { reportType, data = [] } of types) {
    await browser.open(server.url);
    await browser.pick(reportType);
    for (const name of data) await browser.paste(`data-${name}`, "item;quantity;price\nTea;2;1,50\nCake;1;4");
    await browser.click("submit");
    await browser.state("completed");
    await browser.until("the end", "return document.body.dataset.connection === 'closed'");
    const id = await browser.run("return location.hash.split('/').pop()");
    const { _links: links } = await (await fetch(`${server.url}/api/v1/report/${id}`)).json();
    const { sections } = await (await fetch(links.model.href)).json();
    const many = (type) => sections.filter((section) => section.type === type).length;
    assert.equal(await countOf("#result .chart"), many("chart"), reportType);
    assert.equal(await countOf("#result table"), many("table"), reportType);
    assert.equal(await countOf("#result .figures"), many("keyFigures"), reportType);
    assert.equal(await countOf("#result .prose"), many("text"), reportType);
    const drawn = await browser.run("return [...document.querySelectorAll('.drawing')].every((e) => e.querySelector('svg :is(.mark, .curve)'))");
    assert.ok(drawn, `${reportType} has a chart without marks`);
    await browser.picture(`report-${reportType}`);
  }
});

test("each kind of parameter has its control, and an order has what they hold", async () => {
  const list = (items) => ({ type: "array", items });
  const properties = {
    name: { type: "string", title: "Name", default: "Anna" },
    day: { type: "string", format: "date", formatMinimum: "2021-01-01", formatMaximum: "2021-12-31" },
    rate: { type: "number", minimum: 0, maximum: 1, default: 0.5 },
    draft: { type: "boolean", default: true },
    size: { enum: ["S", "M", "L"], default: "M" },
    colour: { enum: ["red", "green"] },
    town: { enum: ["Kiel", "Ulm", "Bremen", "Jena"] },
    towns: { ...list({ enum: ["Kiel", "Ulm"] }), default: ["Ulm"] },
    years: { ...list({ type: "integer" }), examples: [[2007, 2008]] },
  };
  const parameters = { properties, required: ["day"] };
  const type = { reportType: "ODD", title: "Odd {{ name }}", problem: "its file has mistakes", parameters, data: ["lines"] };
  const look = `const [types, done] = arguments;
    import("/static/form.js").then(({ makeForm }) => {
      window.odd = makeForm(document.getElementById("form"), types, () => {});
      done(odd.read());
    })`;
  const order = await browser.driver.executeAsyncScript(look, [type]);
  assert.deepEqual(order, { reportType: "ODD", name: "Anna", rate: 0.5, draft: true, size: "M", towns: ["Ulm"], data: {} });
  await browser.shows("type-problem", "its file has mistakes");
  await browser.shows("report-type", "Odd");
  await browser.shows("param-day-hint", "From Jan 1, 2021 to Dec 31, 2021.");
  assert.equal(await browser.run("return document.getElementById('param-years').placeholder"), "2007, 2008");
  assert.deepEqual(await textsOf("#param-colour .choices label"), ["No choice", "red", "green"]);
  assert.deepEqual(await textsOf("#param-size .choices label"), ["S", "M", "L"], "a default leaves nothing to leave out");
  await browser.picture("10-fields");

  for (const label of ["#param-colour label:last-child", "#param-size label:first-child", "#param-towns label:last-child"]) {
    await browser.driver.findElement(By.css(label)).click();
  }
  await browser.click("param-draft");
  await browser.paste("param-town", "3");
  await browser.paste("param-rate", "a half");
  await browser.paste("param-day", "2021-06-01");
  await browser.paste("data-lines", "a\n1");
  const faults = [
    { pointer: "/towns", detail: "too few" },
    { pointer: "/data/lines", detail: "too short" },
    { pointer: "/other", detail: "unknown" },
  ];
  assert.deepEqual(await browser.run("return [odd.read(), odd.showFaults(arguments[0])]", faults), [
    {
      reportType: "ODD", name: "Anna", day: "2021-06-01", rate: "a half", draft: false, size: "S", colour: "green", town: "Jena", towns: [],
      data: { lines: [{ a: 1 }] },
    },
    [{ pointer: "/other", detail: "unknown" }],
  ]);
  await browser.shows("param-towns-fault", "too few");
  await browser.shows("data-lines-fault", "too short");
  assert.equal(await browser.run("return document.activeElement.closest('fieldset').id"), "param-towns");
});

test("rows that are pasted go with the request", async () => {
  await browser.pick("INVOICE");
  await browser.paste("data-items", "item;quantity;price\nTea;2;1,50\nCake;1;4");
  await browser.shows("data-items-found", "2 rows: item, quantity, price");
  await browser.driver.findElement(By.css("#curl summary")).click();
  await browser.shows("curl-command", '"data":{"items":[{"item":"Tea","quantity":2,"price":1.5},');
  await browser.click("submit");
  await browser.state("completed");
  await browser.shows("table", "7,00");
});

test("rows that cannot be read are shown at their field, and nothing is sent", async () => {
  const before = (await reports()).length;
  await browser.pick("INVOICE");
  await browser.paste("data-items", "item,price\n1,2,3");
  await browser.click("submit");
  await browser.shows("data-items-fault", "row 1 has more cells");
  assert.equal(await browser.run("return document.activeElement.id"), "data-items");
  assert.equal((await reports()).length, before);
  await browser.paste("data-items", "item,quantity,price\nTea,2,3");
  assert.equal(await browser.isVisible("data-items-fault"), false);
  assert.equal(await browser.isVisible("error"), false);
});

test("what the server finds wrong is shown at each field, a list and missing rows too", async () => {
  await browser.pick("INVOICE");
  await browser.paste("param-number", "42");
  await browser.click("submit");
  await browser.shows("data-items-fault", "missing");
  await browser.shows("param-number-fault", "42");
  assert.equal(await browser.isVisible("param-customer-fault"), false);
  await browser.paste("param-number", "2026-0001");
  assert.equal(await browser.isVisible("error"), true, "the rows are still missing");
  await browser.paste("data-items", "item,quantity,price\nTea,2,3");
  assert.equal(await browser.isVisible("error"), false);

  await browser.pick("PENGUINS");
  await browser.paste("param-years", "2007, 1999");
  await browser.click("submit");
  await browser.shows("param-years-fault", "1999 is less than 2007");
  assert.equal(await browser.run("return document.activeElement.id"), "param-years");
});

test("several of a few choices are boxes, and what is chosen is what is asked for", async () => {
  await browser.pick("PENGUINS");
  const [adelie, , gentoo] = await browser.driver.findElements(By.css("#param-species input"));
  await adelie.click();
  await gentoo.click();
  await browser.paste("param-years", "2007\n2009");
  await browser.click("submit");
  await browser.state("completed");
  await browser.shows("run-parameters", "Adelie, Gentoo · Years 2007, 2009");
  assert.deepEqual(await textsOf("#table tbody th"), ["Gentoo", "Adelie"]);
});

test("a group of rows has a title and, with more than one row, its sum; the column that it stands for is left out", async () => {
  await draw(MODEL);
  assert.deepEqual(await textsOf("#table thead th"), ["Item", "Sold", "Mark", "Share", "Amount"]);
  const lines = await browser.run(`return [...document.querySelectorAll("#table :is(tbody, tfoot) tr")]
    .map((row) => [...row.cells].map((cell) => cell.textContent).join("|"))`);
  assert.deepEqual(lines.map((line) => line.replaceAll("\u00a0", " ")), [
    "North", "Kiel",
    "Lamp|5.3.2021|✓|25,0 %|1.000,50 €",
    "Desk|6.3.2021||75,0 %|3.001,50 €",
    "Kiel|||100,0 %|4.002,00 €",
    "Bremen",
    "Trap|7.3.2021|–|–|2,25 €",
    "North||||4.004,25 €",
    "South", "Ulm",
    "Chair|–|✓|100,0 %|7,00 €",
    "Summe||||4.011,25 €",
  ]);
});

test("text is never markup, and only a safe address is a link", async () => {
  await draw(MODEL);
  assert.deepEqual(await textsOf("#result .prose b"), ["good"]);
  await browser.shows("result", "<b>here</b>");
  const links = await browser.run("return [...document.querySelectorAll('#result a')].map((a) => a.getAttribute('href'))");
  assert.deepEqual(links, ["https://example.com/a?b=1", "mailto:anna@example.com", "https://example.com/lamp"]);
  const pictures = await browser.run(`return [...document.querySelectorAll("#result img")]
    .map((img) => [img.src.slice(0, 22), img.naturalWidth, img.alt])`);
  const png = "data:image/png;base64,";
  assert.deepEqual(pictures, [[png, 48, ""], [png, 48, "A slope"]], "a picture is never fetched from elsewhere");
});

test("warnings, the footer and a section of a kind that is not known are told", async () => {
  await draw(MODEL);
  for (const text of ["The typeface has no sign for ♞.", "Source: the ledger", "“hologram”", "North and South · The Bookkeeping"]) {
    await browser.shows("result", text);
  }
});

test("each chart draws what there is, and leaves out what is not known", async () => {
  await draw(MODEL);
  const marks = (title) => browser.run(`const is = (chart) => chart.querySelector("h3").textContent === arguments[0];
    const chart = [...document.querySelectorAll(".chart")].find(is);
    return [".mark", ".curve", ".legend li"].map((part) => chart.querySelectorAll(part).length)`, title);
  assert.deepEqual(await marks("Bars"), [5, 0, 2]);
  assert.deepEqual(await marks("Stacked"), [11, 0, 4]);
  assert.deepEqual(await marks("Lines"), [7, 4, 2]);
  assert.deepEqual(await marks("Pie"), [3, 0, 4]);
});

test("the arrow keys read a chart, label by label", async () => {
  await draw(MODEL);
  const drawing = (await browser.driver.findElements(By.css(".drawing")))[3];
  await browser.run("arguments[0].focus()", drawing);
  const press = (key) => browser.driver.actions().sendKeys(key).perform();
  const tip = async () => {
    const lines = await browser.run("return [...arguments[0].querySelector('.tip').children].map((e) => e.textContent)", drawing);
    return lines.map((text) => text.replaceAll("\u00a0", " "));
  };
  await press(Key.ARROW_RIGHT);
  assert.deepEqual(await tip(), ["Coffee", "60 · 60,0 %"]);
  await press(Key.ARROW_RIGHT);
  assert.deepEqual(await tip(), ["Cake", "30 · 30,0 %"]);
  const said = await browser.run("return arguments[0].parentElement.querySelector('[aria-live]').textContent", drawing);
  assert.match(said, /^Cake, .*30/);
  await press(Key.ESCAPE);
  assert.equal(await browser.run("return arguments[0].querySelector('.tip').hidden", drawing), true);
});

test("a look colours the report, and only the report", async () => {
  const accents = () => browser.run(`return ["result", "stage"]
    .map((id) => getComputedStyle(document.getElementById(id)).getPropertyValue("--accent").trim())`);
  const [, own] = await accents();
  await draw(MODEL);
  const [its, still] = await accents();
  assert.equal(still, own);
  assert.match(its, /#8a1f4b/);
  await draw({ ...MODEL, look: {} });
  assert.deepEqual(await accents(), [own, own]);
});

test("a long table is drawn as far as anyone looks, and whole when asked for", async () => {
  const columns = MODEL.sections.find(({ type }) => type === "table").columns.slice(2, 4);
  const rows = Array.from({ length: 3000 }, (_, i) => [`Row ${i}`, "2021-01-31"]);
  await draw({ ...MODEL, sections: [{ type: "table", title: "Long", columns, rows }] });
  assert.equal(await countOf("#table tbody tr"), 200);
  const button = await browser.driver.findElement(By.css(".more"));
  assert.equal(await button.getText(), "Show the other 2.800 rows");
  await button.click();
  await browser.until("all rows", "return document.querySelectorAll('#table tbody tr').length === 3000");
  assert.equal(await countOf(".more"), 0);
  assert.equal((await textsOf("#table tbody th")).at(-1), "Row 2999");
});

test("on a phone a report with everything is no wider than the screen", async () => {
  await browser.phone();
  await draw(MODEL);
  assert.equal(await browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0);
  await browser.picture("8-everything-phone");
  await browser.desktop();
  await browser.dark();
  await browser.picture("9-everything-dark");
});

test("the other formats of a report are links beside its PDF", async () => {
  const look = `const [links, done] = arguments;
    import("/static/preview.js").then(({ downloads }) => {
      const made = [...downloads({ _links: links }).querySelectorAll("a")];
      done(made.map((a) => [a.textContent, a.getAttribute("href"), a.hasAttribute("download")]));
    })`;
  const sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
  const found = await browser.driver.executeAsyncScript(look, {
    download: { href: "http://elsewhere/api/v1/report/r1/pdf?s=1", type: "application/pdf" },
    alternate: [
      { href: "http://elsewhere/api/v1/report/r1/csv?s=1", type: "text/csv; charset=utf-8" },
      { href: "http://elsewhere/api/v1/report/r1/xlsx?s=1", type: sheet },
      { href: "http://elsewhere/api/v1/report/r1/html?s=1", type: "text/html" },
    ],
  });
  const at = (format) => `${server.url}/api/v1/report/r1/${format}?s=1`;
  assert.deepEqual(found, [["Download PDF", at("pdf"), true], ["CSV", at("csv"), true], ["Excel", at("xlsx"), true], ["HTML", at("html"), false]]);
});
