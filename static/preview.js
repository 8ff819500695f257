/**
 * The finished file: its download link, the same report in other formats, and a look at it.
 */

import { h } from "./dom.js";
import { bytes } from "./format.js";
import { near } from "./reportwire-http.js";

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
  return h("div", { class: "downloads", lang: "en" },
    href && h("a", { id: "pdf-link", class: "button primary", href, download: true, type: "application/pdf" }, "Download PDF"),
    blob && h("span", { class: "soft" }, bytes(blob.size)),
    others.length > 0 && h("div", { class: "others", role: "group", "aria-label": "Other formats" }, others.map(alternate)));
}

/** What a browser shows by itself is opened; the rest is saved. */
function alternate({ href, type }) {
  const format = String(type).split(";")[0];
  const isShown = format === "text/html";
  const address = near(href, { server: location.origin });
  return h("a", { class: "button small", href: address, type, download: !isShown, target: isShown && "_blank" }, FORMATS[format] ?? format);
}

/** A fold with the file in it. The frame is made when it is opened: a viewer is heavy, and most people only download. */
export function preview(blob) {
  // Each blob URL holds its bytes until it is given back.
  if (shown) URL.revokeObjectURL(shown);
  shown = blob ? URL.createObjectURL(new Blob([blob], { type: "application/pdf" })) : null;
  const url = shown;
  const details = h("details", { id: "pdf-preview", class: "fold preview", lang: "en", hidden: !url }, h("summary", {}, "Preview the PDF"));
  details.addEventListener("toggle", () => details.append(h("iframe", { src: `${url}#navpanes=0&view=FitH`, title: "The finished PDF" })), { once: true });
  return details;
}
