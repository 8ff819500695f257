/**
 * One WebSocket of a report, from the handshake to its close, and the proof that the report arrived.
 */

import { PROOF_LIMIT, ackOf, endOf, isProved, isTerminal, resultOf } from "./reportwire-end.js";
import { ReportError, askInTime, socketUrl } from "./reportwire-http.js";

const HANDSHAKE_LIMIT = 10_000;
// The server writes the state at once. A proxy that shakes hands and lets nothing through would not be found out by less.
const FIRST_WORD_LIMIT = 5_000;
// A network can die without a word to the socket. After this silence the record itself is asked.
const SILENCE_LIMIT = 30_000;

export class Line {
  /** @param {boolean} hasWorked whether a socket of this report was heard before */
  constructor(tools, options, pace, seen, url, hasWorked) {
    Object.assign(this, { tools, options, pace, seen, url, hasWorked, timers: {}, heard: false, isOver: false });
  }

  /** @returns {Promise<import("./reportwire-ladder.js").End>} how it ended */
  run() {
    return new Promise((resolve, reject) => {
      const over = new AbortController();
      this.over = over.signal;
      const once = (settle) => (value) => {
        if (this.isOver) return;
        this.isOver = true;
        over.abort();
        for (const name of Object.keys(this.timers)) this.stop(name);
        this.socket?.close(1000);
        settle(value);
      };
      const end = once(resolve);
      this.end = (how) => end({ heard: this.heard, retryAfterMs: this.retryAfterMs, ...how });
      this.fail = once(reject);
      const { signal } = this.options;
      signal?.addEventListener("abort", () => this.fail(signal.reason), { signal: over.signal });
      // The network came back: a socket from before may be dead and not know it.
      const again = () => (this.pace.reset(), this.end({ isBack: true, retryAfterMs: 0 }));
      this.tools.events?.addEventListener("online", again, { signal: over.signal });
      this.options.onState?.("connecting", { channel: "websocket" });
      this.guard(() => this.open());
    });
  }

  open() {
    if (this.isOver) return;
    // Where sockets are known to work, silence is no sign, and what is known need not come again. The end does come
    // again: on a socket that it came by, it is proved.
    const since = this.hasWorked && !isTerminal(this.seen.report) ? this.seen.report.version : undefined;
    this.start("handshake", HANDSHAKE_LIMIT, () => this.end({ isMute: true }));
    try {
      this.socket = new this.tools.WebSocket(socketUrl(this.seen.followed, this.options, since));
    } catch {
      // The policy of the page, or of the browser, forbids it.
      return this.end();
    }
    this.socket.onopen = () => {
      if (this.isOver) return;
      this.stop("handshake");
      if (since === undefined) this.start("firstWord", FIRST_WORD_LIMIT, () => this.end({ isMute: true }));
      else this.heard = true;
      this.expectNews();
      this.options.onState?.("connected", { channel: "websocket" });
    };
    // A close follows and says as much. Outside browsers an error that nobody listens to ends the process.
    this.socket.onerror = () => {};
    this.socket.onmessage = (event) => this.guard(() => this.receive(event.data));
    this.socket.onclose = (event) => this.guard(() => (this.ack ? this.finish() : this.end({ code: event.code })));
  }

  async receive(text) {
    if (this.isOver) return;
    this.heard = true;
    this.stop("firstWord");
    const frame = parse(text);
    this.options.onFrame?.(frame, false);
    this.expectNews();
    if (frame.type === "closing") this.retryAfterMs = frame.retryAfterMs;
    if (frame.type === "error") await this.complain(frame);
    if (frame.type === "report") await this.advance(frame);
  }

  async advance({ report, model }) {
    if (!this.seen.take(report, model)) return;
    this.pace.reset();
    if (!isTerminal(report)) return;
    if (this.isProved()) await this.finish();
    if (!this.isProving) await this.prove();
  }

  async complain(frame) {
    const { status } = frame;
    if (status === 404 || status === 410) throw new ReportError(problemOf(frame), this.seen.report);
    // The server does not accept our proof. The report is here all the same.
    if (this.ack) await this.finish();
  }

  /** Hands the end over first and acks afterwards: a proof given too early would be a lie. Bad news is proved too. */
  async prove() {
    this.isProving = true;
    if (this.seen.report.status === "completed") {
      this.result = await resultOf(this.tools, this.options, this.seen);
      if (!this.result) return this.end();
    }
    const ack = await ackOf(this.tools, this.seen);
    if (this.isOver) return;
    this.options.onFrame?.(ack, true);
    this.socket.send(JSON.stringify(ack));
    this.ack = ack;
    this.start("proof", PROOF_LIMIT, () => this.guard(() => this.finish()));
    if (this.isProved()) await this.finish();
  }

  isProved() {
    return Boolean(this.ack) && isProved(this.seen.report, this.ack);
  }

  /** Settles with the newest state. The Close may overtake the push that says "delivered", so it is looked up. */
  async finish() {
    if (this.isOver || this.isFinishing) return;
    this.isFinishing = true;
    if (!this.isProved()) {
      const answer = await this.look().catch(() => ({}));
      if (answer.body) this.seen.take(answer.body);
    }
    if (this.result) this.end({ result: { ...this.result, report: this.seen.report } });
    else this.fail(endOf(this.seen.report));
  }

  /** A push is a hint that may get lost, so a slow question stands behind it. */
  expectNews() {
    this.start("silence", SILENCE_LIMIT, () =>
      this.guard(async () => {
        const answer = await this.look();
        if (!answer.body || answer.body.version > this.seen.report.version) this.end({ stale: true });
        else this.expectNews();
      }),
    );
  }

  /** Asks for the record, for as long as this line lasts. */
  look() {
    return askInTime(this.tools, { signal: this.over }, this.url);
  }

  guard(step) {
    Promise.resolve().then(step).catch(this.fail);
  }

  start(name, ms, then) {
    this.stop(name);
    if (!this.isOver) this.timers[name] = this.tools.setTimeout(then, ms);
  }

  stop(name) {
    this.tools.clearTimeout(this.timers[name]);
  }
}

const problemOf = ({ type: _, ...problem }) => problem;

/** A frame, or an empty one for what is not of this protocol: the next state makes up for it. */
function parse(text) {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
