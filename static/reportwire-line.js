/**
 * One WebSocket of a report, from the handshake to its close, and the proof that the report arrived.
 */

import { ReportError, ask, digest, near, reportUrl, socketUrl } from "./reportwire-http.js";

const HANDSHAKE_LIMIT = 10_000;
// A network can die without a word to the socket. After this silence the record itself is asked.
const SILENCE_LIMIT = 30_000;
// The result waits no longer than this for the server to confirm that it knows of the delivery.
const PROOF_LIMIT = 5_000;

export const isTerminal = (report) => ["completed", "failed", "cancelled", "expired"].includes(report.status);

/** The error that a terminal state other than completed amounts to. */
function endOf(report) {
  const problem =
    report.status === "expired"
      ? { type: "about:blank", title: "Gone", status: 410, detail: "The report has expired or was removed." }
      : { type: "about:blank", title: "Cancelled", status: 409, detail: "The report was cancelled." };
  return new ReportError(report.error ?? problem, report);
}

/**
 * What the caller gets of a report that has ended. Fetches the model when no frame brought it.
 *
 * @returns {Promise<object|null>} null when the model is out of reach just now
 * @throws {ReportError} when it ended otherwise than completed
 */
export async function resultOf(tools, options, seen) {
  const { report } = seen;
  if (report.status !== "completed") throw endOf(report);
  if (!seen.model) {
    const href = report._links?.model?.href ?? `${reportUrl(report, options)}/model`;
    const answer = await ask(tools, options, near(href, options));
    if (!answer.body) return null;
    seen.take(report, answer.body);
  }
  const file = near(report._links?.download?.href ?? report.pdfUri, options);
  if (options.verify && file && !seen.blob) {
    // Not being able to verify is no reason to withhold the report.
    const bytes = tools.fetch(file, { signal: options.signal }).then((answer) => (answer.ok ? answer.blob() : null));
    seen.blob = await bytes.catch(() => null);
    options.signal?.throwIfAborted();
  }
  return { report, model: seen.model, file, ...(seen.blob && { blob: seen.blob }) };
}

export class Line {
  constructor(tools, options, pace, seen, url) {
    Object.assign(this, { tools, options, pace, seen, url, timers: {}, opened: false, isOver: false });
  }

  /**
   * @returns {Promise<{result?: object, opened: boolean, stale?: boolean, code?: number, retryAfterMs?: number}>}
   *   how it ended; with a `result` there is nothing left to wait for
   */
  run() {
    return new Promise((resolve, reject) => {
      const over = new AbortController();
      const once = (settle) => (value) => {
        if (this.isOver) return;
        this.isOver = true;
        over.abort();
        for (const name of Object.keys(this.timers)) this.stop(name);
        this.socket?.close(1000);
        settle(value);
      };
      const end = once(resolve);
      this.end = (how) => end({ opened: this.opened, retryAfterMs: this.retryAfterMs, ...how });
      this.fail = once(reject);
      const { signal } = this.options;
      signal?.addEventListener("abort", () => this.fail(signal.reason), { signal: over.signal });
      // The network came back: a socket from before may be dead and not know it.
      const again = () => (this.pace.reset(), this.end({ retryAfterMs: 0 }));
      this.tools.events?.addEventListener("online", again, { signal: over.signal });
      this.options.onState?.("connecting", {});
      this.guard(() => this.open());
    });
  }

  open() {
    if (this.isOver) return;
    this.start("handshake", HANDSHAKE_LIMIT, () => this.end());
    this.socket = new this.tools.WebSocket(socketUrl(this.seen.report, this.options));
    this.socket.onopen = () => {
      if (this.isOver) return;
      this.opened = true;
      this.stop("handshake");
      this.expectNews();
      this.options.onState?.("connected", {});
    };
    this.socket.onmessage = (event) => this.guard(() => this.receive(event.data));
    this.socket.onclose = (event) => this.guard(() => (this.isAcked ? this.finish() : this.end({ code: event.code })));
  }

  async receive(text) {
    if (this.isOver) return;
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
    if (this.isAcked) await this.finish();
  }

  /** Hands the end over first and acks afterwards: a proof given too early would be a lie. Bad news is proved too. */
  async prove() {
    this.isProving = true;
    if (this.seen.report.status === "completed") {
      this.result = await resultOf(this.tools, this.options, this.seen);
      if (!this.result) return this.end();
      this.sha256 = this.result.blob && (await digest(this.tools, this.result.blob));
    }
    if (this.isOver) return;
    const ack = { type: "ack", version: this.seen.report.version, ...(this.sha256 && { sha256: this.sha256 }) };
    this.options.onFrame?.(ack, true);
    this.socket.send(JSON.stringify(ack));
    this.isAcked = true;
    this.start("proof", PROOF_LIMIT, () => this.guard(() => this.finish()));
    if (this.isProved()) await this.finish();
  }

  isProved() {
    const state = this.seen.report.delivery?.state;
    return Boolean(this.isAcked) && (state === "verified" || (state === "delivered" && !this.sha256));
  }

  /** Settles with the newest state. The Close may overtake the push that says "delivered", so it is looked up. */
  async finish() {
    if (this.isOver || this.isFinishing) return;
    this.isFinishing = true;
    if (!this.isProved()) {
      const answer = await ask(this.tools, this.options, this.url).catch(() => ({}));
      if (answer.body) this.seen.take(answer.body);
    }
    if (this.result) this.end({ result: { ...this.result, report: this.seen.report } });
    else this.fail(endOf(this.seen.report));
  }

  /** A push is a hint that may get lost, so a slow question stands behind it. */
  expectNews() {
    this.start("silence", SILENCE_LIMIT, () =>
      this.guard(async () => {
        const answer = await ask(this.tools, this.options, this.url);
        if (!answer.body || answer.body.version > this.seen.report.version) this.end({ stale: true });
        else this.expectNews();
      }),
    );
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
