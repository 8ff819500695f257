/**
 * The small picture of what happens: POST, 201, WebSocket, push. A step lights up when it happens.
 */

import { byId } from "./dom.js";

const CHANNELS = { websocket: "WebSocket", sse: "Events", poll: "Long poll" };
const RESTING = { post: "the request", created: "kept for good", socket: "you listen", push: "it arrives" };

export function makeFlow() {
  const steps = Object.fromEntries([...byId("flow").children].map((item) => [item.dataset.step, item]));
  let postedAt = 0;
  let pushes = 0;

  const light = (name, mode, text) => {
    steps[name].dataset.lit = mode;
    if (text) steps[name].lastElementChild.textContent = text;
  };

  return {
    reset() {
      pushes = 0;
      postedAt = 0;
      for (const name of Object.keys(steps)) light(name, "no", RESTING[name]);
      steps.socket.firstElementChild.textContent = CHANNELS.websocket;
    },
    posting() {
      postedAt ||= performance.now();
      light("post", "now", "sending");
    },
    /** The report exists: just created, or known from before and followed. */
    exists() {
      if (steps.created.dataset.lit === "yes") return;
      light("post", "yes", postedAt ? "sent" : "earlier");
      light("created", "yes", postedAt ? `in ${Math.max(1, Math.round(performance.now() - postedAt))} ms` : "kept for good");
    },
    connection(state, { channel } = {}) {
      if (channel) steps.socket.firstElementChild.textContent = CHANNELS[channel];
      if (state === "connecting") light("socket", "now", "connecting");
      if (state === "connected") light("socket", "yes", "live");
      if (state === "reconnecting" && steps.created.dataset.lit === "yes") light("socket", "lost", "coming back");
      if (state === "closed" && steps.socket.dataset.lit === "yes") light("socket", "yes", "done");
    },
    pushed(isLast) {
      pushes += 1;
      light("push", isLast ? "yes" : "now", pushes === 1 ? "1 state" : `${pushes} states`);
    },
  };
}
