/**
 * GraphQL as others speak it: npm's graphql-ws over WebSocket, fetch over server-sent events, and GraphiQL in a real
 * browser that asks nobody but its own server.
 */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

import { Browser } from "./chromium.mjs";
import { Server } from "./server.mjs";

let server;

before(async () => (server = await new Server().start()));
after(async () => server.remove());

const FOLLOW = `subscription Follow($id: ID!, $since: Int) {
  report(id: $id, since: $since) { id status version eventId model }
}`;

function client(options = {}) {
  return createClient({ url: `${server.url.replace("http", "ws")}/graphql/ws`, webSocketImpl: WebSocket, ...options });
}

/** Asks for a report that waits for whoever follows it. */
async function ask() {
  const query = `mutation { createReport(reportType: "COFFEE_SALES", parameters: { reportDate: "2021-01-01" }, startWhen: connected) { id } }`;
  const answer = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  return (await answer.json()).data.createReport.id;
}

const show = async (id) => (await fetch(`${server.url}/api/v1/report/${id}`)).json();

/** Every report that a subscription pushes, to its end. */
async function follow(socket, variables) {
  const seen = [];
  for await (const { data, errors } of socket.iterate({ query: FOLLOW, variables })) {
    assert.equal(errors, undefined);
    seen.push(data.report);
  }
  return seen;
}

test("graphql-ws follows a report to its end, and proves that it knows by coming back with the cursor", async () => {
  const id = await ask();
  const socket = client();
  const seen = await follow(socket, { id });
  const versions = seen.map(({ version }) => version);
  assert.deepEqual(versions, [...new Set(versions)].sort((a, b) => a - b));
  const end = seen.at(-1);
  assert.equal(end.status, "completed");
  assert.equal(end.eventId, `${id}_${end.version}`);
  assert.ok(end.model.sections.length > 0);
  assert.equal((await show(id)).delivery.state, "waiting");

  assert.deepEqual(await follow(socket, { id, since: end.version }), []);
  const { delivery } = await show(id);
  assert.deepEqual([delivery.state, delivery.proof], ["delivered", "acked"]);
  await socket.dispose();
});

test("graphql-ws that loses its socket connects again and misses nothing", async () => {
  const id = await ask();
  let raw;
  let opened = 0;
  const socket = client({
    retryWait: async () => {},
    on: {
      opened: (opening) => {
        raw = opening;
        opened += 1;
      },
    },
  });
  let since;
  const seen = [];
  for await (const { data } of socket.iterate({ query: FOLLOW, variables: { id } })) {
    seen.push(data.report.version);
    // cut without a Close, as a network does it
    if (seen.length === 1) raw.terminate();
    since = data.report.version;
  }
  assert.ok(opened > 1, `${opened} connections`);
  assert.equal((await show(id)).status, "completed");
  assert.equal(since, Number((await show(id)).deliveries.at(0).eventId.split("_").at(1)));
  await socket.dispose();
});

test("graphql-ws is told what is wrong with a document", async () => {
  const socket = client();
  const refused = (query) =>
    new Promise((resolve) => socket.subscribe({ query }, { next: resolve, error: resolve, complete: () => {} }));
  const [invalid] = await refused("{ reports { reports { stauts } } }");
  assert.match(invalid.message, /Did you mean "status"/);
  assert.equal(invalid.extensions.code, "GRAPHQL_VALIDATION_FAILED");
  const { errors } = await refused('subscription { report(id: "7") { id } }');
  assert.equal(errors[0].extensions.code, "NOT_FOUND");
  await socket.dispose();
});

test("a subscription over server-sent events ends with complete", async () => {
  const id = await ask();
  const answer = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify({ query: FOLLOW, variables: { id } }),
  });
  assert.equal(answer.headers.get("content-type"), "text/event-stream; charset=utf-8");
  const events = (await answer.text()).split("\n\n").filter(Boolean);
  assert.equal(events.pop(), "event: complete\ndata:");
  const reports = events.map((event) => JSON.parse(event.replace("event: next\ndata: ", "")).data.report);
  assert.equal(reports.at(-1).status, "completed");
});

test("GraphiQL runs a query and a subscription, and asks nobody but its own server", async () => {
  const browser = await Browser.start();
  try {
    await browser.asked();
    await browser.open(`${server.url}/graphql`);
    await browser.until("the editor", "return Boolean(document.querySelector('.graphiql-query-editor .CodeMirror')?.CodeMirror)");
    await browser.picture("graphiql-1-example");
    const run = async (query, look) => {
      await browser.run("document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.setValue(arguments[0])", query);
      // it reads the text a moment later; what it keeps of the tab says that it has
      const name = query.match(/^\w+ (\w+)/)[1];
      await browser.until(`the operation ${name}`, "return (localStorage['graphiql:tabState'] ?? '').includes(`\"operationName\":\"${arguments[0]}\"`)", name);
      await browser.run("document.querySelector('.graphiql-execute-button').click()");
      await browser.until(look, "return document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue().includes(arguments[0])", look);
    };
    await run("query Offer { reportTypes { reportType title } }", "COFFEE_SALES");
    const id = await ask();
    await run(`subscription Watch { report(id: "${id}") { status version pdfUri } }`, '"status": "completed"');
    await browser.picture("graphiql-2-subscription");
    await browser.command("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: "dark" }] });
    await browser.run("document.querySelector('[aria-label=\"Show Documentation Explorer\"]').click()");
    await browser.until("the schema", "return document.querySelector('.graphiql-doc-explorer-content')?.innerText.includes('Subscription')");
    await browser.picture("graphiql-3-dark");
    const ours = [server.url, server.url.replace("http", "ws"), "data:", "blob:", "about:", "chrome"];
    const strangers = (await browser.asked()).filter((url) => !ours.some((own) => url.startsWith(own)));
    assert.deepEqual(strangers, []);
  } finally {
    await browser.quit();
  }
});
