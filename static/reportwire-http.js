/**
 * What the client asks over HTTP, where it asks, and how it learns that asking again is useless.
 */

import { Limit } from "./reportwire-pace.js";

// The longest silence before an answer that need not be waited for by the server.
const ANSWER_LIMIT = 10_000;

/** The report will not come: it failed, was cancelled, is gone, or was refused. */
export class ReportError extends Error {
  /**
   * @param {object} problem the members of an RFC 9457 problem
   * @param {object} [report] the last state of the report, if there is one
   */
  constructor(problem, report) {
    super(problem.detail || problem.title || "the report cannot be had");
    this.name = "ReportError";
    this.problem = problem;
    this.report = report;
  }
}

// What a server says when it is busy or on its way out. Other answers stay the same however often one asks.
const TRY_LATER = [408, 425, 429, 502, 503, 504];

/**
 * Asks once.
 *
 * @returns {Promise<{body?: any, isUnchanged?: boolean, retryAfterMs?: number}>} without a `body` and not unchanged: not
 *   now, try later
 * @throws {ReportError} what trying again cannot change
 */
export async function ask(tools, options, url, init = {}) {
  const { signal } = options;
  let answer;
  try {
    answer = await tools.fetch(url, { ...init, headers: { accept: "application/json", ...init.headers }, signal });
    // Inside the try: a connection that breaks within the body is as lost as one that never stood.
    if (answer.ok) return { body: await answer.json() };
  } catch {
    signal?.throwIfAborted();
    return {};
  }
  const isUnchanged = answer.status === 304;
  if (isUnchanged || TRY_LATER.includes(answer.status)) {
    const seconds = Number.parseFloat(answer.headers?.get("retry-after"));
    return { isUnchanged, ...(seconds >= 0 && { retryAfterMs: seconds * 1000 }) };
  }
  const problem = await answer.json().catch(() => ({}));
  throw new ReportError({ title: `The server answered ${answer.status}`, status: answer.status, ...problem });
}

/** Asks once, as `ask` does, but not for ever: a network that died without a word gives no answer, good or bad. */
export async function askInTime(tools, options, url) {
  const limit = new Limit(tools, options, ANSWER_LIMIT);
  try {
    return await ask(tools, { signal: limit.signal }, url);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!limit.signal.aborted) throw error;
    return {};
  } finally {
    limit.end();
  }
}

/** Where the server of `target` is: as told, else as its URL says, else where this page came from. */
export function originOf(target, options) {
  const href = target?._links?.self?.href ?? target;
  const isAbsolute = typeof href === "string" && /^https?:/.test(href);
  return (options.server ?? (isAbsolute ? new URL(href).origin : globalThis.location?.origin) ?? "").replace(/\/$/, "");
}

/** The URL of a report, which may be given as its id, its URL or the resource. */
export function reportUrl(target, options) {
  const name = target._links?.self?.href ?? target.id ?? target;
  if (/^(https?:|\/)/.test(name)) return near(name, options);
  return `${options.server}/api/v1/report/${encodeURIComponent(name)}`;
}

/**
 * Moves a link of ours to the server that the caller named. A report's links carry the name under which its
 * creator reached the server; whoever comes by another name (localhost, a tunnel) stays on that one, or the
 * browser would call it a foreign origin. A file that lies in a bucket stays there.
 */
export function near(href, options) {
  if (!href || !options.server) return href;
  const url = new URL(href, options.server);
  return url.pathname.startsWith("/api/v1/") ? options.server + url.pathname + url.search : url.href;
}

/**
 * The WebSocket of a report. With `keep` the server leaves the end of the talk to us: we ack first.
 *
 * @param {number} [since] a version that is known already and need not be sent again
 */
export function socketUrl(report, options, since) {
  const href = report._links?.ws?.href ?? `${reportUrl(report, options)}/ws`;
  const query = since === undefined ? { keep: 1 } : { keep: 1, since };
  return withQuery(near(href.replace(/^ws/, "http"), options), query).replace(/^http/, "ws");
}

/** The server-sent events of a report after the version `since`. */
export function eventsUrl(report, options, since) {
  const href = report._links?.events?.href ?? `${reportUrl(report, options)}/events`;
  return withQuery(near(href, options), { lastEventId: since });
}

function withQuery(href, query) {
  const url = new URL(href);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

/** A random UUID. `crypto.randomUUID` is missing on plain http, and a page in the local network is just that. */
export function uuid(tools) {
  const bytes = tools.crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** SHA-256 in hexadecimal, or undefined where the page is not a secure context and has no `crypto.subtle`. */
export async function digest(tools, blob) {
  if (!tools.crypto?.subtle) return undefined;
  return hex(new Uint8Array(await tools.crypto.subtle.digest("SHA-256", await blob.arrayBuffer())));
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * Shows who asks, to our server alone, and not where a link says it already.
 *
 * @returns {typeof fetch}
 */
function shown(fetch, { authorization, server }) {
  if (!authorization) return fetch;
  return async (url, init = {}) => {
    const { origin, searchParams } = new URL(url, server);
    const value = typeof authorization === "function" ? await authorization() : authorization;
    if (!value || searchParams.has("token") || origin !== new URL(server).origin) return fetch(url, init);
    return fetch(url, { ...init, headers: { ...init.headers, authorization: value } });
  };
}

/** The outside world as this client uses it; `options.tools` replaces any part. */
export function toolsOf({ tools, ...options }) {
  const { WebSocket, crypto } = globalThis;
  const all = {
    WebSocket,
    crypto,
    events: globalThis.addEventListener ? globalThis : undefined,
    random: Math.random,
    // Wrapped: called as methods of another object, the browser's own throw "Illegal invocation".
    fetch: (...args) => globalThis.fetch(...args),
    setTimeout: (...args) => globalThis.setTimeout(...args),
    clearTimeout: (timer) => globalThis.clearTimeout(timer),
    ...tools,
  };
  return { ...all, fetch: shown(all.fetch, options) };
}
