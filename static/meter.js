/**
 * Counts what a way of hearing costs: the requests that it makes and the bytes that they move, as far as a page can see.
 *
 * Bodies, messages and the headers of answers are counted as they are. A page is not shown what the browser adds to its requests,
 * nor the handshake of a socket; for these stand the sizes that a current browser sends.
 */

// Host, User-Agent, Sec-Fetch-…, Accept-Language and the like: 452 bytes of Chromium's on a short host name.
const ADDED = 450;
// What stands below the first line of a handshake, without its sub-protocol, and the whole answer to it.
const HANDSHAKE = 480;
const ACCEPTED = 199;
// "HTTP/1.1 200 OK", the space and the two line ends around headers and body.
const FIRST_LINE = " HTTP/1.1".length + 2 + 2;
// The end of a chunk, and of its length: one piece that is written is one chunk.
const CHUNK = 4;

const utf8 = new TextEncoder();
const size = (text) => utf8.encode(text).length;
const headersSize = (headers) => [...new Headers(headers)].reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);
/** The header of a WebSocket frame (RFC 6455, section 5.2); a client's has a mask. */
const frameSize = (payload, isSent) => payload + (payload < 126 ? 2 : payload < 65_536 ? 4 : 10) + (isSent ? 4 : 0);

export class Meter {
  requests = 0;
  sent = 0;
  received = 0;

  get bytes() {
    return this.sent + this.received;
  }

  /** What the client may use in place of the browser's own. */
  get tools() {
    return { fetch: (url, init) => this.fetch(url, init), WebSocket: metered(this) };
  }

  async fetch(url, init = {}) {
    const { pathname, search } = new URL(url, location.origin);
    this.requests += 1;
    this.sent += (init.method ?? "GET").length + 1 + pathname.length + search.length + FIRST_LINE;
    this.sent += headersSize(init.headers) + ADDED + size(init.body ?? "");
    const answer = await fetch(url, init);
    this.received += String(answer.status).length + answer.statusText.length + FIRST_LINE + headersSize(answer.headers);
    // A constructor would refuse even an empty body there.
    if (!answer.body || [204, 304].includes(answer.status)) return answer;
    const isChunked = !answer.headers.has("content-length");
    const count = (chunk) => (this.received += chunk.length + (isChunked ? chunk.length.toString(16).length + CHUNK : 0));
    const body = answer.body.pipeThrough(new TransformStream({ transform: (chunk, on) => (count(chunk), on.enqueue(chunk)) }));
    return new Response(body, answer);
  }
}

function metered(meter) {
  return class extends WebSocket {
    constructor(url, protocols = []) {
      super(url, protocols);
      const { pathname, search } = new URL(url);
      const protocol = [protocols].flat().reduce((sum, name) => sum + "sec-websocket-protocol: ".length + name.length + 2, 0);
      meter.requests += 1;
      meter.sent += "GET ".length + pathname.length + search.length + FIRST_LINE + HANDSHAKE + protocol;
      this.addEventListener("open", () => (meter.received += ACCEPTED + protocol));
      this.addEventListener("message", ({ data }) => (meter.received += frameSize(size(data), false)));
      // Each side says why in one frame: two bytes and a reason, which the other one sends back without it.
      this.addEventListener("close", ({ code, reason }) => {
        if (code === 1005 || code === 1006) return;
        meter.received += frameSize(2 + size(reason), false);
        meter.sent += frameSize(2, true);
      });
    }

    send(text) {
      meter.sent += frameSize(size(text), true);
      super.send(text);
    }
  };
}
