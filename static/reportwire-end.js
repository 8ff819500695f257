/**
 * The end of a report as a client has it: what the caller gets, and the proof that it arrived.
 */

import { ReportError, ask, digest, near, reportUrl } from "./reportwire-http.js";
import { Limit } from "./reportwire-pace.js";

// The result waits no longer than this for the server to confirm that it knows of the delivery.
export const PROOF_LIMIT = 5_000;
const PROOF_DELAY = 500;

export const isTerminal = (report) => ["completed", "failed", "cancelled", "expired"].includes(report.status);

/** The error that a terminal state other than completed amounts to. */
export function endOf(report) {
  const problem =
    report.status === "expired"
      ? { type: "about:blank", title: "Gone", status: 410, detail: "The report has expired or was removed." }
      : { type: "about:blank", title: "Cancelled", status: 409, detail: "The report was cancelled." };
  return new ReportError(report.error ?? problem, report);
}

/**
 * What the caller gets of a report that has ended. Fetches the model when no frame brought it.
 *
 * @returns {Promise<object|null>} null when the model is out of reach just now
 * @throws {ReportError} when it ended otherwise than completed
 */
export async function resultOf(tools, options, seen) {
  const { report } = seen;
  if (report.status !== "completed") throw endOf(report);
  if (!seen.model) {
    const href = report._links?.model?.href ?? `${reportUrl(report, options)}/model`;
    const answer = await ask(tools, options, near(href, options));
    if (!answer.body) return null;
    seen.take(report, answer.body);
  }
  const file = near(report._links?.download?.href ?? report.pdfUri, options);
  if (options.verify && file && !seen.blob) {
    // Not being able to verify is no reason to withhold the report.
    const bytes = tools.fetch(file, { signal: options.signal }).then((answer) => (answer.ok ? answer.blob() : null));
    seen.blob = await bytes.catch(() => null);
    options.signal?.throwIfAborted();
  }
  return { report, model: seen.model, file, ...(seen.blob && { blob: seen.blob }) };
}

/** What the caller sends as proof: the version it holds and, of a file that it downloaded, the digest. */
export async function ackOf(tools, seen) {
  const sha256 = seen.blob && (await digest(tools, seen.blob));
  return { type: "ack", version: seen.report.version, ...(sha256 && { sha256 }) };
}

/** Whether the server has said that it knows of the delivery, as well as `ack` can prove it. */
export function isProved(report, ack) {
  const state = report.delivery?.state;
  return state === "verified" || (state === "delivered" && !ack.sha256);
}

/**
 * Hands over a report that has ended where no socket is at hand, and proves it over HTTP. As on a socket the report
 * comes first, and bad news is proved too.
 *
 * @returns {Promise<object|null>} null when the model is out of reach just now
 * @throws {ReportError} when it ended otherwise than completed
 */
export async function handOver(tools, options, seen, url) {
  const isGood = seen.report.status === "completed";
  const result = isGood ? await resultOf(tools, options, seen) : null;
  if (isGood && !result) return null;
  if (seen.report.status !== "expired") await prove(tools, options, seen, url);
  if (!isGood) throw endOf(seen.report);
  return { ...result, report: seen.report };
}

async function prove(tools, options, seen, url) {
  const ack = await ackOf(tools, seen);
  const { type: _, ...body } = ack;
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  options.onFrame?.(ack, true);
  const limit = new Limit(tools, options, PROOF_LIMIT);
  try {
    while (!limit.signal.aborted) {
      const answer = await ask(tools, { signal: limit.signal }, `${url}/ack`, init);
      if (answer.body) return void seen.take(answer.body);
      await limit.pause(answer.retryAfterMs ?? PROOF_DELAY);
    }
    options.signal?.throwIfAborted();
  } catch (error) {
    options.signal?.throwIfAborted();
    // The server does not accept our proof, or not in time. The report is here all the same.
    if (!(error instanceof ReportError || limit.signal.aborted)) throw error;
  } finally {
    limit.end();
  }
}
