/**
 * Servers as child processes: the program itself, and the example whose reports wait for a word.
 */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const TARGET = process.env.CARGO_TARGET_DIR ?? join(import.meta.dirname, "../../target");

function watched(kind, text) {
  const folder = join(TARGET, "watched", kind);
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, `browser-${process.pid}`), text);
}

/** A folder with a server's data that can be started, ended and started again on the same address. */
export class Server {
  /** @param {{slow?: boolean, args?: string[]}} options with `args` more of the command line */
  constructor({ slow = false, args = [] } = {}) {
    this.program = join(TARGET, "debug", slow ? "examples/slow_server" : "reportwire");
    if (!existsSync(this.program)) throw new Error(`${this.program} is missing; cargo build --bins --examples makes it`);
    this.folder = mkdtempSync(join(tmpdir(), "reportwire-browser-"));
    this.gate = join(this.folder, "gate");
    mkdirSync(this.gate);
    this.slow = slow;
    this.args = args;
    this.address = "127.0.0.1:0";
  }

  async start() {
    const data = join(this.folder, "data");
    const args = this.slow ? [this.address, data, this.gate] : ["--listen", this.address, "--data-dir", data, ...this.args];
    const log = openSync(join(this.folder, "log"), "a");
    const env = { ...process.env, REPORTWIRE_LOG: "debug,reportwire=trace" };
    this.child = spawn(this.program, args, { stdio: ["ignore", "pipe", log], env });
    this.exit = once(this.child, "exit");
    const lines = createInterface(this.child.stdout);
    const [line] = await Promise.race([once(lines, "line"), this.exit.then(() => ["nothing: it ended"])]);
    const [url] = line.match(/https?:\S+/) ?? [];
    if (!url) throw new Error(`the server said ${line}; see ${this.folder}/log`);
    this.url = url;
    // the next start is on the same address: a page looks for its server where it was
    this.address = url.split("://")[1];
    return this;
  }

  /** A key of this server. The first one closes its door, within a second. */
  async key(owner = "acme") {
    const folder = join(this.folder, "data");
    const args = ["key", "create", "--owner", owner, "--data-dir", folder];
    const key = execFileSync(join(TARGET, "debug/reportwire"), args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    while ((await fetch(`${this.url}/api/v1/report`)).status !== 401);
    watched("secrets", `${key}\n`);
    return key;
  }

  /** Writes a word into the gate: `percent`, `fail` or `go`. */
  say(word, text = "") {
    // moved into place, so that it is never read half-written
    writeFileSync(join(this.gate, `${word}.new`), text);
    renameSync(join(this.gate, `${word}.new`), join(this.gate, word));
  }

  unsay(word) {
    rmSync(join(this.gate, word), { force: true });
  }

  async end(signal) {
    this.child.kill(signal);
    return (await this.exit)[0];
  }

  async remove() {
    if (this.child && this.child.exitCode === null && this.child.signalCode === null) await this.end("SIGKILL");
    // searched for secrets when the whole run is over
    if (this.child) watched("logs", readFileSync(join(this.folder, "log")));
    rmSync(this.folder, { recursive: true });
  }
}
