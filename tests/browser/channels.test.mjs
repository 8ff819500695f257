/**
 * How the browser client falls back from the WebSocket to server-sent events and to a long poll, in a world whose
 * network does what a test says.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { Parser } from "../../static/reportwire-sse.js";
import { ReportError, follow, request } from "../../static/reportwire.js";
import { SERVER, held, json, lost, nothing, proved, report, stream, world } from "./world.mjs";

const MODEL = { title: "Coffee sales", sections: [] };
const HERE = `${SERVER}/api/v1/report/r1`;
const going = (version) => ({ type: "report", eventId: `r1_${version}`, report: report(version) });
const done = (version) => ({ type: "report", eventId: `r1_${version}`, report: report(version, "completed"), model: MODEL });

/** A promise that is awaited later must not count as unhandled meanwhile. */
function watched(promise) {
  promise.catch(() => {});
  return promise;
}

/** A report that is followed by these channels alone, and the answers that are to come. */
async function by(channels, ...answers) {
  const w = world(answers);
  const result = watched(follow(report(1), { ...w.options, channels }));
  await w.settle();
  return { ...w, result, w };
}

test("a socket that is refused twice in a row gives way to server-sent events", async () => {
  const news = stream();
  const w = world([json(200, report(1)), json(200, report(1)), news, proved(4)]);
  const result = follow(report(1), w.options);
  await w.settle();
  w.sockets[0].cut(1006);
  await w.settle();
  await w.pass(250);
  w.sockets[1].cut(1006);
  await w.settle();
  await w.pass(500);
  assert.equal(w.sockets.length, 2);
  assert.equal(w.calls[2].url, `${HERE}/events?token=t&lastEventId=1`);
  assert.equal(w.calls[2].headers.accept, "text/event-stream");
  assert.equal(w.states.at(-1), "connecting", "nothing was heard yet");
  news.event(2, going(2));
  await w.settle();
  assert.equal(w.states.at(-1), "connected");
  news.event(3, done(3));
  const { channel, model, report: last } = await result;
  assert.equal(channel, "sse");
  assert.deepEqual(model, MODEL);
  assert.equal(last.delivery.state, "delivered");
  assert.deepEqual(w.channels, ["websocket", "websocket", "sse", "sse"]);
  assert.deepEqual(w.progress.map((p) => p.version), [1, 2, 3, 4]);
  assert.deepEqual(JSON.parse(w.calls[3].body), { version: 3 });
  assert.equal(w.calls[3].url, `${HERE}/ack`);
  assert.ok(news.isCut, "the connection is given back");
  assert.equal(w.timers.size, 0);
});

test("a server that is away altogether is no reason to give up the socket", async () => {
  const w = world([lost, json(200, report(1)), lost, json(200, report(1))]);
  watched(follow(report(1), w.options));
  await w.settle();
  for (const n of [1, 2]) {
    w.sockets.at(-1).cut(1006);
    await w.settle();
    for (let passes = 0; passes < 20 && w.sockets.length === n; passes++) await w.pass(250);
    assert.equal(w.sockets.length, n + 1);
  }
  assert.deepEqual(w.channels, ["websocket", "websocket", "websocket"]);
});

test("a handshake that is given up for a network that came back is no reason either", async () => {
  const w = world(Array.from({ length: 3 }, () => json(200, report(1))));
  watched(follow(report(1), w.options));
  await w.settle();
  for (let n = 1; n <= 3; n++) {
    w.tools.events.dispatchEvent(new Event("online"));
    await w.settle();
    await w.pass(0);
    assert.equal(w.sockets.length, n + 1);
  }
});

test("an end that could not be handed over comes again on the next socket, to be proved there", async () => {
  const w = world([lost]);
  watched(follow(report(1), w.options));
  await w.settle();
  w.sockets[0].accept(going(2), { type: "report", report: report(3, "completed") });
  await w.settle();
  await w.pass(250);
  assert.equal(new URL(w.sockets[1].url).searchParams.get("since"), null);
  w.sockets[1].accept(done(3));
  await w.settle();
  assert.deepEqual(w.sockets[1].sent, [{ type: "ack", version: 3 }]);
});

test("a socket that was heard is tried again for as long as it takes, from where it was", async () => {
  const w = world([json(200, report(2)), json(200, report(2))]);
  watched(follow(report(1), w.options));
  await w.settle();
  assert.equal(new URL(w.sockets[0].url).searchParams.get("since"), null, "the first word is a sign of life");
  w.sockets[0].accept(going(2));
  await w.settle();
  for (let n = 1; n <= 3; n++) {
    w.sockets.at(-1).cut(1006);
    await w.settle();
    await w.pass(10_000);
    assert.equal(w.sockets.length, n + 1);
    assert.equal(new URL(w.sockets.at(-1).url).searchParams.get("since"), "2");
    w.sockets.at(-1).accept();
    await w.settle();
    await w.pass(10_000);
    assert.equal(w.states.at(-1), "connected", "with nothing new, silence is no sign");
  }
  assert.deepEqual(new Set(w.channels), new Set(["websocket"]));
});

