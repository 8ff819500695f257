/**
 * The controls of the form, one for each parameter. A field is its element and how to read what it holds.
 *
 * @typedef {{element: HTMLElement, read: () => any}} Field
 */

import { h } from "./dom.js";
import { date } from "./format.js";
import { boundsOf, choicesOf, kindOf, listText, valueOf } from "./order.js";
import { NoRows, rowsOf } from "./rows.js";

/** So few that they can all be seen at once. */
const FEW = 3;
const LEFT_OUT = "No choice";

/**
 * @param {string} name
 * @param {object} schema the JSON Schema of the parameter
 * @param {boolean} isRequired
 * @returns {Field}
 */
export function field(name, schema, isRequired) {
  const kind = kindOf(schema);
  const id = `param-${name}`;
  const start = schema.default ?? (isRequired ? schema.examples?.[0] : undefined);
  const hint = [schema.description, HINTS[kind]?.(schema)].filter(Boolean).join(" ");
  const about = { id, name, schema, start, isRequired, title: schema.title ?? name, canBeLeftOut: !isRequired && schema.default === undefined };
  const { control, entered } = CONTROLS[kind](about);
  return { element: framed(about, kind, control, hint), read: () => valueOf(schema, entered()) };
}

const HINTS = {
  number: (schema) => boundsOf(schema, (value) => value.toLocaleString(undefined, { useGrouping: value >= 10_000 })),
  date: (schema) => boundsOf(schema, date),
  list: (schema) => `One per line, or separated by commas. ${boundsOf(schema)}`.trim(),
};

const CONTROLS = {
  boolean: (about) => plain(h("input", { ...common(about), type: "checkbox", checked: about.start === true }), "checked"),
  // Not of type number: that one hides what it cannot read, and the server would call it missing.
  number: (about) => plain(input(about, { type: "text", inputmode: "decimal" })),
  text: (about) => plain(input(about, { type: "text" })),
  date: (about) => plain(input(about, { type: "date", min: about.schema.formatMinimum, max: about.schema.formatMaximum })),
  list: (about) => plain(h("textarea", { ...common(about), rows: "3", placeholder: listText(about.schema.examples?.[0]) }, listText(about.start))),
  choice: (about) => (choicesOf(about.schema).length <= FEW ? radios(about) : select(about)),
  choices: boxes,
};

const common = ({ id, name, isRequired }) => ({ id, name, "aria-required": isRequired && "true", autocomplete: "off" });
const input = (about, more) => h("input", { ...common(about), ...more, value: about.start ?? "", placeholder: about.schema.examples?.[0] });
const plain = (control, property = "value") => ({ control, entered: () => control[property] });

function select(about) {
  const { schema, start, canBeLeftOut } = about;
  const options = choicesOf(schema).map((value, i) => h("option", { value: String(i), selected: value === start }, String(value)));
  return plain(h("select", common(about), (canBeLeftOut || start === undefined) && h("option", { value: "" }, LEFT_OUT), options));
}

function radios({ id, name, schema, start, canBeLeftOut }) {
  const choices = choicesOf(schema).map((value, i) => ({ value: String(i), text: String(value), isChosen: value === start }));
  if (canBeLeftOut) choices.unshift({ value: "", text: LEFT_OUT, isChosen: start === undefined });
  return group("radio", id, name, choices, (chosen) => chosen[0] ?? "");
}

function boxes({ id, name, schema, start }) {
  const choices = choicesOf(schema.items).map((value, i) => ({ value: String(i), text: String(value), isChosen: start?.includes(value) }));
  return group("checkbox", id, name, choices, (chosen) => chosen);
}

function group(type, id, name, choices, read) {
  const inputs = choices.map(({ value, isChosen }) => h("input", { type, name, value, checked: isChosen }));
  const control = h("div", { class: "choices" }, inputs.map((input, i) => h("label", {}, input, choices[i].text)));
  return { control, entered: () => read(inputs.filter((input) => input.checked).map((input) => input.value)) };
}

/** The control with its name, its hint and room for a fault. A group of controls is a fieldset, which is named by its legend. */
function framed({ id, title, isRequired }, kind, control, hint) {
  const isGroup = control.matches("div");
  const mayStay = !isRequired && kind !== "boolean" && h("span", { class: "soft" }, " optional");
  const help = hint && h("p", { class: "soft", id: `${id}-hint` }, hint);
  const fault = h("p", { class: "fault", id: `${id}-fault`, hidden: true });
  const described = [help?.id, fault.id].filter(Boolean).join(" ");
  if (isGroup) return h("fieldset", { class: "field", id, "aria-describedby": described }, h("legend", {}, title, mayStay), control, help, fault);
  control.setAttribute("aria-describedby", described);
  return h("div", { class: kind === "boolean" ? "field check" : "field" }, h("label", { for: id }, title, mayStay), control, help, fault);
}

/**
 * Rows that come with the request, as pasted text.
 *
 * @param {string} name
 * @returns {Field & {fault: () => string|null}} `read` gives the rows, if they can be read
 */
export function rowsField(name) {
  const id = `data-${name}`;
  const found = h("p", { class: "soft", id: `${id}-found`, "aria-live": "polite" });
  const area = h("textarea", { id, class: "rows", rows: "6", spellcheck: "false", "aria-required": "true",
    "aria-describedby": `${id}-found ${id}-fault`,
    placeholder: "Paste a table with a line of names above it, as from a spreadsheet or a CSV file, or a JSON array of objects" });
  // Read once for each text: the form asks at every key, and a pasted table can be long.
  let last = { text: null };
  const parsed = () => {
    if (last.text === area.value) return last;
    last = { text: area.value, rows: null, fault: null };
    try {
      last.rows = rowsOf(area.value);
    } catch (error) {
      if (!(error instanceof NoRows)) throw error;
      last.fault = error.message;
    }
    return last;
  };
  area.addEventListener("input", () => {
    const { rows, fault } = parsed();
    const columns = rows ? [...new Set(rows.slice(0, 50).flatMap(Object.keys))] : [];
    found.textContent = rows ? `${rows.length} ${rows.length === 1 ? "row" : "rows"}: ${columns.join(", ")}` : (fault ?? "");
  });
  const element = h("div", { class: "field" }, h("label", { for: id }, `Rows: ${name}`), area, found,
    h("p", { class: "fault", id: `${id}-fault`, hidden: true }));
  return { element, read: () => parsed().rows ?? undefined, fault: () => parsed().fault };
}
