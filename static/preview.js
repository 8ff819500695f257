/**
 * The finished file: its download link, the same report in other formats, and a look at it.
 */

import { h } from "./dom.js";
import { bytes } from "./format.js";
import { near } from "./reportwire-http.js";
import { askServer } from "./sign-in.js";

const FORMATS = {
  "text/csv": "CSV",
  "text/html": "HTML",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
};

let shown = null;

// A link lives for an hour unless the server is told otherwise. One that is older than this is fetched anew before it is used.
const FRESH = 5 * 60_000;

/** Links of a completed report. `file` and `blob` come with its result; without them the resource's own link is used. */
export function downloads(report, { file, blob } = {}) {
  const here = { server: location.origin };
  const href = file ?? near(report._links?.download?.href ?? report.pdfUri, here);
  const others = [report._links?.alternate ?? []].flat();
  return renewed(report, h("div", { class: "downloads", lang: "en" },
    href && h("a", { id: "pdf-link", class: "button primary", href, download: true, type: "application/pdf" }, "Download PDF"),
    blob && h("span", { class: "soft" }, bytes(blob.size)),
    others.length > 0 && h("div", { class: "others", role: "group", "aria-label": "Other formats" }, others.map(alternate))));
}

/** Whoever comes near to a link finds one that is good: it may have been there for long. */
function renewed(report, element) {
  let since = Date.now();
  const renew = async () => {
    if (Date.now() - since < FRESH) return;
    since = Date.now();
    const answer = await askServer(`/api/v1/report/${report.id}`, { cache: "no-store" }).catch(() => null);
    const fresh = answer?.ok ? await answer.json().catch(() => null) : null;
    const links = [fresh?._links?.download, fresh?._links?.alternate ?? []].flat().filter(Boolean);
    for (const anchor of element.querySelectorAll("a")) {
      const path = new URL(anchor.href).pathname;
      const link = links.find(({ href }) => new URL(href).pathname === path);
      if (link) anchor.href = near(link.href, { server: location.origin });
    }
  };
  for (const event of ["pointerenter", "focusin"]) element.addEventListener(event, renew);
  return element;
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
