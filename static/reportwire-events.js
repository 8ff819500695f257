/**
 * One stream of server-sent events of a report, for networks that let no WebSocket through.
 */

import { handOver, isTerminal } from "./reportwire-end.js";
import { ReportError, eventsUrl } from "./reportwire-http.js";
import { Limit } from "./reportwire-pace.js";
import { eventsOf } from "./reportwire-sse.js";

// The server writes at once. Whoever hears nothing for so long sits behind a proxy that collects before it passes on.
const FIRST_WORD_LIMIT = 5_000;
// Two heartbeats of 15 s and a little.
const SILENCE_LIMIT = 40_000;

/**
 * Listens until the report has ended or the stream has.
 *
 * @returns {Promise<import("./reportwire-ladder.js").End>} how it ended
 */
export async function listen(tools, options, pace, seen, url) {
  options.onState?.("connecting", { channel: "sse" });
  const limit = new Limit(tools, options, FIRST_WORD_LIMIT);
  const end = { heard: false };
  const heard = () => {
    if (!end.heard) options.onState?.("connected", { channel: "sse" });
    end.heard = true;
    limit.heard(SILENCE_LIMIT);
  };
  try {
    const body = await open(tools, seen, limit, options, end);
    for await (const event of body ? eventsOf(body, heard) : []) {
      if (event.event === "retry") end.retryAfterMs = event.retry;
      if (event.event === "error") complain(event, seen, end);
      if (event.event !== "report") continue;
      if (take(event, options, pace, seen)) {
        // The stream has said all that it had to say; its connection is free for the proof.
        limit.end();
        end.result = await handOver(tools, options, seen, url);
        return end;
      }
    }
  } finally {
    limit.end();
  }
  options.signal?.throwIfAborted();
  if (limit.isBack) pace.reset();
  const isMute = limit.isSilent && !end.heard;
  return { ...end, isMute, isBack: limit.isBack, ...(limit.isBack && { retryAfterMs: 0 }) };
}

/** @returns {Promise<ReadableStream|null>} the stream; null when there is none, for reasons that the record may know */
async function open(tools, seen, limit, options, end) {
  const init = { headers: { accept: "text/event-stream" }, cache: "no-store", signal: limit.signal };
  const answer = await tools.fetch(eventsUrl(seen.followed, options, seen.report.version), init).catch(() => null);
  const isStream = answer?.ok && /^text\/event-stream\b/.test(answer.headers.get("content-type") ?? "");
  if (isStream && answer.body) return answer.body;
  // Nothing follows what is known: the record says what that is.
  if (answer?.status === 204) Object.assign(end, { heard: true, stale: true });
  return null;
}

/** @returns {boolean} whether the report has ended */
function take({ data }, options, pace, seen) {
  const frame = parse(data);
  options.onFrame?.(frame, false);
  if (!seen.take(frame.report, frame.model)) return false;
  pace.reset();
  return isTerminal(seen.report);
}

function complain({ data }, seen, end) {
  const { type, problem, ...rest } = parse(data);
  // The link has run out: the record has a fresh one.
  if (rest.status === 403) Object.assign(end, { stale: true, retryAfterMs: 0 });
  if (rest.status === 404 || rest.status === 410) throw new ReportError({ type: problem ?? type, ...rest }, seen.report);
}

/** What an event holds, or nothing for what is not of this protocol: the next state makes up for it. */
function parse(text) {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
