/**
 * How values are written in the language, the region and the currency of one report.
 *
 *     (cell, format) ──makeLocale(model.locale, model.currency)──► text
 *
 * Formats are those of the model: `{type: "money", digits: 2}`, `{type: "date", style: "long"}` and so on.
 */

/** What stands where nothing is known. */
export const NOTHING = "–";

// Digits and calendar as in the PDF, whatever the locale would rather have.
const LATIN = { numberingSystem: "latn" };
const CALENDAR = { ...LATIN, calendar: "gregory", timeZone: "UTC" };

const DAYS = {
  short: { year: "numeric", month: "numeric", day: "numeric" },
  medium: { dateStyle: "medium" },
  long: { dateStyle: "long" },
  full: { dateStyle: "full" },
  month: { year: "numeric", month: "long" },
};

const DATE = /^\d{4}-\d\d-\d\d$/;
const DATE_TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d))?/;

/**
 * @param {string} [tag] as in `de-CH` (BCP 47); the browser's own language when it is none
 * @param {string} [currency] as in `EUR` (ISO 4217)
 */
export function makeLocale(tag, currency) {
  const locale = known(tag);
  const made = new Map();
  // Making an Intl object costs far more than using it, and a table uses one for each of its cells.
  const once = (key, make) => made.get(key) ?? made.set(key, make()).get(key);

  const number = (options) => {
    const format = new Intl.NumberFormat(locale, { ...LATIN, ...options });
    return (value) => format.format(value).replace("-", "−");
  };
  const money = (options) => {
    try {
      return number({ ...options, style: "currency", currency });
    } catch {
      // Not a code that Intl knows: the number with what the model says behind it.
      const plain = number(options);
      return (value) => [plain(value), currency].filter(Boolean).join("\u00a0");
    }
  };
  const numbers = {
    // The average of whole numbers need not be one.
    integer: () => number({ maximumFractionDigits: 1 }),
    decimal: (digits) => number(exactly(digits)),
    money: (digits) => money(exactly(digits)),
    // As a unit, not as a percent style: the model says 12.5 for 12.5 %, Intl's percent style would want 0.125.
    percent: (digits) => number({ style: "unit", unit: "percent", ...exactly(digits) }),
    // A number that says which and not how much, as a year does.
    text: () => number({ useGrouping: false, maximumFractionDigits: 6 }),
  };
  const write = (value, { type, digits = 2 } = {}) => {
    const kind = Object.hasOwn(numbers, type) ? type : "text";
    return once(`${kind} ${digits}`, () => numbers[kind](digits))(value);
  };

  const day = (text, style = "medium") => {
    const time = Date.parse(`${text}T00:00:00Z`);
    if (Number.isNaN(time) || !Object.hasOwn(DAYS, style)) return text;
    return once(`day ${style}`, () => new Intl.DateTimeFormat(locale, { ...CALENDAR, ...DAYS[style] })).format(time);
  };
  const dated = (text, { type, style }) => {
    if (DATE.test(text)) return day(text, style);
    const [, date, clock, seconds] = text.match(DATE_TIME) ?? [];
    if (!date) return text;
    const hasClock = type === "dateTime" && style !== "month";
    return hasClock ? `${day(date, style)}, ${clock}${seconds > 0 ? `:${seconds}` : ""}` : day(date, style);
  };

  return {
    /** A cell as a person reads it. */
    cell(value, format = {}) {
      if (value === null || value === undefined) return NOTHING;
      if (typeof value === "object") return String(value.text ?? "");
      if (typeof value === "number") return write(value, format);
      return format.type === "date" || format.type === "dateTime" ? dated(String(value), format) : String(value);
    },
    /** A function that writes the numbers of an axis, in few characters. */
    tick({ type } = {}) {
      // Steps of 0.02 and of 250,000 alike: what counts is how many digits differ from one to the next.
      const few = { maximumSignificantDigits: 4 };
      if (type === "percent") return number({ style: "unit", unit: "percent", ...few });
      const short = { notation: "compact", ...few };
      return type === "money" && currency ? money(short) : number(short);
    },
    /** A share of a whole: 0.125 is written as 12.5 %. */
    share: (part) => write(part * 100, { type: "percent", digits: 1 }),
    /** How many there are of something. */
    count: (many) => write(many, { type: "integer" }),
  };
}

const exactly = (digits) => ({ minimumFractionDigits: digits, maximumFractionDigits: digits });

/** The tag, if Intl takes it. */
function known(tag) {
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return undefined;
  }
}
