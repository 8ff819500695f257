/**
 * The browser client of reportwire: ask for a report, watch it grow, hold the result.
 *
 *     import { request } from "./reportwire.js";
 *     const { model, file } = await request({ reportType: "COFFEE_SALES", reportDate: "2021-01-01" },
 *       { onProgress: (report) => console.log(report.progress?.percent) });
 *
 * The files `reportwire*.js` belong together and need nothing else. This one waits; `-ladder` picks the channel: a
 * WebSocket (`-line`), server-sent events where no socket is let through (`-events`, `-sse`), a long poll where
 * even those are held back (`-poll`). `-pace` spaces the tries, `-end` hands the report over and proves it, `-http` asks
 * and knows the links. Every push is the whole report with a version that only grows, on all channels. That is why
 * reconnecting, changing the channel, a lost frame and a repeated frame need no treatment of their own: the newest
 * version wins.
 *
 * @typedef {"creating"|"connecting"|"connected"|"reconnecting"|"closed"} State
 *
 * @typedef {import("./reportwire-ladder.js").Channel} Channel
 *
 * @typedef {object} Options
 * @property {(report: object, model?: object) => void} [onProgress] gets each new state, and the terminal one once more if its
 *   model had to be fetched
 * @property {(state: State, about: {channel?: Channel, inMs?: number, code?: number}) => void} [onState] `channel`: with
 *   "connecting" and "connected"; `inMs`: until the next try
 * @property {(frame: object, sent: boolean) => void} [onFrame] sees each frame as it is on the wire; what a long poll brings and
 *   takes is shown as the frames that it stands for
 * @property {Channel[]} [channels] which may be used, in the order in which they are tried: all, the WebSocket first
 * @property {AbortSignal} [signal] ends the waiting; the work on the report goes on (see `cancel`)
 * @property {string} [server] origin of the server, as in `https://reports.example`; the page's own unless told
 * @property {string|(() => string|undefined|Promise<string|undefined>)} [authorization] goes into the header of that name, as in
 *   `Bearer …`, wherever no link with a token of its own is followed
 * @property {(report: object) => Promise<object>} [renew] fetches the report with fresh links from whoever made the page, where the
 *   page itself may not read it
 * @property {string} [idempotencyKey] one is made unless told
 * @property {boolean} [verify] download the file and prove to the server that it arrived intact
 * @property {object} [tools] stands in for `fetch`, `WebSocket`, timers and the like, for tests and other runtimes
 *
 * @typedef {object} Result
 * @property {object} report the newest state of the report
 * @property {object} model the report model
 * @property {string} file URL of the finished file; signed, and expires
 * @property {Blob} [blob] the file itself, with `verify`
 * @property {Channel} channel what brought the end: "poll" also when the record said it in passing
 */

import { handOver, isTerminal } from "./reportwire-end.js";
import { ReportError, ask, askInTime, originOf, reportUrl, toolsOf, uuid } from "./reportwire-http.js";
import { Ladder, channelsOf } from "./reportwire-ladder.js";
import { Pace } from "./reportwire-pace.js";

export { ReportError };

/**
 * Asks for a report and waits for it. Safe against lost answers: each try carries the same key, so
 * the server makes one report however often it is asked.
 *
 * @param {object} order `reportType` and its parameters
 * @param {Options} [options]
 * @returns {Promise<Result>} rejects with a `ReportError`, with the signal's reason, or with a `TypeError` when no channel
 *   can be used
 */
export async function request(order, options = {}) {
  const there = { ...options, server: originOf(null, options) };
  channelsOf(toolsOf(there), there);
  const report = await create(order, there).catch((error) => {
    options.onState?.("closed", {});
    throw error;
  });
  return follow(report, there);
}

async function create(order, options) {
  const tools = toolsOf(options);
  const pace = new Pace(tools, options);
  const key = options.idempotencyKey ?? uuid(tools);
  for (;;) {
    options.onState?.("creating", {});
    const answer = await ask(tools, options, `${options.server}/api/v1/report`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify(order),
    });
    if (answer.body) return answer.body;
    await pace.wait(answer.retryAfterMs);
  }
}