for (const [what, shake] of [
  ["whose handshake nobody answers", () => {}],
  ["on which nothing comes after the handshake", (socket) => socket.accept()],
]) {
  test(`a socket ${what} gives way at once`, async () => {
    const w = world([json(200, report(1)), held]);
    watched(follow(report(1), w.options));
    await w.settle();
    shake(w.sockets[0]);
    await w.pass(10_000);
    await w.pass(250);
    assert.equal(w.sockets.length, 1);
    assert.match(w.calls[1].url, /\/events\?/);
  });
}

test("a socket that the page may not open gives way, too", async () => {
  const w = world([json(200, report(1)), json(200, report(1)), held]);
  w.tools.WebSocket = class {
    constructor() {
      throw new DOMException("insecure", "SecurityError");
    }
  };
  watched(follow(report(1), w.options));
  await w.settle();
  await w.pass(250);
  await w.pass(500);
  assert.match(w.calls.at(-1).url, /\/events\?/);
});

for (const [what, first, silence] of [
  ["a stream that a proxy holds back", () => held, 5_000],
  ["a stream that begins and brings nothing", () => stream(), 5_000],
]) {
  test(`${what} gives way to a long poll with the same cursor`, async () => {
    const { w, calls, states, channels } = await by(["sse", "poll"], first(), json(200, report(2)), held);
    await w.pass(silence - 1);
    assert.equal(calls.length, 1);
    await w.pass(1);
    await w.pass(250);
    assert.equal(calls.length, 3);
    assert.equal(calls[2].url, HERE);
    assert.deepEqual(calls[2].headers, { accept: "application/json", prefer: "wait=30", "if-none-match": 'W/"2"' });
    assert.deepEqual(channels, ["sse", "poll"], "it was never connected");
    assert.equal(states.at(-1), "connecting");
    await w.pass(1_000);
    assert.equal(states.at(-1), "connected", "a request that is held has arrived");
  });
}

for (const [what, answer] of [
  ["refuses", () => json(503, {})],
  ["has not", () => json(404, {})],
  ["answers with a page instead of", () => new Response("<html>", { headers: { "content-type": "text/html" } })],
]) {
  test(`a server that ${what} the stream is asked once more, and then by a long poll`, async () => {
    const { w, calls, channels } = await by(["sse", "poll"], answer(), json(200, report(1)), answer(), json(200, report(1)), held);
    await w.pass(250);
    await w.pass(500);
    assert.deepEqual(channels, ["sse", "sse", "poll"]);
    assert.equal(calls.at(-1).headers.prefer, "wait=30");
  });
}

test("heartbeats keep a stream alive, and silence ends it", async () => {
  const news = stream();
  const again = stream();
  const { w, calls, states } = await by(["sse", "poll"], news, json(200, report(1)), again);
  news.write("retry: 700\n\n");
  await w.settle();
  for (let beat = 0; beat < 10; beat++) {
    await w.pass(15_000);
    news.write(": \n\n");
    await w.settle();
  }
  assert.equal(calls.length, 1);
  assert.equal(states.at(-1), "connected");
  await w.pass(40_000);
  assert.ok(news.isCut);
  assert.equal(states.at(-1), "reconnecting 700");
});

test("a stream that ends early is opened again when the server says, after the newest version", async () => {
  const news = stream();
  const { w, calls, states } = await by(["sse"], news, held);
  news.event(7, going(7));
  news.write("retry: 1234\n\n");
  await w.settle();
  news.close();
  await w.settle();
  assert.equal(states.at(-1), "reconnecting 1234");
  await w.pass(1_234);
  assert.equal(calls[1].url, `${HERE}/events?token=t&lastEventId=7`);
});

test("a stream that has nothing to add sends its reader to the record", async () => {
  const { w, calls, result } = await by(["sse"], nothing(204), json(200, report(2, "completed")), json(200, MODEL), proved(3));
  await w.pass(250);
  const { channel, model } = await result;
  assert.equal(channel, "poll", "the record said it");
  assert.deepEqual(model, MODEL);
  assert.equal(calls.length, 4);
});

