/**
 * When to try again, and when to stop waiting for an answer.
 */

const FIRST_DELAY = 250;
const LAST_DELAY = 10_000;

/** Spaces the tries: exponential with jitter, so that a thousand clients of a restarted server do not return as one. */
export class Pace {
  constructor(tools, options) {
    Object.assign(this, { tools, options, attempt: 0 });
  }

  reset() {
    this.attempt = 0;
  }

  async wait(askedForMs, code) {
    const { tools, options } = this;
    const ceiling = Math.min(LAST_DELAY, FIRST_DELAY * 2 ** this.attempt++);
    const inMs = askedForMs ?? Math.round(ceiling * (0.5 + tools.random() / 2));
    options.signal?.throwIfAborted();
    options.onState?.("reconnecting", { inMs, code });
    const over = new AbortController();
    try {
      await new Promise((resolve, reject) => {
        const timer = tools.setTimeout(resolve, inMs);
        over.signal.addEventListener("abort", () => tools.clearTimeout(timer));
        options.signal?.addEventListener("abort", () => reject(options.signal.reason), { signal: over.signal });
        tools.events?.addEventListener("online", () => (this.reset(), resolve()), { signal: over.signal });
      });
    } finally {
      over.abort();
    }
  }
}

/**
 * How long one exchange over HTTP may go on. Its `signal` ends with the caller's own, after too long a silence, or
 * when the network comes back: a connection from before may be dead and not know it.
 */
export class Limit {
  #exchange = new AbortController();
  #listening = new AbortController();
  #timer;
  isSilent = false;
  isBack = false;

  /** @param {number} ms the longest silence at first */
  constructor(tools, options, ms) {
    this.tools = tools;
    const here = { signal: this.#listening.signal };
    options.signal?.addEventListener("abort", () => this.end(), here);
    tools.events?.addEventListener("online", () => ((this.isBack = true), this.end()), here);
    this.heard(ms);
    if (options.signal?.aborted) this.end();
  }

  get signal() {
    return this.#exchange.signal;
  }

  /** Something came: from now on `ms` of silence are the limit. */
  heard(ms) {
    this.tools.clearTimeout(this.#timer);
    if (this.signal.aborted) return;
    this.#timer = this.tools.setTimeout(() => ((this.isSilent = true), this.end()), ms);
  }

  /** Resolves after `ms`, or when the exchange is over. */
  pause(ms) {
    return new Promise((resolve) => {
      const timer = this.tools.setTimeout(resolve, ms);
      const stop = () => (this.tools.clearTimeout(timer), resolve());
      this.signal.addEventListener("abort", stop, { once: true });
    });
  }

  /** Gives up what still goes on, and leaves nothing behind. */
  end() {
    this.tools.clearTimeout(this.#timer);
    this.#listening.abort();
    this.#exchange.abort();
  }
}
