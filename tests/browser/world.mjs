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
      ...(status === "completed" && {
        download: { href: `${SERVER}/api/v1/report/r1/pdf?s=1`, type: "application/pdf" },
        model: { href: `${SERVER}/api/v1/report/r1/model?s=1`, type: "application/json" },
      }),
    },
    ...more,
  };
}

export const json = (status, body, headers = {}) => new Response(JSON.stringify(body), { status, headers });
export const lost = () => Promise.reject(new TypeError("network lost"));

export function world(answers = []) {
  const sockets = [];
  const calls = [];
  const states = [];
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
      return typeof answer === "function" ? answer() : answer;
    },
  };

  return {
    sockets, calls, states, frames, progress, answers, timers, tools,
    options: {
      server: SERVER,
      tools,
      onProgress: (state, model) => progress.push({ version: state.version, status: state.status, model }),
      onState: (state, about) => states.push(about.inMs === undefined ? state : `${state} ${about.inMs}`),
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
