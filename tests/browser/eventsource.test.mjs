/**
 * Event sources that are not ours, npm's and the browser's: they follow a report to its end, come back once by
 * themselves, are told that there is nothing more, and stop. That is the proof of delivery.
 */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { EventSource } from "eventsource";

import { Browser } from "./chromium.mjs";
import { Server } from "./server.mjs";

let server;

before(async () => (server = await new Server().start()));
after(async () => server.remove());

/** Asks for a report that waits for whoever follows it. */
async function ask() {
  const answer = await fetch(`${server.url}/api/v1/report`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ reportType: "COFFEE_SALES", reportDate: "2021-01-01", startWhen: "connected" }),
  });
  assert.equal(answer.status, 201);
  return answer.json();
}

/** What an event source hears until it gives up by itself. Runs in Node.js and in a page. */
function hear(Source, url) {
  return new Promise((resolve) => {
    const heard = [];
    const source = new Source(url);
    source.addEventListener("report", ({ data, lastEventId }) => heard.push({ ...JSON.parse(data), lastEventId }));
    source.addEventListener("error", () => {
      if (source.readyState === Source.CLOSED) resolve(heard);
    });
  });
}

async function check({ id, _links }, heard) {
  const versions = heard.map(({ report }) => report.version);
  assert.deepEqual(versions, [...new Set(versions)].sort((a, b) => a - b), "nothing twice, nothing backwards");
  assert.deepEqual(heard.map(({ lastEventId }) => lastEventId), versions.map(String));
  const end = heard.at(-1);
  assert.equal(end.report.status, "completed");
  assert.ok(end.model.sections.length > 0);
  const { delivery, deliveries } = await (await fetch(_links.self.href)).json();
  assert.deepEqual([delivery.state, delivery.proof], ["delivered", "acked"]);
  assert.ok(deliveries.every(({ channel, eventId }) => channel === "sse" && eventId === end.eventId), id);
}

test("npm's eventsource follows a report to its end, and stops by itself", async () => {
  const report = await ask();
  await check(report, await hear(EventSource, report._links.events.href));
});

test("the browser's EventSource follows a report to its end, and stops by itself", async () => {
  const browser = await Browser.start();
  try {
    await browser.open(`${server.url}/healthz`);
    const report = await ask();
    await browser.driver.manage().setTimeouts({ script: 40_000 });
    const heard = await browser.driver.executeAsyncScript(
      `const [url, done] = arguments; (${hear})(EventSource, url).then(done);`,
      report._links.events.href,
    );
    await check(report, heard);
  } finally {
    await browser.quit();
  }
});
