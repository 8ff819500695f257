/**
 * A problem document (RFC 9457), shown where it belongs.
 */

import { byId, h } from "./dom.js";

/**
 * @param {object} problem
 * @param {object[]} faults those of its `errors` that no field shows
 * @param {HTMLElement} place the element at whose end it is shown
 */
export function showProblem(problem, faults, place) {
  const error = byId("error");
  error.replaceChildren(h("div", {},
    h("b", {}, problem.title ?? "It did not work"),
    problem.detail && problem.detail !== problem.title && h("p", {}, problem.detail),
    faults.length > 0 && h("ul", {}, faults.map(({ pointer, detail }) => h("li", {}, h("code", {}, pointer ?? ""), ` ${detail ?? ""}`)))));
  if (place.id === "stage") byId("flow").after(error);
  else place.append(error);
  error.hidden = false;
}

export function clearProblem() {
  byId("error").hidden = true;
  byId("error").replaceChildren();
}
