/**
 * The browser client falls back against a real server, behind proxies that are real, too. In Node first, where a report can be
 * looked at half-way; then the demo page in a browser.
 */

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import WebSocket from "ws";

import { follow, request } from "../../static/reportwire.js";
import { Browser } from "./chromium.mjs";
import { Proxy } from "./proxy.mjs";
import { Server } from "./server.mjs";

const ORDER = { reportType: "COFFEE_SALES", reportDate: "2021-01-01" };
const MINDS = [
  ["lets everything through", {}, "websocket"],
  ["lets no WebSocket through", { sockets: false }, "sse"],
  ["lets no WebSocket through and collects streams", { sockets: false, collects: true }, "poll"],
];

let server;
let proxy;
let browser;

before(async () => (browser = await Browser.start()));
after(async () => browser?.quit());
afterEach(async () => {
  await browser.open("about:blank");
  await proxy?.end();
  await server?.remove();
  proxy = server = null;
});

async function serve(mind) {
  server = await new Server({ slow: true }).start();
  proxy = await Proxy.start(server.url, mind);
}

/** What a client saw, and a way to wait until it saw something. */
function watcher(more = {}) {
  const seen = { versions: [], percents: [], channels: [], changed: () => {} };
  const options = {
    server: proxy.url,
    tools: { WebSocket },
    ...more,
    onProgress({ version, progress }, model) {
      // the end comes once more when its model had to be fetched
      if (!(model && seen.versions.at(-1) === version)) seen.versions.push(version);
      seen.percents.push(progress?.percent);
      seen.changed();
    },
    onState: (state, { channel }) => (state === "connected" && seen.channels.push(channel), seen.changed()),
  };
  seen.until = (condition) =>
    new Promise((resolve) => {
      seen.changed = () => condition(seen) && resolve();
      seen.changed();
    });
  return { seen, options };
}

/** No version comes twice, and none goes back. */
function assertGrows(versions) {
  assert.deepEqual(versions, [...new Set(versions)].sort((a, b) => a - b));
}

for (const [what, mind, channel] of MINDS) {
  test(`behind a proxy that ${what} a report comes by ${channel}, and its file is verified`, async () => {
    await serve(mind);
    const { seen, options } = watcher({ verify: true });
    const result = request(ORDER, options);
    server.say("percent", "40");
    await seen.until(({ channels, percents }) => channels.at(-1) === channel && percents.includes(40));
    server.say("percent", "60");
    await seen.until(({ percents }) => percents.includes(60));
    server.say("go");
    const { report, model, blob, channel: used } = await result;
    assert.equal(used, channel);
    assert.deepEqual(model, await (await fetch(report._links.model.href)).json());
    assert.equal(report.delivery.state, "verified");
    assert.ok(blob.size > 0);
    assertGrows(seen.versions);
    assert.equal(new Set(seen.channels).size, 1, "it was connected by no other");
  });

  test(`in a browser behind a proxy that ${what} the page says that it hears by ${channel}`, async () => {
    await serve(mind);
    await browser.open(proxy.url);
    await browser.pick("COFFEE_SALES");
    server.say("percent", "60");
    await browser.click("submit");
    await browser.shows("phase", "60");
    await browser.connection("connected");
    const said = { websocket: "Live", sse: "Live by events", poll: "Live by long poll" }[channel];
    await browser.until(said, "return document.getElementById('connection').textContent === arguments[0]", said);
    if (channel !== "websocket") await browser.picture(`fallback-${channel}`);
    server.say("go");
    await browser.state("completed");
    await browser.shows("delivery", "Verified");
  });
}

for (const [first, second] of ["websocket", "sse", "poll"].flatMap((a, _, all) => all.filter((b) => b !== a).map((b) => [a, b]))) {
  test(`what was begun by ${first} goes on by ${second} from the same version`, async () => {
    await serve({});
    server.say("percent", "30");
    const begun = watcher({ channels: [first] });
    const leaving = new AbortController();
    const left = request(ORDER, { ...begun.options, signal: leaving.signal }).catch((error) => error);
    await begun.seen.until(({ percents }) => percents.includes(30));
    leaving.abort();
    assert.equal((await left).name, "AbortError");
    const id = proxy.asked.map((url) => url.match(/[0-9a-f-]{36}/)?.[0]).find(Boolean);
    const known = await (await fetch(`${server.url}/api/v1/report/${id}`)).json();
    const goesOn = watcher({ channels: [second] });
    const result = follow(known, goesOn.options);
    await goesOn.seen.until(({ channels }) => channels.length > 0);
    server.say("percent", "70");
    await goesOn.seen.until(({ percents }) => percents.includes(70));
    server.say("go");
    const { channel, report } = await result;
    assert.equal(channel, second);
    assert.equal(report.delivery.state, "delivered");
    assert.equal(goesOn.seen.versions[0], known.version);
    assertGrows(goesOn.seen.versions);
  });
}

for (const channel of ["sse", "poll"]) {
  test(`a server that restarts half-way is found again by ${channel}`, async () => {
    await serve({});
    server.say("percent", "50");
    const { seen, options } = watcher({ channels: [channel] });
    const result = request(ORDER, options);
    await seen.until(({ percents, channels }) => percents.includes(50) && channels.length > 0);
    await server.end("SIGTERM");
    server.say("percent", "80");
    await server.start();
    await seen.until(({ percents }) => percents.includes(80));
    server.say("go");
    assert.equal((await result).channel, channel);
  });
}
