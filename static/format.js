/**
 * Values of a report model as text, in the reader's own number style and the model's currency.
 */

const number = (options) => {
  const format = new Intl.NumberFormat(undefined, options);
  return (value) => format.format(value);
};

const integer = number({ maximumFractionDigits: 0 });
const decimal = number({ minimumFractionDigits: 1, maximumFractionDigits: 1 });
// As a unit, not as a percent style: the model says 12.5 for 12.5 %, Intl's percent style would want 0.125.
const percent = number({ style: "unit", unit: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });

function money(currency) {
  try {
    return number({ style: "currency", currency });
  } catch {
    // Not a code that Intl knows: the number with what the model says behind it.
    const plain = number({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
    return (value) => [plain(value), currency].filter(Boolean).join(" ");
  }
}

/**
 * A function `(value, kind) => text` for one model. Kinds are `text`, `integer`, `decimal`, `currency`
 * (also called `money`), `percent` (12.5 is 12.5 %) and `date`. A number without a kind is a decimal.
 */
export function formatter(currency) {
  const amounts = money(currency);
  const kinds = { integer, decimal, number: decimal, currency: amounts, money: amounts, percent };
  return (value, kind) => {
    if (value === null || value === undefined) return "";
    if (kind === "date") return date(value);
    const amount = asNumber(value);
    const isNumeric = kind in kinds || (kind === undefined && typeof value === "number");
    return isNumeric && amount !== null ? (kinds[kind] ?? decimal)(amount) : String(value);
  };
}

const isMoney = (kind) => kind === "currency" || kind === "money";

/** A short form for the axis of a chart. */
export function compact(currency, kind) {
  if (kind === "percent") return number({ style: "unit", unit: "percent" });
  const options = { notation: "compact", maximumFractionDigits: 1 };
  try {
    return number(isMoney(kind) && currency ? { ...options, style: "currency", currency } : options);
  } catch {
    return number(options);
  }
}

/** A decimal may come as text, so that no digit gets lost on the way; null for what is no number. */
export function asNumber(value) {
  const amount = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof amount === "number" && Number.isFinite(amount) ? amount : null;
}

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
  return size < 1024 ? `${size} B` : size < 1024 ** 2 ? `${Math.round(size / 1024)} kB` : `${decimal(size / 1024 ** 2)} MB`;
}
