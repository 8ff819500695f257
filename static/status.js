/**
 * The card of the report that is being watched: bar, phase, time, connection, delivery.
 */

import { byId } from "./dom.js";
import { duration } from "./format.js";

const STATUS = { queued: "Queued", generating: "Working", completed: "Completed", failed: "Failed", cancelled: "Cancelled", expired: "Gone" };
const DELIVERY = {
  waiting: "Waiting",
  delivered: "Delivered",
  verified: "Verified",
  unclaimed: "Nobody came in time",
};
const CONNECTION = { creating: "Asking", connecting: "Connecting", connected: "Live", closed: "Closed" };
const FALLBACK = { sse: "Live by events", poll: "Live by long poll" };

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export function makeStatus() {
  const bar = byId("progress");
  let report = null;
  let since = null;
  let reconnectAt = null;
  let ticking = null;
  let lastSaid = "";

  const say = (text) => {
    if (text === lastSaid) return;
    lastSaid = text;
    byId("announce").textContent = text;
  };

  const tick = () => {
    const isOver = report?.completedAt && since !== null;
    const end = isOver ? Date.parse(report.completedAt) : Date.now();
    byId("elapsed").textContent = since === null ? "–" : duration(end - since);
    if (reconnectAt !== null) {
      const seconds = Math.ceil((reconnectAt - Date.now()) / 1000);
      byId("connection").textContent = seconds > 0 ? `Reconnecting in ${seconds} s` : "Reconnecting";
    }
  };
  const run = (isRunning) => {
    clearInterval(ticking);
    ticking = isRunning ? setInterval(tick, 100) : null;
    tick();
  };

  const drawBar = (percent, isUnknown) => {
    bar.dataset.unknown = isUnknown ? "yes" : "no";
    if (isUnknown) bar.removeAttribute("aria-valuenow");
    else bar.setAttribute("aria-valuenow", percent);
    byId("bar-fill").style.width = `${percent}%`;
  };

  return {
    say,
    begin(title, parameters) {
      report = null;
      since = Date.now();
      byId("run-title").textContent = title;
      byId("run-parameters").textContent = parameters;
      byId("phase").textContent = "Sending the request";
      byId("delivery").textContent = "–";
      drawBar(0, true);
      run(true);
    },
    /** @param {object} next the report  @param {number} [from] when this wait began here, in ms since 1970 */
    show(next, title, parameters, from) {
      report = next;
      since = next.completedAt ? Date.parse(next.startedAt ?? next.createdAt) : (from ?? Date.parse(next.createdAt));
      byId("run-title").textContent = title;
      byId("run-parameters").textContent = parameters;
      const isWorking = next.status === "generating";
      const percent = next.status === "completed" ? 100 : Math.round(next.progress?.percent ?? 0);
      const phase = isWorking && next.progress?.phase ? capital(next.progress.phase) : (STATUS[next.status] ?? next.status);
      byId("phase").textContent = isWorking && next.progress ? `${phase}, ${percent}\u00a0%` : phase;
      byId("delivery").textContent = DELIVERY[next.delivery?.state] ?? next.delivery?.state ?? "–";
      byId("delivery").dataset.delivery = next.delivery?.state ?? "";
      drawBar(percent, next.status === "queued" || (isWorking && !next.progress));
      say(phase);
      run(!next.completedAt);
    },
    connection(state, { inMs, channel } = {}) {
      document.body.dataset.connection = state;
      reconnectAt = state === "reconnecting" ? Date.now() + inMs : null;
      byId("connection").textContent = (state === "connected" && FALLBACK[channel]) || (CONNECTION[state] ?? "");
      if (state === "reconnecting") say("The connection is lost. Reconnecting.");
      tick();
    },
    stop: () => run(false),
  };
}
