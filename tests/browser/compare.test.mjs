/**
 * The comparison on the demo page: run by a person, against a real server.
 */

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { Browser } from "./chromium.mjs";
import { Proxy } from "./proxy.mjs";
import { Server } from "./server.mjs";

const WAYS = ["websocket", "sse", "poll", "interval", "graphql"];

let browser;
let server;
let proxy;

before(async () => (browser = await Browser.start()));
after(async () => browser?.quit());
afterEach(async () => {
  await browser.desktop();
  await browser.open("about:blank");
  await proxy?.end();
  await server?.remove();
  proxy = server = null;
});

async function open(mind) {
  server = await new Server().start();
  proxy = await Proxy.start(server.url, mind);
  await browser.open(proxy.url);
  await browser.pick("COFFEE_SALES");
}

const ends = (state) => browser.until(`the comparison ${state}`, "return document.getElementById('compare').dataset.state === arguments[0]", state);

/** The table as it stands there: the cells of each way, and how long its bars are. */
const table = () => browser.run(`
  const rows = [...document.querySelectorAll("#compare-table tr:has(.amount)")];
  return Object.fromEntries(rows.map((row) => {
    const [time, requests, bytes] = [...row.querySelectorAll(".amount")].map(({ textContent }) => textContent);
    const bars = [...row.querySelectorAll(".cost i")].map((bar) => bar.getBoundingClientRect().width);
    const [sent, received] = [...row.querySelectorAll("td")].at(-1).title.replace(/[^0-9 ]/g, "").split(" ").filter(Boolean).map(Number);
    return [row.dataset.way, { time, requests: Number(requests), bytes, bars, sent, received }];
  }))`);

test("one report is followed in every way at once, and the table says what each cost", async () => {
  await open();
  await browser.picture("compare-before");
  const before = proxy.bytes;
  await browser.click("compare-run");
  await ends("done");
  const moved = proxy.bytes - before;
  const ways = await table();
  for (const name of WAYS) {
    const { time, sent, received } = ways[name];
    assert.match(time, /^[\d,.]+ ms$/, name);
    assert.ok(sent > 0 && received > 0, name);
  }
  assert.equal(ways.websocket.requests, 1);
  assert.equal(ways.sse.requests, 2, "the stream, and the proof");
  assert.equal(ways.graphql.requests, 1);
  assert.ok(ways.poll.requests > 3, "a question for each state, the model, the proof");
  assert.ok(ways.interval.requests >= 5, "a look each second, and the model");
  const counted = Object.values(ways).reduce((sum, { sent, received }) => sum + sent + received, 0);
  // beside them the page asked for the report, and for the list of the last ones
  assert.ok(counted < moved && counted > moved * 0.85, `${counted} bytes counted of ${moved} that were moved`);
  assert.match(await browser.text("compare-said"), /knew first, [\d.]+ ms after the work was done, give or take [\d.]+ ms/);
  for (const name of WAYS) assert.ok(Math.min(...ways[name].bars.slice(1)) > 0, name);
  const slowest = WAYS.toSorted((a, b) => ways[b].bars[0] - ways[a].bars[0])[0];
  assert.ok(WAYS.every((name) => Number.parseFloat(ways[name].time.replace(",", "")) <= Number.parseFloat(ways[slowest].time.replace(",", ""))));

  await browser.picture("compare-light");
  await browser.dark();
  await browser.picture("compare-dark");
  await browser.phone();
  assert.equal(await browser.run("return document.documentElement.scrollWidth - innerWidth"), 0);
  await browser.picture("compare-phone");
});

test("a way that the network does not let through is said not to have heard, and keeps nobody waiting for ever", async () => {
  await open({ sockets: false });
  await browser.click("compare-run");
  await ends("done");
  const ways = await table();
  assert.equal(ways.websocket.time, "did not hear");
  assert.equal(ways.graphql.time, "did not hear");
  for (const name of ["sse", "poll", "interval"]) assert.match(ways[name].time, /ms$/, name);
});

test("a comparison that cannot be made says why, and can be tried again", async () => {
  await open();
  await server.end("SIGKILL");
  await browser.click("compare-run");
  await ends("failed");
  await browser.shows("compare-errors", "Out of reach");
  await server.start();
  await browser.click("compare-run");
  await ends("done");
  assert.equal(await browser.isVisible("error"), false);
});
