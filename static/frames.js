/**
 * The log of frames as they are on the wire. JSON is laid out only for whom opens it.
 */

import { byId, h } from "./dom.js";
import { bytes } from "./format.js";

const KEPT = 200;
const CHANNELS = { websocket: "WebSocket", sse: "server-sent events", poll: "long poll" };
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });

function summary(frame) {
  if (frame.type === "report") {
    const { version, status, progress, delivery } = frame.report ?? {};
    const about = status === "generating" && progress ? `${progress.phase} ${progress.percent} %` : delivery?.state !== "waiting" ? delivery?.state : null;
    return [`v${version}`, status, about, frame.model && "with the model"].filter(Boolean).join(" · ");
  }
  if (frame.type === "closing") return `closing · come back in ${frame.retryAfterMs} ms`;
  if (frame.type === "ack") return [`ack v${frame.version}`, frame.sha256 && `sha256 ${frame.sha256.slice(0, 8)}…`].filter(Boolean).join(" · ");
  return [frame.type, frame.title].filter(Boolean).join(" · ");
}

export function makeFrames() {
  const log = byId("frames-log");
  let count = 0;

  const add = (direction, text, more) => {
    const time = h("time", {}, clock.format(Date.now()));
    const arrow = h("span", { class: "arrow", title: direction }, { sent: "↑", received: "↓", state: "·" }[direction],
      h("span", { class: "unseen" }, ` ${direction} `));
    log.append(h("li", { "data-direction": direction }, more ? folded([time, arrow, text], more) : h("div", {}, time, arrow, text)));
    while (log.childElementCount > KEPT) log.firstElementChild.remove();
  };

  return {
    reset() {
      count = 0;
      byId("frames-count").textContent = "0";
      log.replaceChildren();
    },
    frame(frame, isSent) {
      byId("frames-count").textContent = String(++count);
      add(isSent ? "sent" : "received", summary(frame), frame);
    },
    state(state, { channel, inMs, code }) {
      const why = [channel && CHANNELS[channel], inMs !== undefined && `in ${inMs} ms`, code && `closed with ${code}`].filter(Boolean).join(", ");
      add("state", [state, why].filter(Boolean).join(" · "));
    },
  };
}

function folded(line, frame) {
  const size = h("span", { class: "soft size" }, bytes(new TextEncoder().encode(JSON.stringify(frame)).length));
  const details = h("details", {}, h("summary", {}, ...line, size));
  details.addEventListener("toggle", () => details.append(h("pre", { tabindex: "0" }, JSON.stringify(frame, null, 2))), { once: true });
  return details;
}
