/**
 * Who may, in a real Chromium: a page of another origin, a page whose server asks for a key, a link that runs out under
 * a page, and TLS.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { Browser } from "./chromium.mjs";
import { Server } from "./server.mjs";

const ORDER = { reportType: "COFFEE_SALES", reportDate: "2021-01-01" };

let browser;
let elsewhere;
let origin;

before(async () => {
  browser = await Browser.start("--ignore-certificate-errors");
  elsewhere = createServer((_, answer) => answer.setHeader("content-type", "text/html").end("<title>elsewhere</title>"));
  elsewhere.listen(0, "127.0.0.1");
  await once(elsewhere, "listening");
  origin = `http://127.0.0.1:${elsewhere.address().port}`;
});

after(async () => {
  await browser.quit();
  elsewhere.close();
});

async function withServer(options, use) {
  const server = new Server(options);
  try {
    await use(await server.start(), server);
  } finally {
    await server.remove();
  }
}

async function create(server, headers = {}) {
  const answer = await fetch(`${server.url}/api/v1/report`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ ...ORDER, startWhen: "connected" }),
  });
  assert.equal(answer.status, 201);
  return answer.json();
}

/** What a page that is open now can do with a report of `server`. */
function attempts(server, report) {
  return browser.run(
    `const [server, id, follow, events, order] = arguments;
     const api = server + "/api/v1/report";
     const fetched = (url, init) => fetch(url, init).then(async (a) => a.status + " " + (a.headers.get("etag") ? "etag" : ""), () => "blocked");
     const opened = (url, protocol) => new Promise((done) => {
       const socket = new WebSocket(url, protocol);
       socket.onopen = () => { socket.close(); done("open"); };
       socket.onerror = () => done("blocked");
     });
     const streamed = new Promise((done) => {
       const source = new EventSource(events);
       source.addEventListener("report", () => { source.close(); done("open"); });
       source.onerror = () => { source.close(); done("blocked"); };
     });
     const json = { "content-type": "application/json" };
     return Promise.all([
       fetched(api + "/" + id),
       fetched(api),
       fetched(api, { method: "POST", headers: { ...json, prefer: "wait=0" }, body: order }),
       fetched(api + "/" + id + "/cancel", { method: "POST", body: "", mode: "no-cors" }).then(() => "sent"),
       opened(follow), opened(server.replace("http", "ws") + "/graphql/ws", "graphql-transport-ws"), streamed,
     ])`,
    server.url, report.id, report._links.ws.href, report._links.events.href, JSON.stringify(ORDER),
  );
}

test("a page of another origin can neither read a report nor open its socket nor cancel it", async () => {
  await withServer({}, async (server) => {
    const report = await create(server);
    await browser.open(origin);
    const tried = await attempts(server, report);
    assert.deepEqual(tried, ["blocked", "blocked", "blocked", "sent", "blocked", "blocked", "blocked"]);
    const now = await (await fetch(report._links.self.href)).json();
    assert.deepEqual([now.status, now.version], ["queued", 1], "nothing of it reached the report");
    const list = await (await fetch(`${server.url}/api/v1/report`)).json();
    assert.equal(list.reports.length, 1);
  });
});

test("a page of an origin that was named can do what a page of this one can", async () => {
  await withServer({ args: ["--allow-origin", origin] }, async (server) => {
    const report = await create(server);
    await browser.open(origin);
    const tried = await attempts(server, report);
    assert.deepEqual(tried, ["200 etag", "200 ", "201 etag", "sent", "open", "open", "open"]);
  });
});

/** Types a key into the page. */
async function signIn(key) {
  await browser.shows("sign-in-title", "asks for a key");
  await browser.run(
    `document.getElementById("sign-in-key").value = arguments[0];
     document.getElementById("sign-in-form").requestSubmit()`,
    key,
  );
}

test("the page asks for a key, says when it is wrong, and makes a report with the right one", async () => {
  await withServer({}, async (server) => {
    const key = await server.key();
    await browser.open(server.url);
    await signIn("rwk_wrong");
    await browser.shows("sign-in-wrong", "does not take that key");
    await signIn(key);
    await browser.until("the form", "return !document.getElementById('submit').disabled");
    await browser.run("document.getElementById('form').requestSubmit()");
    await browser.state("completed");
    const href = await browser.until("the link", "return document.getElementById('pdf-link')?.href");
    assert.match(href, /[?]token=/);
    assert.equal((await fetch(href)).status, 200, "a link needs no key");
    await browser.until("the list", "return document.querySelectorAll('#recent a').length === 1");
    assert.equal(await browser.run("return location.href.includes(arguments[0])", key), false);
    await browser.run("document.getElementById('sign-out').click()");
    await browser.shows("sign-in-title", "asks for a key");
    assert.equal(await browser.run("return document.querySelectorAll('#recent a').length"), 0, "nothing is left on the screen");
  });
});

test("a link that runs out under a page is renewed, and nobody notices", async () => {
  const reports = join(import.meta.dirname, "../../reports");
  await withServer({ args: ["--link-lifetime", "1s", "--reports", reports] }, async (server) => {
    const key = await server.key();
    await browser.open(server.url);
    await signIn(key);
    await browser.until("the form", "return !document.getElementById('submit').disabled");
    // the page's own client, on each channel
    for (const channel of ["websocket", "sse"]) {
      const seen = await browser.run(
        `const [server, key, channel] = arguments;
         return import("/static/reportwire.js").then(async ({ request }) => {
           const codes = [];
           const options = { server, authorization: "Bearer " + key, channels: [channel], verify: true,
             onState: (state, about) => state === "reconnecting" && codes.push(about.code ?? 0) };
           const { report, model, blob } = await request({ reportType: "SLOW_ROAST", seconds: 4 }, options);
           return { status: report.status, delivery: report.delivery.state, sections: model.sections.length, size: blob.size, codes };
         })`,
        server.url, key, channel,
      );
      assert.deepEqual([seen.status, seen.delivery], ["completed", "verified"], channel);
      assert.ok(seen.sections > 0 && seen.size > 1000 && seen.codes.length >= 1, JSON.stringify(seen));
      if (channel === "websocket") assert.ok(seen.codes.includes(4401), JSON.stringify(seen));
    }
  });
});

test("over TLS the page loads, and its socket is one, too", async () => {
  const server = new Server();
  const [cert, key] = ["cert.pem", "key.pem"].map((name) => join(server.folder, name));
  execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
    "-out", cert, "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"], { stdio: "ignore" });
  server.args = ["--tls-cert", cert, "--tls-key", key];
  try {
    await server.start();
    assert.match(server.url, /^https:/);
    await browser.open(server.url);
    await browser.until("the form", "return !document.getElementById('submit').disabled");
    await browser.run("document.getElementById('form').requestSubmit()");
    await browser.state("completed");
    const socket = await browser.run(
      `return performance.getEntriesByType("resource").every(({ name }) => new URL(name).protocol !== "http:")`,
    );
    assert.ok(socket);
    assert.match(await browser.until("the link", "return document.getElementById('pdf-link')?.href"), /^https:/);
  } finally {
    await server.remove();
  }
});
