/**
 * The form: a picker of report types, and the fields of the one that is picked. It does not judge what is
 * entered. The server does, and names every fault at once.
 */

import { titleOf } from "./describe.js";
import { byId, h } from "./dom.js";
import { field, rowsField } from "./fields.js";

/**
 * @param {HTMLFormElement} form
 * @param {object[]} types as `GET /api/v1/report-types` lists them
 * @param {() => void} onChange
 */
export function makeForm(form, types, onChange) {
  const parameters = h("div", { class: "fields" });
  const description = h("p", { class: "soft", id: "type-description" });
  const notice = h("p", { class: "soft notice", id: "type-problem", hidden: true });
  const picker = h("select", { id: "report-type", name: "reportType", "aria-describedby": `${description.id} ${notice.id}` },
    types.map((type) => h("option", { value: type.reportType }, titleOf(type))));
  let fields = {};
  let rows = {};

  const draw = () => {
    const type = types.find(({ reportType }) => reportType === picker.value);
    const required = new Set(type?.parameters?.required);
    description.textContent = type?.description ?? "";
    notice.hidden = !type?.problem;
    notice.textContent = type?.problem ? `Note: ${type.problem}.` : "";
    fields = mapped(Object.entries(type?.parameters?.properties ?? {}), ([name, schema]) => [name, field(name, schema, required.has(name))]);
    rows = mapped(type?.data ?? [], (name) => [name, rowsField(name)]);
    parameters.replaceChildren(...[...Object.values(fields), ...Object.values(rows)].map(({ element }) => element));
  };

  // "input", not "change": it must come before the form hears of it and reads the new fields.
  picker.addEventListener("input", draw);
  form.addEventListener("input", ({ target }) => (markValid(target.closest("fieldset") ?? target), onChange()));
  byId("fields").replaceChildren(h("div", { class: "field" }, h("label", { for: picker.id }, "Report"), picker, description, notice), parameters);
  draw();

  return {
    /** The order as it stands in the form; what is left empty is left out. */
    read() {
      const order = { reportType: picker.value, ...values(fields) };
      return Object.keys(rows).length ? { ...order, data: values(rows) } : order;
    },
    /** What cannot be sent at all, as faults. */
    faults: () => Object.entries(rows)
      .map(([name, { fault }]) => ({ pointer: `/data/${escaped(name)}`, detail: fault() }))
      .filter(({ detail }) => detail),
    /** Shows faults beside their fields. @returns {object[]} those that belong to no field */
    showFaults(faults = []) {
      form.querySelectorAll("[aria-invalid]").forEach(markValid);
      const homeless = faults.filter(({ pointer, detail }) => !markFault(pointer, detail));
      const first = form.querySelector("[aria-invalid]");
      (first?.matches("fieldset") ? first.querySelector("input") : first)?.focus();
      return homeless;
    },
  };
}

const mapped = (list, pair) => Object.fromEntries(list.map(pair));
const values = (fields) =>
  Object.fromEntries(Object.entries(fields).map(([name, { read }]) => [name, read()]).filter(([, value]) => value !== undefined));

// RFC 6901, section 3
const escaped = (name) => name.replaceAll("~", "~0").replaceAll("/", "~1");
const unescaped = (token) => token.replaceAll("~1", "/").replaceAll("~0", "~");

/** The field of a pointer such as `/shop` or `/data/items`. */
function idOf(pointer) {
  const [, first = "", second] = String(pointer).split("/").map(unescaped);
  if (first === "reportType") return "report-type";
  return first === "data" && second !== undefined ? `data-${second}` : `param-${first}`;
}

function markFault(pointer, detail) {
  const id = idOf(pointer);
  const input = byId(id);
  const fault = byId(`${id}-fault`);
  if (!input || !fault) return false;
  input.setAttribute("aria-invalid", "true");
  fault.textContent = [fault.textContent, detail].filter(Boolean).join(" · ");
  fault.hidden = false;
  return true;
}

function markValid(input) {
  const fault = byId(`${input.id}-fault`);
  input.removeAttribute("aria-invalid");
  if (fault) Object.assign(fault, { hidden: true, textContent: "" });
}
