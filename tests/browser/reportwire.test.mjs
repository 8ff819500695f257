import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { ReportError, cancel, follow, request } from "../../static/reportwire.js";
import { SERVER, held, json, lost, report, world } from "./world.mjs";

const MODEL = { title: "Coffee sales", sections: [] };
const ORDER = { reportType: "COFFEE_SALES", reportDate: "2021-01-01" };
const PDF = new TextEncoder().encode("%PDF-1.7 a report");
const done = (version, more) => ({ type: "report", report: report(version, "completed", more), model: MODEL });
const delivered = (version) => done(version, { delivery: { state: "delivered" } });
const going = (version) => ({ type: "report", report: report(version) });

/** A promise that is awaited later must not count as unhandled meanwhile. */
function watched(promise) {
  promise.catch(() => {});
  return promise;
}

test("a report is asked for, watched and handed over, and its arrival is acked", async () => {
  const w = world([json(201, report(1, "queued"))]);
  const result = request(ORDER, w.options);
  await w.settle();
  assert.deepEqual(JSON.parse(w.calls[0].body), ORDER);
  assert.equal(w.sockets[0].url, "ws://reports.test/api/v1/report/r1/ws?token=t&keep=1");
  w.sockets[0].accept(going(2), going(3), done(4));
  await w.settle();
  assert.deepEqual(w.sockets[0].sent, [{ type: "ack", version: 4 }]);
  w.sockets[0].push(delivered(5));
  const { report: last, model, file, channel } = await result;
  assert.equal(channel, "websocket");
  assert.equal(last.delivery.state, "delivered");
  assert.deepEqual(model, MODEL);
  assert.equal(file, `${SERVER}/api/v1/report/r1/pdf?s=1`);
  assert.deepEqual(w.progress.map((p) => p.version), [1, 2, 3, 4, 5]);
  assert.deepEqual(w.states, ["creating", "connecting", "connected", "closed"]);
  assert.equal(w.timers.size, 0);
});

