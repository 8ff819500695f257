/**
 * A world for the browser client without wall clock or network: time moves when a test says so, sockets are
 * opened and cut by hand, and HTTP answers come from a list.
 */

export const SERVER = "http://reports.test";

/** A report resource as the server would show it. */
export function report(version, status = "generating", more = {}) {
  return {
    id: "r1",
    reportType: "COFFEE_SALES",
    status,
    completed: status === "completed",
    version,
    delivery: { state: "waiting" },
    _links: {
      self: { href: `${SERVER}/api/v1/report/r1` },
      ws: { href: "ws://reports.test/api/v1/report/r1/ws?token=t" },
      events: { href: `${SERVER}/api/v1/report/r1/events?token=t` },
      ...(status === "completed" && {
        download: { href: `${SERVER}/api/v1/report/r1/pdf?s=1`, type: "application/pdf" },
        model: { href: `${SERVER}/api/v1/report/r1/model?s=1`, type: "application/json" },
      }),
    },
    ...more,
  };
}

export const json = (status, body, headers = {}) => new Response(JSON.stringify(body), { status, headers });
export const nothing = (status, headers = {}) => new Response(null, { status, headers });
export const lost = () => Promise.reject(new TypeError("network lost"));

/** An answer that does not come before its asker gives up. */
export const held = (url, { signal } = {}) =>
  new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason), { once: true }));

/** An answer whose body is written while a test goes on. As in a browser, it ends with the request. */
export function stream(headers = { "content-type": "text/event-stream; charset=utf-8" }) {
  let body;
  const answer = async (url, { signal } = {}) => {
    const source = new ReadableStream({ start: (controller) => (body = controller) });
    signal?.addEventListener("abort", () => { answer.isCut = true; attempt(() => body.error(signal.reason)); }, { once: true });
    return new Response(source, { headers });
  };
  const attempt = (step) => { try { step(); } catch { /* it has ended already */ } };
  return Object.assign(answer, {
    write: (text) => body.enqueue(new TextEncoder().encode(text)),
    event: (id, frame, name = "report") => answer.write(`event: ${name}\nid: ${id}\ndata: ${JSON.stringify(frame)}\n\n`),
    close: () => attempt(() => body.close()),
    isCut: false,
  });
}

/** A proof over HTTP that the server accepts. */
export const proved = (version, state = "delivered") => json(200, report(version, "completed", { delivery: { state } }));

export function world(answers = []) {
  const sockets = [];
  const calls = [];
  const states = [];
  const channels = []; // what is said with "connecting" and "connected"
  const frames = [];
  const progress = [];
  const timers = new Map();
  let now = 0;
  let lastTimer = 0;

  class FakeSocket {
    constructor(url) {
      Object.assign(this, { url, sent: [], closedWith: undefined });
      sockets.push(this);
    }
    send(text) {
      this.sent.push(JSON.parse(text));
    }
    close(code) {
      this.closedWith ??= code;
    }
    accept(...messages) {
      this.onopen();
      for (const message of messages) this.push(message);
    }
    push(message) {
      this.onmessage({ data: typeof message === "string" ? message : JSON.stringify(message) });
    }
    cut(code) {
      this.onclose({ code });
    }
  }

  const tools = {
    WebSocket: FakeSocket,
    crypto: globalThis.crypto,
    events: new EventTarget(),
    random: () => 1,
    setTimeout(then, ms) {
      timers.set(++lastTimer, { then, at: now + ms });
      return lastTimer;
    },
    clearTimeout: (timer) => timers.delete(timer),
    async fetch(url, init) {
      calls.push({ url, ...init });
      const answer = answers.shift();
      if (!answer) throw new Error(`no answer prepared for ${init?.method ?? "GET"} ${url}`);
      return typeof answer === "function" ? answer(url, init) : answer;
    },
  };

  return {
    sockets, calls, states, channels, frames, progress, answers, timers, tools,
    options: {
      server: SERVER,
      tools,
      onProgress: (state, model) => progress.push({ version: state.version, status: state.status, model }),
      onState: (state, { inMs, channel }) => (states.push(inMs === undefined ? state : `${state} ${inMs}`), channel && channels.push(channel)),
      onFrame: (frame, sent) => frames.push({ sent, frame }),
    },
    /** Lets everything that needs no time happen. */
    async settle() {
      for (let turn = 0; turn < 20; turn++) await new Promise((next) => setImmediate(next));
    },
    /** Waits for something that happens outside the event loop, as digests do. */
    async until(condition) {
      while (!condition()) await new Promise((next) => setImmediate(next));
    },
    async pass(ms) {
      const until = now + ms;
      for (;;) {
        const due = [...timers].filter(([, t]) => t.at <= until).sort((a, b) => a[1].at - b[1].at)[0];
        if (!due) break;
        timers.delete(due[0]);
        now = due[1].at;
        due[1].then();
        await this.settle();
      }
      now = until;
    },
  };
}
