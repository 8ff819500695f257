/**
 * The demo page: one report is watched at a time, and its id stands in the fragment of the URL. That is all a
 * closed tab, a reload or a restarted server needs to go on where it was.
 */

import { makeCompare } from "./compare.js";
import { makeCurl } from "./curl.js";
import { describe as describeWith } from "./describe.js";
import { byId } from "./dom.js";
import { makeFlow } from "./flow.js";
import { makeForm } from "./form.js";
import { makeFrames } from "./frames.js";
import { drawModel } from "./model.js";
import { downloads, preview } from "./preview.js";
import { clearProblem, showProblem } from "./problem.js";
import { makeRecent } from "./recent.js";
import { cancel, follow, request, retry } from "./reportwire.js";
import { askServer, authorization, makeSignIn } from "./sign-in.js";
import { makeStatus } from "./status.js";

const here = { server: location.origin, authorization };
const signIn = makeSignIn(() => (route(), offer()));
const flow = makeFlow();
const status = makeStatus();
const frames = makeFrames();
const recent = makeRecent(describe);
let form = null;
let types = []; // what can be asked for
let run = null; // what is being watched: { controller, report, from }

function describe(report) {
  return describeWith(report, types);
}

function setState(state) {
  document.body.dataset.state = state;
  byId("welcome").hidden = state !== "empty";
  byId("run").hidden = state === "empty" || state === "gone";
  byId("cancel").hidden = !["creating", "queued", "generating"].includes(state);
  byId("retry").hidden = !["failed", "cancelled"].includes(state);
  byId("submit").disabled = state === "creating" || !form;
  byId("submit").textContent = state === "creating" ? "Asking…" : "Get the report";
  document.title = { queued: "… ", generating: "… ", creating: "… ", completed: "✓ ", failed: "! " }[state]?.concat("reportwire") ?? "reportwire";
}

/** Stops watching whatever is watched. The work on that report goes on. */
function leave() {
  run?.controller.abort();
  run = null;
  status.stop();
  flow.reset();
  frames.reset();
  clearProblem();
  byId("result").hidden = true;
  byId("result").replaceChildren();
  status.connection("closed");
}

/**
 * Watches one report until its end.
 *
 * @param {(options: object) => Promise<object>} begin `request` or `follow`, with everything but the options
 * @param {object} known what is known of it already: its `title` and `parameters`, and perhaps its `id`
 */
async function watch(begin, known) {
  leave();
  const mine = (run = { controller: new AbortController(), id: known.id, from: known.from });
  const isMine = () => run === mine;
  status.begin(known.title, known.parameters);
  setState("creating");
  try {
    const result = await begin({
      ...here,
      verify: true,
      signal: mine.controller.signal,
      onProgress: (report, model) => isMine() && progressed(report, model),
      onState: (state, about) => isMine() && connected(state, about),
      onFrame: (frame, isSent) => isMine() && framed(frame, isSent),
    });
    if (isMine()) finished(result);
  } catch (error) {
    if (isMine()) ended(error);
  }
}

function progressed(report, model) {
  const isNew = run.report === undefined;
  const isEnd = report.status !== run.report?.status && ["completed", "failed", "cancelled"].includes(report.status);
  run.report = report;
  run.id = report.id;
  if (location.hash !== `#/report/${report.id}`) history.replaceState(null, "", `#/report/${report.id}`);
  const { title, parameters } = describe(report);
  flow.exists();
  status.show(report, title, parameters, run.from);
  setState(report.status === "expired" ? "gone" : report.status);
  if (model && !run.isDrawn) {
    run.isDrawn = true;
    draw(report, model);
  }
  if (isNew || isEnd) recent.refresh(report.id);
}

function connected(state, about) {
  status.connection(state, about);
  flow.connection(state, about);
  frames.state(state, about);
  if (state === "creating") flow.posting();
}

function framed(frame, isSent) {
  frames.frame(frame, isSent);
  if (!isSent && frame.type === "report") flow.pushed(frame.report?.completedAt);
}

/** The model is drawn the moment it is pushed; the file is checked behind it and then gets its preview. */
function draw(report, model) {
  const result = byId("result");
  drawModel(result, model);
  result.append(downloads(report), preview(null));
  result.hidden = false;
  status.say(`The report is here: ${model.title ?? ""}`);
  // Whoever has gone on to fill in the form keeps the focus.
  if (!byId("form").contains(document.activeElement)) byId("result-title").focus({ preventScroll: innerWidth > 900 });
}