/**
 * Waits for a report that exists, from whatever state it is in.
 *
 * @param {string|object} target its id, its URL, or the resource itself
 * @param {Options} [options]
 * @returns {Promise<Result>} as `request`
 */
export async function follow(target, options = {}) {
  const there = { ...options, server: originOf(target, options) };
  const tools = toolsOf(there);
  const pace = new Pace(tools, there);
  const seen = new Seen(there);
  const ladder = new Ladder(tools, there);
  const url = reportUrl(target, there);
  let isFresh = typeof target === "object" && seen.take(target);
  try {
    for (;;) {
      there.signal?.throwIfAborted();
      if (!isFresh) {
        const answer = await look(tools, there, url, seen, ladder);
        if (!answer.body) {
          ladder.forgive();
          await pace.wait(answer.retryAfterMs);
          continue;
        }
        seen.take(answer.body);
        ladder.descend();
      }
      // The record has said it: a channel that is only hoped for would say no more.
      const isKnown = isTerminal(seen.report) && ladder.isDoubtful;
      const { channel } = ladder;
      const end = isKnown ? { result: await handOver(tools, there, seen, url) } : await ladder.use(tools, there, pace, seen, url);
      if (end.result) return { ...end.result, channel: isKnown ? "poll" : channel };
      // A browser does not say why a handshake failed. The resource does, and it brings fresh links.
      isFresh = end.heard && !end.stale && !OVER.includes(end.code);
      await pace.wait(OVER.includes(end.code) ? 0 : end.retryAfterMs, end.code);
    }
  } finally {
    options.onState?.("closed", {});
  }
}

// What let the socket in has run out, or was taken back. Fresh links may still be had.
const OVER = [4401, 4403];

/**
 * Reads the record. A page that may not has its links from somebody else: they are asked for new ones, or, when there is
 * nobody to ask, used for as long as they are heard on.
 */
async function look(tools, options, url, seen, ladder) {
  try {
    return await askInTime(tools, options, url);
  } catch (error) {
    const mayNot = [401, 403].includes(error.problem?.status) && seen.report;
    if (mayNot && options.renew) return { body: await options.renew(seen.report) };
    if (!mayNot || ladder.failures > 1 || seen.isOver) throw error;
    seen.isOver = ladder.failures === 0;
    return { body: seen.report };
  }
}

/**
 * Cancels the work on a report.
 *
 * @param {string|object} report its id, its URL, or the resource
 * @param {Options} [options]
 * @returns {Promise<object>} its new state, or the end state that it already had
 */
export const cancel = (report, options = {}) => act("cancel", report, options);

/**
 * Queues a failed or cancelled report again.
 *
 * @param {string|object} report its id, its URL, or the resource
 * @param {Options} [options]
 * @returns {Promise<object>} its new state
 */
export const retry = (report, options = {}) => act("retry", report, options);

async function act(verb, report, options) {
  const there = { ...options, server: originOf(report, options) };
  const answer = await ask(toolsOf(there), there, `${reportUrl(report, there)}/${verb}`, { method: "POST" });
  if (answer.body) return answer.body;
  throw new ReportError({ title: "Out of reach", status: 0, detail: "The server cannot be reached just now." });
}

/** The newest state that was seen. Drops what is older: an answer over HTTP may be overtaken by a frame. */
class Seen {
  constructor(options) {
    Object.assign(this, { options, report: null, model: null, blob: null, links: {}, isOver: false });
  }

  /**
   * The report with the links by which it can be followed. What is pushed names them without a token: whoever follows is
   * not given leave for longer than they have.
   */
  get followed() {
    return { ...this.report, _links: { ...this.report._links, ...this.links } };
  }

  /** @returns {boolean} whether `report` is at least as new as what was known */
  take(report, model) {
    const known = this.report?.version ?? 0;
    if (!(report?.version >= known)) return false;
    const isNews = report.version > known || (model && !this.model);
    for (const name of ["ws", "events"]) {
      const link = report._links?.[name];
      if (link && (!this.links[name] || link.href.includes("token="))) this.links[name] = link;
    }
    this.report = report;
    this.model = model ?? this.model;
    if (isNews) this.options.onProgress?.(report, this.model ?? undefined);
    return true;
  }
}
