/**
 * Which channel is used, and when the next one is. Down is the only way: a report is over before a network changes.
 *
 * @typedef {"websocket"|"sse"|"poll"} Channel
 *
 * @typedef {object} End how the use of a channel ended
 * @property {boolean} heard whether the server was heard on it
 * @property {boolean} [isMute] the server was to speak at once and did not in time
 * @property {boolean} [isBack] the network came back, and what was under way was given up for that
 * @property {boolean} [stale] the record may say more than the channel did
 * @property {object|null} [result] with one there is nothing left to wait for
 * @property {number} [retryAfterMs]
 * @property {number} [code] the close code of a socket
 */

import { Line } from "./reportwire-line.js";
import { listen } from "./reportwire-events.js";
import { poll } from "./reportwire-poll.js";

const CHANNELS = {
  websocket: (...all) => new Line(...all).run(),
  sse: listen,
  poll,
};
// One failure can be chance.
const PATIENCE = 2;

/**
 * The channels that may be used, in their order.
 *
 * @throws {TypeError} when `options.channels` names one that there is not, or none that this runtime has
 */
export function channelsOf(tools, { channels = Object.keys(CHANNELS) }) {
  const odd = channels.filter((name) => !Object.hasOwn(CHANNELS, name));
  if (odd.length) throw new TypeError(`no channel is called ${odd.join(", ")}; there are ${Object.keys(CHANNELS).join(", ")}`);
  const possible = channels.filter((name) => name !== "websocket" || tools.WebSocket);
  if (!possible.length) throw new TypeError(`channels: ${channels.join(", ") || "none"}; this runtime has none of them`);
  return possible;
}

export class Ladder {
  constructor(tools, options) {
    Object.assign(this, { rest: channelsOf(tools, options), failures: 0, hasWorked: false });
  }

  /** @returns {Channel} */
  get channel() {
    return this.rest[0];
  }

  /** Whether a report that has ended is better fetched than waited for. */
  get isDoubtful() {
    return this.failures > 0 || this.channel !== "websocket";
  }

  /** Uses the channel once. @returns {Promise<End>} */
  async use(...all) {
    const end = await CHANNELS[this.channel](...all, this.hasWorked);
    if (end.heard) Object.assign(this, { failures: 0, hasWorked: true });
    else if (!end.isBack) this.failures += end.isMute ? PATIENCE : 1;
    return end;
  }

  /** The server is out of reach altogether: that says nothing about the channel. */
  forgive() {
    this.failures = 0;
  }

  /** The server answers over HTTP. A channel that fails all the same is not let through. */
  descend() {
    if (this.failures < PATIENCE || this.rest.length === 1) return;
    this.rest.shift();
    Object.assign(this, { failures: 0, hasWorked: false });
  }
}
