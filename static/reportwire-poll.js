/**
 * Long polling: one plain request after another, each of which the server holds until there is something new. It
 * passes every proxy that passes anything.
 */

import { handOver, isTerminal } from "./reportwire-end.js";
import { ask } from "./reportwire-http.js";
import { Limit } from "./reportwire-pace.js";

const LONGEST_WAIT = 30;
const SHORTEST_WAIT = 5;
// The way there and back, for an answer that the server gives when the wait is over.
const GRACE = 10_000;
// An answer that says "nothing new" sooner than this was not held: by a server that drains, or that cannot wait.
const HELD = 1_000;

/**
 * Asks until the report has ended. Each question is for the record itself, so an answer that is lost costs no more than
 * the next one.
 *
 * @returns {Promise<import("./reportwire-ladder.js").End>} how it ended
 */
export async function poll(tools, options, pace, seen, url) {
  const line = { tools, options, seen, url, wait: LONGEST_WAIT, isUp: false };
  options.onState?.("connecting", { channel: "poll" });
  for (;;) {
    const { body, isUnchanged, wasHeld, isBack, retryAfterMs } = await look(line);
    if (body) options.onFrame?.({ type: "report", report: body }, false);
    if (seen.take(body)) pace.reset();
    if (isTerminal(seen.report)) return { heard: true, result: await handOver(tools, options, seen, url) };
    if (body || wasHeld) continue;
    if (isBack) {
      pace.reset();
      continue;
    }
    // A proxy that gives up sooner than we do is asked for less.
    if (!isUnchanged) line.wait = Math.max(SHORTEST_WAIT, Math.floor(line.wait / 2));
    await pace.wait(retryAfterMs ?? (isUnchanged ? HELD : undefined));
    line.isUp = false;
    options.onState?.("connecting", { channel: "poll" });
  }
}

/** Asks once. */
async function look(line) {
  const { tools, options, seen, url, wait } = line;
  const limit = new Limit(tools, options, wait * 1000 + GRACE);
  let isHeld = false;
  const up = () => {
    if (!line.isUp) options.onState?.("connected", { channel: "poll" });
    line.isUp = true;
  };
  // Whoever holds a request has received it.
  const held = tools.setTimeout(() => ((isHeld = true), up()), HELD);
  const headers = { prefer: `wait=${wait}`, "if-none-match": `W/"${seen.report.version}"` };
  try {
    const answer = await ask(tools, { signal: limit.signal }, url, { headers });
    if (answer.body || answer.isUnchanged) up();
    return { ...answer, wasHeld: isHeld && answer.isUnchanged };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!limit.signal.aborted) throw error;
    return { isBack: limit.isBack };
  } finally {
    tools.clearTimeout(held);
    limit.end();
  }
}