test("a report that goes while it is streamed is gone", async () => {
  const news = stream();
  const { result } = await by(["sse"], news);
  news.event(9, { type: "error", problem: "/problems/gone", title: "Gone", status: 410, detail: "it was removed" }, "error");
  await assert.rejects(result, (error) => {
    assert.ok(error instanceof ReportError);
    assert.deepEqual(error.problem, { type: "/problems/gone", title: "Gone", status: 410, detail: "it was removed" });
    return true;
  });
});

test("the stream is over before the proof, which may need its connection", async () => {
  const news = stream();
  const { w, calls } = await by(["sse"], news, held);
  news.event(2, done(2));
  await w.settle();
  assert.equal(calls.at(-1).url, `${HERE}/ack`);
  assert.ok(news.isCut);
});

test("a report that goes while it is polled is gone", async () => {
  const { result } = await by(["poll"], json(410, { title: "Gone", status: 410, detail: "it was removed" }));
  await assert.rejects(result, (error) => error instanceof ReportError && error.problem.status === 410);
});

test("a long poll goes from one state to the next and hands over the end", async () => {
  const { w, calls, result, states, channels, frames } = await by(["poll"],
    json(200, report(2)), json(200, report(3)), json(200, report(4, "completed")), json(200, MODEL), proved(5));
  const { channel, model, report: last } = await result;
  assert.equal(channel, "poll");
  assert.deepEqual(model, MODEL);
  assert.equal(last.version, 5);
  assert.deepEqual(calls.slice(0, 3).map((call) => call.headers["if-none-match"]), ['W/"1"', 'W/"2"', 'W/"3"']);
  assert.equal(calls[3].url, `${HERE}/model?s=1`);
  assert.deepEqual(states, ["connecting", "connected", "closed"]);
  assert.deepEqual(channels, ["poll", "poll"]);
  assert.deepEqual(frames.map(({ sent, frame }) => [sent, frame.type]),
    [[false, "report"], [false, "report"], [false, "report"], [true, "ack"]]);
  assert.equal(w.timers.size, 0);
});

test("a wait that ends with nothing new is followed by the next at once, one that was cut short is not", async () => {
  const late = () => new Promise((resolve) => w.tools.setTimeout(() => resolve(nothing(304)), 30_000));
  const w = world([late, nothing(304, { "retry-after": "3" }), nothing(304), held]);
  watched(follow(report(1), { ...w.options, channels: ["poll"] }));
  await w.settle();
  await w.pass(30_000);
  assert.equal(w.calls.length, 2);
  assert.equal(w.states.at(-1), "reconnecting 3000");
  await w.pass(3_000);
  assert.equal(w.calls.length, 3);
  assert.equal(w.states.at(-1), "reconnecting 1000");
});

test("a proxy that cuts long waits off is asked for shorter ones", async () => {
  const { w, calls } = await by(["poll"], lost, json(504, {}), lost, lost, held);
  while (calls.length < 5) await w.pass(250);
  assert.deepEqual(calls.map((call) => call.headers.prefer), ["wait=30", "wait=15", "wait=7", "wait=5", "wait=5"]);
});

test("a long poll that nobody answers is given up when its wait is long over", async () => {
  const { w, calls } = await by(["poll"], held, held);
  await w.pass(39_999);
  assert.equal(calls.length, 1);
  await w.pass(1);
  await w.pass(250);
  assert.equal(calls.length, 2);
});

for (const channel of ["sse", "poll"]) {
  test(`the network's return is the end of an old ${channel} and the begin of a new one`, async () => {
    const { w, calls, channels } = await by([channel], held, json(200, report(1)), held);
    w.tools.events.dispatchEvent(new Event("online"));
    await w.settle();
    await w.pass(0);
    assert.equal(calls.at(-1).url, channel === "sse" ? `${HERE}/events?token=t&lastEventId=1` : HERE);
    assert.ok(calls.length > 1);
    assert.deepEqual(new Set(channels), new Set([channel]));
  });

  test(`abort ends the waiting by ${channel} and its request`, async () => {
    const controller = new AbortController();
    const w = world([held]);
    const result = watched(follow(report(1), { ...w.options, channels: [channel], signal: controller.signal }));
    await w.settle();
    controller.abort();
    await assert.rejects(result, { name: "AbortError" });
    assert.ok(w.calls[0].signal.aborted);
    assert.equal(w.timers.size, 0);
  });

  test(`a fault in the page's own code is not taken for one of the ${channel}`, async () => {
    const news = stream();
    const w = world([channel === "sse" ? news : json(200, report(2))]);
    const onProgress = ({ version }) => {
      if (version > 1) throw new RangeError("mine");
    };
    const result = watched(follow(report(1), { ...w.options, onProgress, channels: [channel] }));
    await w.settle();
    if (channel === "sse") news.event(2, going(2));
    await assert.rejects(result, { name: "RangeError" });
    assert.equal(w.timers.size, 0);
  });
}