function finished(result) {
  if (!run.isDrawn) draw(result.report, result.model);
  document.querySelector(".downloads")?.replaceWith(downloads(result.report, result));
  byId("pdf-preview").replaceWith(preview(result.blob));
}

function ended(error) {
  status.stop();
  status.connection("closed");
  if (error.name === "AbortError") return;
  const problem = error.problem ?? { title: "Something went wrong on this page", detail: String(error.message ?? error) };
  const { report } = run;
  if (error.report?.status === "cancelled") return recent.refresh(run.id);
  if (report && error.report?.status === "failed") return showProblem(problem, [], byId("run-errors"));
  if (problem.status === 404 || problem.status === 410) {
    setState("gone");
    showProblem({ ...problem, title: "This report is gone" }, [], byId("stage"));
    return recent.refresh(run.id);
  }
  if (problem.status === 401) signIn.ask();
  refused(problem, Boolean(run.id));
}

/** What was asked for cannot be had. With faults that have a field, the form shows them. */
function refused(problem, hasReport) {
  if (!hasReport) {
    run = null;
    flow.reset();
    setState("empty");
  }
  const rest = form ? form.showFaults(problem.errors) : [];
  showProblem(problem, rest, hasReport ? byId("run-errors") : byId("form-errors"));
}

/** What the form was refused for is put right, or something else is being asked for. */
function mended() {
  if (!byId("form").querySelector("[aria-invalid]") && byId("form-errors").contains(byId("error"))) clearProblem();
}

function ask(event) {
  event.preventDefault();
  const faults = form.faults();
  form.showFaults(faults);
  if (faults.length) return;
  const order = form.read();
  const { title, parameters } = describe(order);
  // The report that was shown stays one step back.
  if (location.hash) history.pushState(null, "", location.pathname);
  watch((options) => request(order, options), { title, parameters, from: Date.now() });
  byId("run-title").focus({ preventScroll: innerWidth > 900 });
}

async function stop() {
  const mine = run;
  if (!mine?.report) {
    leave();
    return setState("empty");
  }
  byId("cancel").disabled = true;
  await cancel(mine.report, here).catch((error) => showProblem(error.problem ?? { title: error.message }, [], byId("run-errors")));
  byId("cancel").disabled = false;
}

async function again() {
  const { report } = run;
  try {
    const queued = await retry(report, here);
    watch((options) => follow(queued, options), { ...describe(queued), id: queued.id, from: Date.now() });
    byId("run-title").focus({ preventScroll: true });
  } catch (error) {
    showProblem(error.problem ?? { title: error.message }, [], byId("run-errors"));
  }
}

function route() {
  const id = location.hash.match(/^#\/report\/(.+)$/)?.[1];
  if (id && id === run?.id) return;
  if (id) watch((options) => follow(decodeURIComponent(id), options), { title: "Report", parameters: "", id });
  else if (run?.id) {
    leave();
    setState("empty");
  }
  recent.refresh(id);
}

async function start() {
  byId("form").addEventListener("submit", ask);
  byId("cancel").addEventListener("click", stop);
  byId("retry").addEventListener("click", again);
  byId("skip").addEventListener("click", (event) => {
    // The fragment belongs to the report; a plain jump would overwrite it.
    event.preventDefault();
    byId("stage").focus();
  });
  addEventListener("hashchange", route);
  addEventListener("popstate", route);
  document.addEventListener("visibilitychange", () => document.hidden || recent.refresh(run?.id));
  makeCompare({ showProblem, clearProblem, refresh: () => recent.refresh(run?.id) });
  setState("empty");
  flow.reset();
  route();
  await offer();
}

/** Fetches what can be asked for. A page that is opened while the server restarts must not stay without a form. */
async function offer() {
  const reply = await askServer("/api/v1/report-types").catch(() => null);
  if (reply?.status === 401) return signIn.ask();
  const answer = reply?.ok ? await reply.json().catch(() => null) : null;
  if (!answer) return setTimeout(offer, 2000);
  types = answer.reportTypes ?? [];
  form = makeForm(byId("form"), types, () => (curl.draw(), mended()));
  const curl = makeCurl(form.read);
  byId("submit").disabled = document.body.dataset.state === "creating";
  if (run?.report) Object.assign(byId("run-title"), { textContent: describe(run.report).title });
  recent.refresh(run?.id);
}

start();
