/**
 * The look of a report on this page: its colours, as properties that the style sheets read.
 */

import { coloursOf } from "./colour.js";

/** As many series as a chart may have. */
const MOST_SERIES = 24;

export function wear(place, look) {
  const { accent, ink, series } = coloursOf(look);
  const set = (name, value) => (value ? place.style.setProperty(name, value) : place.style.removeProperty(name));
  set("--accent", accent);
  set("--accent-ink", ink);
  for (let index = 0; index < MOST_SERIES; index++) set(`--series-${index}`, series(index));
  place.dataset.rows = look.rows ?? "";
}

/** Gives an element of a chart, or of its legend, the colour of its series. */
export function colour(element, index) {
  element.style.setProperty("--series", `var(--series-${index % MOST_SERIES})`);
  return element;
}
