/**
 * The form: made from the JSON Schema of each report type's parameters. It does not judge what is entered.
 * The server does, and names every fault at once.
 */

import { byId, h } from "/static/dom.js";

/**
 * @param {HTMLFormElement} form
 * @param {object[]} types as `GET /api/v1/report-types` lists them
 * @param {() => void} onChange
 */
export function makeForm(form, types, onChange) {
  const fields = byId("fields");
  const parameters = h("div", { class: "fields" });
  const description = h("p", { class: "soft", id: "type-description" });
  const picker = h("select", { id: "report-type", name: "reportType", "aria-describedby": description.id },
    types.map((type) => h("option", { value: type.reportType }, type.title ?? type.reportType)));

  const chosen = () => types.find((type) => type.reportType === picker.value);
  const schemas = () => Object.entries(chosen()?.parameters?.properties ?? {});
  const draw = () => {
    const required = new Set(chosen()?.parameters?.required);
    description.textContent = chosen()?.description ?? "";
    parameters.replaceChildren(...schemas().map(([name, schema]) => field(name, schema, required.has(name))));
  };

  // "input", not "change": it must come before the form hears of it and reads the new fields.
  picker.addEventListener("input", draw);
  form.addEventListener("input", (event) => (markValid(event.target), onChange()));
  fields.replaceChildren(h("div", { class: "field" }, h("label", { for: picker.id }, "Report"), picker, description), parameters);
  draw();

  return {
    /** The order as it stands in the form; what is left empty is left out. */
    read() {
      const order = { reportType: picker.value };
      for (const [name, schema] of schemas()) {
        const value = valueOf(byId(`param-${name}`), schema);
        if (value !== undefined) order[name] = value;
      }
      return order;
    },
    /** Shows faults beside their fields. @returns {object[]} those that belong to no field */
    showFaults(faults = []) {
      form.querySelectorAll("[aria-invalid]").forEach(markValid);
      const homeless = faults.filter(({ pointer, detail }) => !markFault(pointer, detail));
      form.querySelector("[aria-invalid]")?.focus();
      return homeless;
    },
    titleOf: (reportType) => types.find((type) => type.reportType === reportType)?.title ?? reportType,
    labelOf: (reportType, name) =>
      types.find((type) => type.reportType === reportType)?.parameters?.properties?.[name]?.title ?? name,
  };
}

/** The choices of an enumeration, each with the text that is shown; null for everything else. */
function choicesOf(schema) {
  if (schema.enum) return schema.enum.filter((value) => value !== null).map((value) => ({ value, text: String(value) }));
  if (schema.oneOf?.every((one) => "const" in one)) return schema.oneOf.map((one) => ({ value: one.const, text: one.title ?? String(one.const) }));
  return null;
}

const typeOf = (schema) => [schema.type].flat().find((type) => type !== "null");

function field(name, schema, isRequired) {
  const id = `param-${name}`;
  const input = control(id, name, schema, isRequired);
  const label = h("label", { for: id }, schema.title ?? name, !isRequired && typeOf(schema) !== "boolean" && h("span", { class: "soft" }, " optional"));
  const hint = schema.description && h("p", { class: "soft", id: `${id}-hint` }, schema.description);
  const fault = h("p", { class: "fault", id: `${id}-fault`, hidden: true });
  input.setAttribute("aria-describedby", [hint?.id, fault.id].filter(Boolean).join(" "));
  return h("div", { class: typeOf(schema) === "boolean" ? "field check" : "field" }, label, input, hint, fault);
}

function control(id, name, schema, isRequired) {
  const choices = choicesOf(schema);
  const start = schema.default ?? (isRequired ? schema.examples?.[0] : undefined);
  const common = { id, name, "aria-required": isRequired && "true" };
  if (choices) {
    return h("select", common,
      !isRequired && h("option", { value: "" }, "All"),
      choices.map(({ value, text }, i) => h("option", { value: String(i), selected: value === start }, text)));
  }
  if (typeOf(schema) === "boolean") return h("input", { ...common, type: "checkbox", checked: start === true });
  const isNumber = typeOf(schema) === "integer" || typeOf(schema) === "number";
  return h("input", {
    ...common,
    type: isNumber ? "number" : schema.format === "date" ? "date" : "text",
    value: start ?? "",
    placeholder: schema.examples?.[0],
    autocomplete: "off",
    min: schema.minimum ?? schema.formatMinimum,
    max: schema.maximum ?? schema.formatMaximum,
    step: typeOf(schema) === "number" ? "any" : null,
  });
}

function valueOf(input, schema) {
  if (input.type === "checkbox") return input.checked;
  if (input.value === "") return undefined;
  const choices = choicesOf(schema);
  if (choices) return choices[Number(input.value)].value;
  return input.type === "number" ? input.valueAsNumber : input.value;
}

function markFault(pointer, detail) {
  const name = String(pointer).split("/")[1]?.replaceAll("~1", "/").replaceAll("~0", "~");
  const input = name === "reportType" ? byId("report-type") : byId(`param-${name}`);
  const fault = byId(`param-${name}-fault`);
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