test("without a socket a verified file is proved with its digest", async () => {
  const pdf = new TextEncoder().encode("%PDF-1.7 a report");
  const news = stream();
  const w = world([news, new Response(pdf), proved(5, "verified")]);
  const result = follow(report(1), { ...w.options, channels: ["sse"], verify: true });
  await w.settle();
  news.event(4, done(4));
  const { blob, report: last } = await result;
  assert.equal(blob.size, pdf.length);
  assert.equal(last.delivery.state, "verified");
  const sha256 = createHash("sha256").update(pdf).digest("hex");
  assert.deepEqual(JSON.parse(w.calls[2].body), { version: 4, sha256 });
});

for (const [what, ...answers] of [
  ["refused", json(409, { title: "Another file", status: 409 })],
  ["lost for good", lost, lost, lost, lost, lost, lost, lost, lost, lost, lost],
]) {
  test(`a proof that is ${what} does not withhold the report`, async () => {
    const news = stream();
    const { w, result } = await by(["sse"], news, ...answers);
    news.event(2, done(2));
    await w.settle();
    await w.pass(5_000);
    assert.deepEqual((await result).model, MODEL);
    assert.equal(w.timers.size, 0);
  });
}

test("a proof that is lost is given again", async () => {
  const news = stream();
  const { w, result } = await by(["sse"], news, lost, proved(3));
  news.event(2, done(2));
  await w.settle();
  await w.pass(500);
  assert.equal((await result).report.delivery.state, "delivered");
});

test("bad news comes by every channel and is proved", async () => {
  const error = { title: "No rows", status: 422, detail: "there are no rows" };
  const { calls, result } = await by(["poll"], json(200, report(2, "failed", { error })), json(200, report(3, "failed", { error })));
  await assert.rejects(result, (e) => e instanceof ReportError && e.message === "there are no rows" && e.report.version === 3);
  assert.equal(calls[1].url, `${HERE}/ack`);
});

test("the channels are those that were asked for, in their order", async () => {
  const { w, calls } = await by(["sse", "websocket"], held, json(200, report(1)));
  assert.match(calls[0].url, /\/events\?/);
  await w.pass(5_000);
  await w.pass(250);
  assert.equal(w.sockets.length, 1);
});

test("where there are no sockets at all none is tried", async () => {
  const w = world([held]);
  w.tools.WebSocket = undefined;
  watched(follow(report(1), w.options));
  await w.settle();
  assert.match(w.calls[0].url, /\/events\?/);
});

for (const [channels, message] of [
  [["sse", "pigeon"], /no channel is called pigeon; there are websocket, sse, poll/],
  [[], /none/],
]) {
  test(`channels ${JSON.stringify(channels)} are refused before anything is asked for`, async () => {
    const w = world();
    await assert.rejects(request({ reportType: "T" }, { ...w.options, channels }), (e) => e instanceof TypeError && message.test(e.message));
    assert.equal(w.calls.length, 0);
  });
}

for (const [what, pieces, events] of [
  ["one event", ["event: report\nid: 3\ndata: {}\n\n"], [{ event: "report", data: "{}", id: "3" }]],
  ["pieces that end anywhere", ["da", "ta: a", "\n", "\nda", "ta: b\n\n"], [{ event: "message", data: "a", id: "" }, { event: "message", data: "b", id: "" }]],
  ["every kind of line end", ["data: a\r", "\n\r\ndata: b\r\rdata: c\n\n"], ["a", "b", "c"].map((data) => ({ event: "message", data, id: "" }))],
  ["a line end that is torn in two", ["data: a\r", "\ndata: b\n\n"], [{ event: "message", data: "a\nb", id: "" }]],
  ["several lines of data", ["data: a\ndata:\ndata:  b\n\n"], [{ event: "message", data: "a\n\n b", id: "" }]],
  ["comments and fields without a meaning", [": beat\n\nfoo: bar\ndata\n\n"], [{ event: "message", data: "", id: "" }]],
  ["an id that lasts and one that is none", ["id: 7\ndata: a\n\nid: x\0y\ndata: b\n\n"], ["a", "b"].map((data) => ({ event: "message", data, id: "7" }))],
  ["a retry, and one that is none", ["retry: 500\nretry: soon\n\n"], [{ event: "retry", data: "", id: "", retry: 500 }]],
  ["an event that is not finished", ["data: a\n"], []],
]) {
  test(`an event stream of ${what} is read as the standard says`, () => {
    const parser = new Parser();
    assert.deepEqual(pieces.flatMap((piece) => parser.read(piece)), events);
  });
}
