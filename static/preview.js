/**
 * The finished file: its download link, the same report in other formats, and a look at it.
 */

import { h } from "/static/dom.js";
import { bytes } from "/static/format.js";
import { near } from "/static/reportwire-http.js";

const FORMATS = {
  "text/csv": "CSV",
  "text/html": "HTML",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
};

let shown = null;

/** Links of a completed report. `file` and `blob` come with its result; without them the resource's own link is used. */
export function downloads(report, { file, blob } = {}) {
  const here = { server: location.origin };
  const href = file ?? near(report._links?.download?.href ?? report.pdfUri, here);
  const others = [report._links?.alternate ?? []].flat();
  return h("p", { class: "downloads" },
    href && h("a", { id: "pdf-link", class: "button primary", href, download: true, type: "application/pdf" }, "Download PDF"),
    blob && h("span", { class: "soft" }, bytes(blob.size)),
    others.map(({ href: other, type }) => h("a", { href: near(other, here), type, download: true }, FORMATS[type] ?? type)));
}

/** A fold with the file in it. The frame is made when it is opened: a viewer is heavy, and most people only download. */
export function preview(blob) {
  // Each blob URL holds its bytes until it is given back.
  if (shown) URL.revokeObjectURL(shown);
  shown = blob ? URL.createObjectURL(new Blob([blob], { type: "application/pdf" })) : null;
  const url = shown;
  const details = h("details", { id: "pdf-preview", class: "fold preview", hidden: !url }, h("summary", {}, "Preview the PDF"));
  details.addEventListener("toggle", () => details.append(h("iframe", { src: `${url}#navpanes=0&view=FitH`, title: "The finished PDF" })), { once: true });
  return details;
}