test("a retried POST carries the same idempotency key", async () => {
  const broken = { ok: true, status: 201, json: lost };
  const w = world([lost, json(503, {}, { "retry-after": "2" }), broken, json(201, report(1, "queued"))]);
  watched(request(ORDER, w.options));
  await w.settle();
  await w.pass(250);
  await w.pass(2000);
  await w.pass(1000);
  assert.equal(w.calls.length, 4);
  const keys = new Set(w.calls.map((call) => call.headers["idempotency-key"]));
  assert.equal(keys.size, 1);
  assert.match([...keys][0], /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual(w.states.slice(0, 6),
    ["creating", "reconnecting 250", "creating", "reconnecting 2000", "creating", "reconnecting 1000"]);
  assert.equal(w.sockets.length, 1);
});

test("a refused request rejects with all its faults and is not repeated", async () => {
  const problem = { type: "/problems/x", title: "Bad", status: 422, detail: "no", errors: [{ pointer: "/reportDate", detail: "a date" }] };
  const w = world([json(422, problem)]);
  await assert.rejects(request(ORDER, w.options), (error) => {
    assert.ok(error instanceof ReportError);
    assert.deepEqual(error.problem, problem);
    return true;
  });
  assert.deepEqual(w.states, ["creating", "closed"]);
});

test("tries to reconnect grow further apart up to ten seconds, and a good frame starts anew", async () => {
  const w = world();
  w.answers.push(...Array.from({ length: 8 }, () => lost));
  watched(follow(report(1), w.options));
  await w.settle();
  w.sockets[0].cut(1006);
  await w.settle();
  for (let i = 0; i < 8; i++) await w.pass(10_000);
  const waits = w.states.filter((s) => s.startsWith("reconnecting"));
  assert.deepEqual(waits.slice(0, 8), [250, 500, 1000, 2000, 4000, 8000, 10000, 10000].map((ms) => `reconnecting ${ms}`));

  w.answers.length = 0;
  w.answers.push(json(200, report(2)));
  await w.pass(10_000);
  w.sockets.at(-1).accept(going(3));
  await w.settle();
  w.sockets.at(-1).cut(1006);
  await w.settle();
  assert.equal(w.states.at(-1), "reconnecting 250");
});

test("jitter halves the delay at most", async () => {
  const w = world();
  w.tools.random = () => 0;
  watched(follow(report(1), w.options));
  await w.settle();
  w.sockets[0].accept(going(2));
  w.sockets[0].cut(1001);
  await w.settle();
  assert.equal(w.states.at(-1), "reconnecting 125");
});

test("a draining server says when to come back", async () => {
  const w = world();
  watched(follow(report(1), w.options));
  await w.settle();
  w.sockets[0].accept(going(2), { type: "closing", retryAfterMs: 1234 });
  w.sockets[0].cut(1012);
  await w.settle();
  assert.equal(w.states.at(-1), "reconnecting 1234");
  await w.pass(1233);
  assert.equal(w.sockets.length, 1);
  await w.pass(1);
  assert.equal(w.sockets.length, 2);
});

test("a restart half-way costs nothing but time", async () => {
  const w = world();
  const result = follow(report(1), w.options);
  await w.settle();
  w.sockets[0].accept(going(2));
  w.sockets[0].cut(1012);
  await w.settle();
  await w.pass(250);
  w.sockets[1].cut(1006);
  w.answers.push(lost, json(200, report(3)));
  await w.settle();
  await w.pass(500);
  await w.pass(1000);
  w.sockets[2].accept(done(4));
  await w.settle();
  w.sockets[2].push(delivered(5));
  assert.deepEqual((await result).model, MODEL);
});

test("a frame with an older version is ignored", async () => {
  const w = world();
  watched(follow(report(5), w.options));
  await w.settle();
  w.sockets[0].accept(going(4), going(7), going(6), going(7), "not json", "null");
  await w.settle();
  assert.deepEqual(w.progress.map((p) => p.version), [5, 7]);
});

for (const status of [404, 410]) {
  test(`a refused handshake and a ${status} end the waiting`, async () => {
    const w = world([json(status, { title: "No more", status, detail: "it is gone" })]);
    const result = watched(follow(report(1), w.options));
    await w.settle();
    w.sockets[0].cut(1006);
    await w.settle();
    await w.pass(250);
    await assert.rejects(result, (error) => error.problem.status === status);
    assert.equal(w.sockets.length, 1);
    assert.equal(w.states.at(-1), "closed");
  });
}

test("abort ends the waiting and closes the socket", async () => {
  const w = world();
  const controller = new AbortController();
  const result = watched(follow(report(1), { ...w.options, signal: controller.signal }));
  await w.settle();
  w.sockets[0].accept(going(2));
  await w.settle();
  controller.abort();
  await assert.rejects(result, { name: "AbortError" });
  assert.equal(w.sockets[0].closedWith, 1000);
  assert.equal(w.timers.size, 0);
});

test("abort ends the pause between two tries", async () => {
  const w = world([lost]);
  const controller = new AbortController();
  const result = watched(request(ORDER, { ...w.options, signal: controller.signal }));
  await w.settle();
  assert.equal(w.timers.size, 1);
  controller.abort();
  await assert.rejects(result, { name: "AbortError" });
  assert.equal(w.timers.size, 0);
});

test("a network that comes back is tried at once", async () => {
  const w = world();
  watched(follow(report(1), w.options));
  await w.settle();
  w.sockets[0].accept(going(2));
  w.sockets[0].cut(1006);
  await w.settle();
  w.tools.events.dispatchEvent(new Event("online"));
  await w.settle();
  assert.equal(w.sockets.length, 2);
});

test("with verify the ack carries the digest of the downloaded file", async () => {
  const w = world([new Response(PDF)]);
  const result = follow(report(1), { ...w.options, verify: true });
  await w.settle();
  w.sockets[0].accept(done(2));
  await w.until(() => w.sockets[0].sent.length);
  assert.equal(w.calls[0].url, `${SERVER}/api/v1/report/r1/pdf?s=1`);
  const sha256 = createHash("sha256").update(PDF).digest("hex");
  assert.deepEqual(w.sockets[0].sent, [{ type: "ack", version: 2, sha256 }]);
  w.sockets[0].push(delivered(3));
  await w.settle();
  assert.equal(w.states.at(-1), "connected", "delivered is not yet verified");
  w.sockets[0].push(done(4, { delivery: { state: "verified" } }));
  const { blob, report: last } = await result;
  assert.equal(last.delivery.state, "verified");
  assert.equal(blob.size, PDF.length);
});

test("where digests cannot be made the ack goes without one", async () => {
  const w = world([new Response(PDF)]);
  w.tools.crypto = { getRandomValues: (bytes) => bytes };
  const result = follow(report(1), { ...w.options, verify: true });
  await w.settle();
  w.sockets[0].accept(done(2));
  await w.until(() => w.sockets[0].sent.length);
  assert.deepEqual(w.sockets[0].sent, [{ type: "ack", version: 2 }]);
  w.sockets[0].push(delivered(3));
  assert.ok((await result).blob);
});

test("a Close that overtakes the news of the delivery is followed by a look at the record", async () => {
  const w = world();
  const result = follow(report(1), w.options);
  await w.settle();
  w.sockets[0].accept(done(2));
  await w.settle();
  w.answers.push(json(200, report(3, "completed", { delivery: { state: "delivered" } })));
  w.sockets[0].cut(1000);
  assert.equal((await result).report.delivery.state, "delivered");
});

test("the model is fetched when the frame has none", async () => {
  const w = world([json(200, MODEL)]);
  const result = follow(report(1), w.options);
  await w.settle();
  w.sockets[0].accept({ type: "report", report: report(2, "completed") });
  await w.settle();
  assert.equal(w.calls[0].url, `${SERVER}/api/v1/report/r1/model?s=1`);
  assert.deepEqual(w.progress.at(-1), { version: 2, status: "completed", model: MODEL });
  w.sockets[0].push({ type: "report", report: report(3, "completed", { delivery: { state: "delivered" } }) });
  assert.deepEqual((await result).model, MODEL);
});

test("a network that lets no WebSocket through still yields the report", async () => {
  const known = report(3, "completed", { delivery: { state: "delivered" } });
  const w = world([json(200, report(1)), json(200, report(2, "completed")), json(200, MODEL), json(200, known)]);
  const result = follow("r1", w.options);
  await w.settle();
  w.sockets[0].cut(1006);
  await w.settle();
  await w.pass(250);
  const { model, channel, report: last } = await result;
  assert.deepEqual(model, MODEL);
  assert.equal(channel, "poll");
  assert.equal(last.delivery.state, "delivered", "and proved without a socket");
  assert.equal(w.calls.at(-1).url, `${SERVER}/api/v1/report/r1/ack`);
});

test("a silent socket is not trusted for ever", async () => {
  const w = world([json(200, report(2)), json(200, report(3)), json(200, report(3))]);
  watched(follow(report(1), w.options));
  await w.settle();
  w.sockets[0].accept(going(2));
  await w.settle();
  await w.pass(30_000);
  assert.equal(w.sockets.length, 1, "the record says nothing new");
  await w.pass(30_000);
  await w.pass(250);
  assert.equal(w.sockets.length, 2, "the record is newer than the socket");
});

test("a silent socket over a network that answers nothing is given up", async () => {
  const w = world([held, held, json(200, report(2))]);
  watched(follow(report(1), w.options));
  await w.settle();
  w.sockets[0].accept(going(2));
  await w.settle();
  await w.pass(30_000 + 9_999);
  assert.equal(w.sockets[0].closedWith, undefined, "the answer may still come");
  await w.pass(1);
  assert.equal(w.sockets[0].closedWith, 1000);
  await w.pass(250);
  assert.equal(w.calls.length, 2, "the record is asked for anew");
  await w.pass(10_000);
  await w.pass(500);
  assert.equal(w.sockets.length, 2, "and again");
});

test("a question that is still open when its socket ends is withdrawn", async () => {
  const controller = new AbortController();
  const w = world([held]);
  const result = watched(follow(report(1), { ...w.options, signal: controller.signal }));
  await w.settle();
  w.sockets[0].accept(going(2));
  await w.settle();
  await w.pass(30_000);
  assert.equal(w.calls.length, 1);
  controller.abort();
  await assert.rejects(result, { name: "AbortError" });
  assert.ok(w.calls[0].signal.aborted);
  assert.equal(w.timers.size, 0);
});

test("a report in hand is not withheld for a last look that nobody answers", async () => {
  const w = world([held]);
  const result = watched(follow(report(1), w.options));
  await w.settle();
  w.sockets[0].accept(done(2));
  await w.settle();
  w.sockets[0].cut(1000);
  await w.settle();
  await w.pass(10_000);
  assert.deepEqual((await result).model, MODEL);
  assert.equal(w.timers.size, 0);
});

for (const [status, error, expected] of [
  ["failed", { title: "No data", status: 422, detail: "there are no rows" }, "there are no rows"],
  ["cancelled", null, "The report was cancelled."],
  ["expired", null, "The report has expired or was removed."],
]) {
  test(`a report that is ${status} rejects with its problem`, async () => {
    const w = world();
    const result = watched(follow(report(1), w.options));
    await w.settle();
    w.sockets[0].accept({ type: "report", report: report(2, status, { error }) });
    await w.settle();
    assert.deepEqual(w.sockets[0].sent, [{ type: "ack", version: 2 }], "bad news is delivered too");
    w.sockets[0].push({ type: "report", report: report(3, status, { error, delivery: { state: "delivered" } }) });
    await assert.rejects(result, (e) => e instanceof ReportError && e.message === expected && e.report.version === 3);
  });
}

test("links of another host name lead to the server that the caller named", async () => {
  const w = world([json(200, report(3, "cancelled"))]);
  await cancel(report(2), { ...w.options, server: "http://127.0.0.1:8080" });
  assert.equal(w.calls[0].url, "http://127.0.0.1:8080/api/v1/report/r1/cancel");
  assert.equal(w.calls[0].method, "POST");
});
