/**
 * What the page itself says about a report: days, times and sizes, in the reader's own style.
 */

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
const decimal = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** A calendar day has no time zone: read as local time it would become the day before, west of Greenwich. */
export function date(value) {
  const time = Date.parse(`${String(value).slice(0, 10)}T00:00:00Z`);
  return Number.isNaN(time) ? String(value) : day.format(time);
}

/** 950 → "0.9 s", 61_000 → "1:01 min". */
export function duration(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 60) return `${(Math.floor(seconds * 10) / 10).toFixed(1)} s`;
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")} min`;
}

export function bytes(size) {
  return size < 1024 ? `${size} B` : size < 1024 ** 2 ? `${Math.round(size / 1024)} kB` : `${decimal.format(size / 1024 ** 2)} MB`;
}
