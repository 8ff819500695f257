/**
 * From what stands in the form to the order that is sent. It does not judge: what is not a number where a
 * number belongs is sent as it was entered, and the server says what is wrong with it.
 */

/** The type of a value, without the null that may stand beside it. */
const typeOf = (schema) => [schema?.type].flat().find((type) => type !== "null");

/** The values of an enumeration; null for everything else. */
export const choicesOf = (schema) => schema?.enum?.filter((value) => value !== null) ?? null;

/**
 * Which control a parameter gets: `boolean`, `choice`, `choices` (several of an enumeration), `list` (several of
 * anything else), `number`, `date` or `text`.
 */
export function kindOf(schema) {
  if (choicesOf(schema)) return "choice";
  const type = typeOf(schema);
  if (type === "array") return choicesOf(schema.items) ? "choices" : "list";
  if (type === "integer" || type === "number") return "number";
  if (type === "boolean") return "boolean";
  return schema.format === "date" ? "date" : "text";
}

/**
 * The value of a parameter; undefined when it is left out.
 *
 * @param {object} schema
 * @param {string|boolean|string[]} entered what its control holds: text, whether it is checked, the position of the choice
 *   or, for several, their positions
 */
export function valueOf(schema, entered) {
  switch (kindOf(schema)) {
    case "boolean":
      return entered;
    case "choice":
      return entered === "" ? undefined : choicesOf(schema)[Number(entered)];
    case "choices":
      return listOf(schema, entered.map((position) => choicesOf(schema.items)[Number(position)]));
    case "list":
      return listOf(schema, items(entered).map((item) => single(schema.items, item)));
    default:
      return entered === "" ? undefined : single(schema, entered);
  }
}

/** Where there is a default, leaving a list out would bring it back; an empty one says that nothing is wanted. */
const listOf = (schema, list) => (list.length || schema.default?.length ? list : undefined);

/** One per line. A text of one line is separated at its commas. */
function items(text) {
  return text.split(/[\r\n]/.test(text) ? /[\r\n]+/ : ",").map((item) => item.trim()).filter((item) => item !== "");
}

/** What `items` reads back as these. */
export function listText(values = []) {
  const isPlain = values.every((value) => !/[,\n]/.test(value));
  return isPlain ? values.join(", ") : `${values.join("\n")}\n`;
}

function single(schema, text) {
  const type = typeOf(schema);
  if (type === "boolean") return { true: true, yes: true, false: false, no: false }[text.toLowerCase()] ?? text;
  if (type !== "integer" && type !== "number") return text;
  const number = Number(text);
  // Beyond that a number would be sent as another one than was entered.
  const isExact = Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number));
  return text.trim() !== "" && isExact ? number : text;
}

/** The bounds of a number or a day in words; empty when there are none. */
export function boundsOf(schema, written = String) {
  const of = schema.items ?? schema;
  const low = of.minimum ?? of.formatMinimum;
  const high = of.maximum ?? of.formatMaximum;
  if (low !== undefined && high !== undefined) return `From ${written(low)} to ${written(high)}.`;
  if (low !== undefined) return `At least ${written(low)}.`;
  return high !== undefined ? `At most ${written(high)}.` : "";
}
