/**
 * Reads `text/event-stream` (WHATWG HTML, "Server-sent events") from the body of an answer.
 *
 * Not with `EventSource`: that one hides comments, the status and the moment at which the first byte comes, and
 * these tell a stream that lives from one that a proxy holds back.
 */

/**
 * @param {ReadableStream<Uint8Array>} body
 * @param {() => void} heard is called for every piece that arrives, whatever is in it
 * @yields {{event: string, data: string, id: string, retry?: number}} `event` is "message" unless named; a `retry`
 *   alone is an event "retry" without data
 */
export async function* eventsOf(body, heard) {
  const parser = new Parser();
  const text = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      // A stream that breaks has ended, too: what is cut off in the middle of an event is no event.
      const { value, done } = await reader.read().catch(() => ({ done: true }));
      if (done) return;
      heard();
      yield* parser.read(text.decode(value, { stream: true }));
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

export class Parser {
  constructor() {
    Object.assign(this, { rest: "", id: "", event: "", data: [] });
  }

  /** @returns {object[]} the events that `text` completes */
  read(text) {
    // A line may end with CRLF; whether an LF follows the last CR is not known before the next piece.
    const all = this.rest + text;
    const whole = all.endsWith("\r") ? all.slice(0, -1) : all;
    const lines = whole.split(/\r\n|\r|\n/);
    this.rest = lines.pop() + all.slice(whole.length);
    return lines.map((line) => this.line(line)).filter(Boolean);
  }

  line(line) {
    if (line === "") return this.dispatch();
    const [, name, value] = /^([^:]*)(?:: ?)?(.*)$/s.exec(line);
    if (name === "data") this.data.push(value);
    if (name === "event") this.event = value;
    if (name === "id" && !value.includes("\0")) this.id = value;
    if (name === "retry" && /^\d+$/.test(value)) return { event: "retry", data: "", id: this.id, retry: Number(value) };
    return null;
  }

  dispatch() {
    const { data, event, id } = this;
    Object.assign(this, { data: [], event: "" });
    return data.length ? { event: event || "message", data: data.join("\n"), id } : null;
  }
}
