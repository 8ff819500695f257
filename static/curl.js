/**
 * The order in the form as a command line that does the same.
 */

import { byId } from "./dom.js";

/** A POSIX shell takes everything between single quotes as it is, except the single quote. */
export const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** With room after colon and comma, so that a narrow page can break the line there. */
const spaced = (order) => JSON.stringify(order, null, 1).replace(/\n\s*/g, " ");

/**
 * @param {object} order
 * @param {string} origin of the server
 */
export function curlCommand(order, origin) {
  const url = `${origin}/api/v1/report`;
  const rest = [
    "  | jq -r ._links.self.href",
    "  | xargs -I{} curl -sSf --retry 60 --retry-delay 1 --retry-all-errors -o report.pdf {}/pdf",
  ];
  // Rows can be longer than an argument may be. A document has no such limit, and JSON cannot end it: its line breaks
  // are escaped.
  if (order.data) return [`curl -sS ${url} --json @- <<'ORDER'`, ...rest].join(" \\\n").concat(`\n${JSON.stringify(order)}\nORDER`);
  return [`curl -sS ${url} --json ${quoted(spaced(order))}`, ...rest].join(" \\\n");
}

export function makeCurl(read) {
  const text = byId("curl-command");
  const button = byId("curl-copy");
  const fold = byId("curl");
  // Only for whoever looks: with pasted rows it is long.
  const draw = () => fold.open && (text.textContent = curlCommand(read(), location.origin));
  fold.addEventListener("toggle", draw);
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
