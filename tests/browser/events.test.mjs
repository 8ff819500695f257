/**
 * Event sources that know nothing of reportwire: Chromium's own, and npm's. Each sees a report from its first state
 * to its last, comes back once as it must, is told not to, and has thereby proved that it knows.
 */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { EventSource } from "eventsource";

import { Browser } from "./chromium.mjs";
import { Server } from "./server.mjs";

let browser;
let server;

before(async () => {
  server = await new Server().start();
  browser = await Browser.start();
  await browser.open(server.url);
});
after(async () => {
  await browser?.quit();
  await server?.remove();
});

/** Runs in the page, too, so it stands alone. */
function follow(url, Source) {
  const source = new Source(url);
  const seen = [];
  source.addEventListener("report", ({ lastEventId, data }) => {
    const { report, model } = JSON.parse(data);
    seen.push({ cursor: lastEventId, version: report.version, status: report.status, model: Boolean(model) });
  });
  return new Promise((done) => {
    source.addEventListener("error", () => source.readyState === source.CLOSED && done(seen));
  });
}

const sources = {
  "npm's eventsource": (url) => follow(url, EventSource),
  "Chromium's EventSource": (url) => browser.driver.executeAsyncScript(
    `const [url, done] = arguments; (${follow})(url, EventSource).then(done)`, url),
};

for (const [name, listen] of Object.entries(sources)) {
  test(`${name} sees the report from first to last, and stops`, async () => {
    const order = { reportType: "COFFEE_SALES", reportDate: "2021-01-01", startWhen: "connected" };
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${server.url}/api/v1/report`, { method: "POST", headers, body: JSON.stringify(order) });
    const { _links: links } = await answer.json();
    const seen = await listen(links.events.href);
    assert.equal(seen[0].status, "queued");
    assert.deepEqual(seen.filter(({ status }) => status === "completed").length, 1, "the end is told once");
    assert.ok(seen.at(-1).status === "completed" && seen.at(-1).model);
    for (const [at, { cursor, version }] of seen.entries()) {
      assert.equal(cursor, String(version));
      assert.ok(at === 0 || version > seen[at - 1].version);
    }
    const { delivery, deliveries } = await (await fetch(links.self.href)).json();
    assert.deepEqual([delivery.state, delivery.proof], ["delivered", "acked"]);
    assert.deepEqual(deliveries.map(({ channel, proof }) => [channel, proof]), [["sse", "flushed"], ["sse", "acked"]]);
  });
}
