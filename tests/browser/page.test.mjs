/**
 * The demo page in a real browser, against real servers. Half-way states wait for a file, never for a time.
 */

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { By, Key } from "selenium-webdriver";

import { Browser } from "./chromium.mjs";
import { Server } from "./server.mjs";

let browser;
let server;

before(async () => (browser = await Browser.start()));
after(async () => browser?.quit());

afterEach(async () => {
  await browser.desktop();
  await browser.open("about:blank");
  // whatever a test did: nothing was asked of anybody but its own server
  const strangers = (await browser.asked()).filter((url) => !isOurs(url));
  await server?.remove();
  server = null;
  assert.deepEqual(strangers, []);
});

function isOurs(url) {
  return [server?.url, server?.url.replace("http", "ws"), "data:", "blob:", "about:", "chrome"].some((own) => own && url.startsWith(own));
}

async function serve(options) {
  server = await new Server(options).start();
  await browser.open(server.url);
  await browser.state("empty");
  await browser.pick("COFFEE_SALES");
}

/** A report that is half-way, as it says itself. */
async function halfWay() {
  await serve({ slow: true });
  server.say("percent", "60");
  await browser.click("submit");
  await browser.shows("phase", "60");
}

/** A report as the page shows it when all is well. */
async function isThere() {
  await browser.state("completed");
  await browser.shows("delivery", "Verified");
  await browser.until("the link", "return document.getElementById('pdf-link')?.href");
}

const reportOf = async () => {
  const id = await browser.run("return location.hash.split('/').pop()");
  return (await fetch(`${server.url}/api/v1/report/${id}`)).json();
};

test("the form leads to the model, a table, a chart and a PDF, and the delivery is verified", async () => {
  await serve();
  await browser.until("the form", "return document.getElementById('param-reportDate')?.value === '2021-01-01'");
  await browser.picture("1-empty");
  await browser.click("submit");
  await isThere();

  const report = await reportOf();
  assert.equal(report.delivery.state, "verified");
  const model = await (await fetch(report._links.model.href)).json();
  const { value } = model.sections[0].figures[0];
  await browser.shows("result", "Friday, 1 January 2021");
  await browser.shows("result", value.toFixed(2));
  const { rows, bars } = await browser.run(`return {
    rows: document.querySelectorAll("#table tbody tr").length,
    bars: document.querySelectorAll("#chart svg rect, #chart svg path").length }`);
  assert.equal(rows, model.sections.find(({ type }) => type === "table").rows.length);
  assert.ok(bars >= 5, `${bars} bars`);

  const link = await browser.run("return document.getElementById('pdf-link').href");
  const file = new Uint8Array(await (await fetch(link)).arrayBuffer());
  assert.equal(new TextDecoder().decode(file.subarray(0, 5)), "%PDF-");
  await browser.until("the preview", "return document.getElementById('pdf-preview')?.checkVisibility()");
  await browser.driver.findElement(By.css("#pdf-preview summary")).click();
  await browser.until("the frame", "return document.querySelector('#pdf-preview iframe')?.src.startsWith('blob:')");
  await browser.driver.findElement(By.css("#pdf-preview summary")).click();
  await browser.driver.findElement(By.css("#frames summary")).click();
  await browser.shows("frames", "completed");
  await browser.shows("frames", "ack");
  await browser.driver.findElement(By.css("#frames summary")).click();
  await browser.picture("3-finished");
  await browser.dark();
  await browser.picture("6-dark");
});

test("a report shows how far it is, and then that it is there", async () => {
  await halfWay();
  assert.equal(await browser.run("return document.getElementById('progress').getAttribute('aria-valuenow')"), "60");
  assert.equal(await browser.text("connection"), "Live");
  assert.equal(await browser.text("delivery"), "Waiting");
  assert.equal(await browser.isVisible("result"), false);
  await browser.picture("2-half-way");
  server.say("percent", "80");
  await browser.shows("phase", "80");
  server.say("go");
  await isThere();
});

