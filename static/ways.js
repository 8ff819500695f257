/**
 * The ways in which a page can hear about a report. Each follows it from its 201 until it holds the model, and says what
 * it sees. The first three are the client's own channels.
 */

import { isTerminal } from "./reportwire-end.js";
import { ask, near, reportUrl, toolsOf } from "./reportwire-http.js";
import { follow } from "./reportwire.js";
import { authorization } from "./sign-in.js";

const EVERY = 1_000;

/**
 * @typedef {object} Trip
 * @property {object} report the resource that the 201 brought
 * @property {import("./meter.js").Meter} meter
 * @property {AbortSignal} signal
 * @property {(report: object) => void} saw is told each state, the moment that the page holds it
 * @property {string} server its origin
 */

/** @type {{name: string, title: string, about: string, run: (trip: Trip) => Promise<void>}[]} */
export const WAYS = [
  { name: "websocket", title: "WebSocket", about: "one connection, every state pushed, proof on the way back", run: by("websocket") },
  { name: "sse", title: "Server-sent events", about: "one answer that goes on; proof by a request", run: by("sse") },
  { name: "poll", title: "Long poll", about: "each request is held until there is news", run: by("poll") },
  { name: "interval", title: "Polling every second", about: "with an ETag, so that no news costs no body", run: everySecond },
  { name: "graphql", title: "GraphQL subscription", about: "just the fields one asks for, over a WebSocket", run: subscription },
];

function by(channel) {
  return ({ report, meter, signal, saw, server }) => {
    // What the channel itself brought: where it is not let through, the client learns the end from the record.
    const onFrame = (frame, isSent) => !isSent && frame.type === "report" && saw(frame.report);
    return follow(report, { server, authorization, tools: meter.tools, signal, onFrame, channels: [channel] });
  };
}

/** Begins at a moment of chance within the first second: otherwise the end would always fall on the same place between two looks. */
async function everySecond({ report, meter, signal, saw, server }) {
  const url = reportUrl(report, { server });
  let last = report;
  await pause(Math.random() * EVERY, signal);
  while (!isTerminal(last)) {
    const next = pause(EVERY, signal);
    next.catch(() => {}); // whoever no longer waits for it
    const headers = { "if-none-match": `W/"${last.version}"` };
    const { body } = await ask(toolsOf({ server, authorization, tools: meter.tools }), { signal }, url, { headers });
    last = body ?? last;
    saw(last);
    if (!isTerminal(last)) await next;
  }
  await fetchModel(last, { meter, signal, server });
}

async function fetchModel({ status, _links }, { meter, signal, server }) {
  if (status === "completed") await ask(meter.tools, { signal }, near(_links.model.href, { server }));
}

/** The protocol graphql-transport-ws, as far as one subscription needs it. */
function subscription(trip) {
  const { report, meter, signal, saw, server } = trip;
  const query = `subscription { report(id: "${report.id}") { status version model } }`;
  const socket = new meter.tools.WebSocket(`${server.replace(/^http/, "ws")}/graphql/ws`, "graphql-transport-ws");
  const say = (message) => socket.send(JSON.stringify(message));
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    socket.onopen = () => say({ type: "connection_init", payload: { authorization: authorization() } });
    socket.onclose = () => reject(new Error("the server has closed it"));
    socket.onmessage = ({ data }) => {
      const { type, payload } = JSON.parse(data);
      if (type === "connection_ack") say({ id: "1", type: "subscribe", payload: { query } });
      if (type === "ping") say({ type: "pong" });
      if (type === "error") reject(new Error(payload?.[0]?.message ?? "the server has refused it"));
      if (type !== "next" || !payload.data?.report) return;
      const { model, ...state } = payload.data.report;
      state.status = state.status.toLowerCase();
      saw(state);
      if (!isTerminal(state)) return;
      // A model that is too large to be pushed is fetched, as on every channel.
      const tools = toolsOf({ server, authorization, tools: meter.tools });
      const rest = model ? null : ask(tools, { signal }, reportUrl(report, { server })).then(({ body }) => body && fetchModel(body, trip));
      Promise.resolve(rest).then(resolve, reject);
    };
  }).finally(() => socket.close(1000));
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}
