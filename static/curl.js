/**
 * The order in the form as a command line that does the same.
 */

import { byId } from "/static/dom.js";

/** A POSIX shell takes everything between single quotes as it is, except the single quote. */
const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** With room after colon and comma, so that a narrow page can break the line there. */
const spaced = (order) => JSON.stringify(order, null, 1).replace(/\n\s*/g, " ");

export const curlCommand = (order) =>
  [
    `curl -sS ${location.origin}/api/v1/report --json ${quoted(spaced(order))}`,
    "  | jq -r ._links.self.href",
    "  | xargs -I{} curl -sSf --retry 60 --retry-delay 1 --retry-all-errors -o report.pdf {}/pdf",
  ].join(" \\\n");

export function makeCurl(read) {
  const text = byId("curl-command");
  const button = byId("curl-copy");
  const draw = () => (text.textContent = curlCommand(read()));
  button.addEventListener("click", async () => {
    const isCopied = await copy(text);
    button.textContent = isCopied ? "Copied" : "Press Ctrl+C";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  draw();
  return { draw };
}

/** The clipboard is closed to pages on plain http. There the text is selected, one keystroke from copied. */
async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(element);
    return false;
  }
}