test("a tab that is closed half-way and opened again by its URL gets the report", async () => {
  await halfWay();
  const url = await browser.driver.getCurrentUrl();
  assert.match(url, /#\/report\/[0-9a-f-]{36}$/);
  await browser.open("about:blank");
  server.say("go");
  const id = url.split("/").pop();
  await browser.driver.wait(async () => (await (await fetch(`${server.url}/api/v1/report/${id}`)).json()).completed, 20_000);
  await browser.open(url);
  await isThere();
  // and once more, when it was known already
  await browser.open(url);
  await isThere();
});

for (const signal of ["SIGKILL", "SIGTERM"]) {
  test(`a server that ends by ${signal} half-way and comes back finds the page waiting`, async () => {
    await halfWay();
    const code = await server.end(signal);
    assert.equal(code, signal === "SIGTERM" ? 0 : null);
    await browser.connection("reconnecting");
    await browser.shows("connection", "Reconnecting");
    server.say("percent", "70");
    await server.start();
    await browser.connection("connected");
    await browser.shows("phase", "70");
    server.say("go");
    await isThere();
    assert.equal((await reportOf()).delivery.state, "verified");
  });
}

test("a request that is sent while the server is away becomes one report when it is back", async () => {
  await serve();
  await browser.click("submit");
  await isThere();
  await server.end("SIGKILL");
  await browser.click("submit");
  await browser.connection("reconnecting");
  await server.start();
  await isThere();
  const { reports } = await (await fetch(`${server.url}/api/v1/report`)).json();
  assert.equal(reports.length, 2, "asked again and again, made once");
});

test("a report that fails says why, and a second try succeeds", async () => {
  await halfWay();
  server.say("fail", "The coffee machine is broken");
  await browser.state("failed");
  await browser.shows("error", "The coffee machine is broken");
  await browser.picture("4-failed");
  server.unsay("fail");
  server.say("go");
  await browser.click("retry");
  await isThere();
  assert.equal(await browser.isVisible("error"), false);
});

test("a report can be cancelled half-way", async () => {
  await halfWay();
  await browser.click("cancel");
  await browser.state("cancelled");
  assert.equal((await reportOf()).status, "cancelled");
  assert.equal(await browser.isVisible("retry"), true);
  assert.equal(await browser.isVisible("cancel"), false);
});

test("a fault is shown beside its field, and goes when the field is put right", async () => {
  await serve();
  await browser.until("the form", "return document.getElementById('param-reportDate')");
  await browser.run("document.getElementById('param-reportDate').value = ''");
  await browser.click("submit");
  await browser.shows("param-reportDate-fault", "missing");
  await browser.state("empty");
  assert.equal(await browser.run("return document.activeElement.id"), "param-reportDate");
  assert.equal(await browser.run("return document.activeElement.getAttribute('aria-invalid')"), "true");
  await browser.picture("5-faults");
  await browser.driver.findElement(By.id("param-reportDate")).sendKeys("01022021");
  assert.equal(await browser.isVisible("param-reportDate-fault"), false);
  await browser.click("submit");
  await isThere();
  await browser.shows("result", "Saturday, 2 January 2021");
});

test("on a phone nothing is wider than the screen", async () => {
  await serve();
  await browser.phone();
  const overflow = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
  assert.equal(await browser.run(overflow), 0);
  await browser.click("submit");
  await isThere();
  assert.equal(await browser.run("return innerWidth"), 360);
  assert.equal(await browser.run(overflow), 0);
  await browser.picture("7-phone");
});

test("the keyboard alone is enough, and shows where it is", async () => {
  await serve();
  await browser.until("the form", "return document.getElementById('param-reportDate')");
  const press = (...keys) => browser.driver.actions().sendKeys(...keys).perform();
  const tabTo = async (id) => {
    for (let presses = 0; presses < 60; presses++) {
      await press(Key.TAB);
      const at = await browser.run("return document.activeElement.id");
      if (at === id) {
        const ring = await browser.run("const s = getComputedStyle(document.activeElement); return s.outlineStyle !== 'none' || s.boxShadow !== 'none'");
        assert.ok(ring, `#${id} does not show that it has the focus`);
        return;
      }
    }
    assert.fail(`Tab does not lead to #${id}`);
  };
  await tabTo("skip");
  await tabTo("param-reportDate");
  await press("01032021");
  await tabTo("submit");
  await press(Key.ENTER);
  await isThere();
  await browser.shows("result", "Sunday, 3 January 2021");
  await tabTo("pdf-link");
});
