/**
 * The server's clock as seen from here. Two clocks never agree; how far apart they may be is known from moments that the
 * server stamped after one of ours and before another.
 */

/** Now, in ms since 1970, on a clock that is never set back. */
export const now = () => performance.timeOrigin + performance.now();

// A stamp is cut off after the milliseconds: the moment itself lies up to this much later.
const CUT = 1;

export class Clock {
  // By how many ms the server's clock is ahead, at least and at most.
  #least = -Infinity;
  #most = Infinity;

  /**
   * Takes a stamp of the server's for what it says about its clock.
   *
   * @param {string} stamp RFC 3339
   * @param {{after?: number, before?: number}} here moments on our clock: it was made after the one and before the other
   */
  learn(stamp, { after = -Infinity, before = Infinity }) {
    const there = Date.parse(stamp);
    if (Number.isNaN(there)) return;
    this.#least = Math.max(this.#least, there - before);
    this.#most = Math.min(this.#most, there + CUT - after);
  }

  get #ahead() {
    return (this.#least + this.#most) / 2;
  }

  /** By how many ms a moment of the server's may lie elsewhere on our clock. */
  get error() {
    return Math.abs(this.#most - this.#least) / 2;
  }

  /** A moment of the server's on our clock. @param {string} stamp */
  moment(stamp) {
    return Date.parse(stamp) + CUT / 2 - this.#ahead;
  }
}
