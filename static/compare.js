/**
 * The comparison: one report, followed in every way at once, so that all wait for the same moment.
 */

import { Clock, now } from "./clock.js";
import { makeWaysTable } from "./compare-table.js";
import { byId } from "./dom.js";
import { Meter } from "./meter.js";
import { isTerminal } from "./reportwire-end.js";
import { ReportError, ask, toolsOf, uuid } from "./reportwire-http.js";
import { authorization } from "./sign-in.js";
import { WAYS } from "./ways.js";

const SECONDS = 4;
// Whoever has not heard so long after the first one will not.
const PATIENCE = 15_000;
const LONGEST = 120_000;

const here = location.origin;

/** Asks for the report. */
async function order(clock) {
  const tools = toolsOf({ authorization, server: here });
  const after = now();
  const { body } = await ask(tools, {}, `${here}/api/v1/report`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": uuid(tools) },
    body: JSON.stringify({ reportType: "SLOW_ROAST", seconds: SECONDS }),
  });
  if (!body) throw new ReportError({ title: "Out of reach", status: 0, detail: "The server cannot be reached just now." });
  clock.learn(body.createdAt, { after, before: now() });
  return body;
}

/**
 * Runs it.
 *
 * @param {(runs: object[]) => void} draw sees all runs whenever there may be something new
 * @returns {Promise<{runs: object[], clock: Clock, first: number, done: number}>} moments in ms on this page's clock
 */
async function race(draw) {
  const clock = new Clock();
  const report = await order(clock);
  const late = new AbortController();
  let timer = setTimeout(() => late.abort(), LONGEST);
  let end = null;
  const runs = WAYS.map((way) => ({ way, meter: new Meter(), knew: null, fault: null }));
  const saw = (run, state) => {
    const before = now();
    // Whatever a state tells of happened before it came here.
    for (const stamp of [state.startedAt, state.completedAt, state.delivery?.at]) clock.learn(stamp, { before });
    if (!isTerminal(state) || run.knew) return;
    const isFirst = !runs.some(({ knew }) => knew);
    run.knew = before;
    end = state.completedAt ?? end;
    if (!isFirst) return;
    clearTimeout(timer);
    timer = setTimeout(() => late.abort(), PATIENCE);
  };
  const started = runs.map(async (run) => {
    const trip = { report, meter: run.meter, signal: late.signal, saw: (state) => saw(run, state), server: here };
    // What a way cannot do is its result. A report that failed is heard of like any other.
    await run.way.run(trip).catch((error) => (run.fault = error));
  });
  const drawing = setInterval(() => draw(runs), 100);
  await Promise.all(started);
  clearInterval(drawing);
  clearTimeout(timer);
  const first = Math.min(...runs.map(({ knew }) => knew ?? Infinity));
  if (!end) throw new ReportError({ title: "Nobody heard of it", detail: "The report did not end in time, or no channel brought its end." });
  return { runs, clock, first, done: Math.min(clock.moment(end), first) };
}

/** The section of the page with its button. */
export function makeCompare({ showProblem, clearProblem, refresh }) {
  const button = byId("compare-run");
  const table = makeWaysTable(byId("compare-table"), WAYS);
  button.addEventListener("click", async () => {
    button.disabled = true;
    button.textContent = "Waiting for the report…";
    clearProblem();
    table.reset();
    byId("compare").dataset.state = "running";
    try {
      table.result(await race(table.progress));
      byId("compare").dataset.state = "done";
    } catch (error) {
      byId("compare").dataset.state = "failed";
      table.reset();
      const problem = error.problem ?? { title: "Something went wrong on this page", detail: String(error.message ?? error) };
      showProblem(problem, problem.errors ?? [], byId("compare-errors"));
    }
    button.disabled = false;
    button.textContent = "Run it again";
    refresh();
  });
}
