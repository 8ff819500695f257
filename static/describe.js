/**
 * A report or an order in a few words: its title, and what it was asked for.
 */

import { date } from "./format.js";

/** Members of an order and of the resource that are not parameters. */
const OTHERS = new Set(["id", "reportType", "status", "completed", "version", "progress", "createdAt", "startedAt", "completedAt",
  "expiresAt", "delivery", "deliveries", "pdfUri", "error", "_links", "data", "deliver", "startWhen", "callbackUrl", "model"]);

/** The title of a report type. It may be a template; what is filled in later is left out here. */
export const titleOf = (type) =>
  (type.title ?? "").replace(/\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}/gs, "").replace(/\s+/g, " ").trim() || type.reportType;

/**
 * @param {object} report the resource, or the order for it
 * @param {object[]} types as `GET /api/v1/report-types` lists them
 * @returns {{title: string, parameters: string}}
 */
export function describe(report, types) {
  const type = types.find(({ reportType }) => reportType === report.reportType);
  const parameters = Object.entries(report)
    .filter(([name]) => !OTHERS.has(name))
    .map(([name, value]) => said(value, type?.parameters?.properties?.[name]?.title ?? name))
    .filter(Boolean);
  return { title: type ? titleOf(type) : report.reportType, parameters: parameters.join(" · ") };
}

/** Text speaks for itself; a number needs to be told of what, and a yes needs its question. */
function said(value, title) {
  if (value === null || value === false || value?.length === 0) return "";
  if (value === true) return title;
  const list = [value].flat();
  const text = list.slice(0, 5).map(written).join(", ") + (list.length > 5 ? ` and ${list.length - 5} more` : "");
  return list.every((item) => typeof item === "string") ? text : `${title} ${text}`;
}

function written(value) {
  // Below that it may be a year.
  if (typeof value === "number") return value.toLocaleString(undefined, { useGrouping: value >= 10_000, maximumFractionDigits: 20 });
  return /^\d{4}-\d\d-\d\d$/.test(value) ? date(value) : String(value);
}
