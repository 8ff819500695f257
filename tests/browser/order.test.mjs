import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import { curlCommand } from "../../static/curl.js";
import { describe, titleOf } from "../../static/describe.js";
import { boundsOf, kindOf, listText, valueOf } from "../../static/order.js";
import { NoRows, rowsOf } from "../../static/rows.js";

const INTEGER = { type: "integer" };
const DECIMAL = { type: "number" };
const SHOPS = { type: "string", enum: ["Kraków", "Zürich"] };
const list = (items, more) => ({ type: "array", items, ...more });

for (const [schema, kind] of [
  [{ type: "string" }, "text"],
  [{ type: "string", format: "date" }, "date"],
  [INTEGER, "number"],
  [DECIMAL, "number"],
  [{ type: ["integer", "null"] }, "number"],
  [{ type: "boolean" }, "boolean"],
  [SHOPS, "choice"],
  [list(SHOPS), "choices"],
  [list(INTEGER), "list"],
]) {
  test(`${JSON.stringify(schema)} is entered as ${kind}`, () => assert.equal(kindOf(schema), kind));
}

for (const [schema, entered, value] of [
  [{ type: "string" }, "a, b", "a, b"],
  [{ type: "string" }, "", undefined],
  [{ type: "string", format: "date" }, "2021-01-31", "2021-01-31"],
  [INTEGER, "12", 12],
  [INTEGER, " 12 ", 12],
  [INTEGER, "1.5", 1.5],
  [INTEGER, "twelve", "twelve"],
  [INTEGER, "   ", "   "],
  [INTEGER, "9007199254740993", "9007199254740993"],
  [DECIMAL, "-0.25", -0.25],
  [DECIMAL, "1e3", 1000],
  [DECIMAL, "1e999", "1e999"],
  [DECIMAL, "", undefined],
  [{ type: "boolean" }, false, false],
  [SHOPS, "1", "Zürich"],
  [SHOPS, "", undefined],
  [list(SHOPS), ["0", "1"], ["Kraków", "Zürich"]],
  [list(SHOPS), [], undefined],
  [list(SHOPS, { default: ["Kraków"] }), [], []],
  [list(INTEGER), "2007, 2008,", [2007, 2008]],
  [list(INTEGER), "2007\r\n\n2008", [2007, 2008]],
  [list(INTEGER), "2007, x", [2007, "x"]],
  [list(INTEGER), " ", undefined],
  [list({ type: "string" }), "Paris, Texas\nRome", ["Paris, Texas", "Rome"]],
  [list({ type: "boolean" }), "yes, FALSE, maybe", [true, false, "maybe"]],
]) {
  test(`${JSON.stringify(entered)} in a field for ${JSON.stringify(schema)} is sent as ${JSON.stringify(value)}`, () =>
    assert.deepEqual(valueOf(schema, entered), value));
}

for (const values of [[], ["a"], ["a", "b"], ["Paris, Texas"], ["Paris, Texas", "Rome"]]) {
  test(`the list ${JSON.stringify(values)} is read back as it was written`, () =>
    assert.deepEqual(valueOf(list({ type: "string" }, { default: ["x"] }), listText(values)), values));
}

test("bounds are said in words", () => {
  assert.equal(boundsOf({ minimum: 1, maximum: 50 }), "From 1 to 50.");
  assert.equal(boundsOf({ minimum: 0 }), "At least 0.");
  assert.equal(boundsOf({ formatMaximum: "2021-01-31" }, (day) => `<${day}>`), "At most <2021-01-31>.");
  assert.equal(boundsOf(list({ minimum: 2007, maximum: 2009 })), "From 2007 to 2009.");
  assert.equal(boundsOf({}), "");
});

for (const [what, text, rows] of [
  ["nothing", " \n ", null],
  ["a JSON array", ' [{"a": 1}, {"a": "x"}]', [{ a: 1 }, { a: "x" }]],
  ["one JSON object", '{"a": 1}', [{ a: 1 }]],
  ["CSV", "item,price\nTea,1.5\n", [{ item: "Tea", price: 1.5 }]],
  ["CSV with CRLF and a byte order mark", "\ufeffitem,price\r\nTea,-2\r\n", [{ item: "Tea", price: -2 }]],
  ["what a spreadsheet copies", "item\tprice\nGreen, loose\t2", [{ item: "Green, loose", price: 2 }]],
  ["semicolons with a decimal comma", "item;price\nTea;1,50", [{ item: "Tea", price: 1.5 }]],
  ["tabs, where a comma may be anything", "item\tprice\nTea\t1,500", [{ item: "Tea", price: "1,500" }]],
  ["quoted cells", 'a,b\n"x, ""y""\nz","12"', [{ a: 'x, "y"\nz', b: "12" }]],
  ["empty cells", 'a,b,c\n1,,""', [{ a: 1, b: null, c: "" }]],
  ["a short row", "a,b\n1", [{ a: 1, b: null }]],
  ["a last cell that is empty at the end of the text", "a,b\n1,", [{ a: 1, b: null }]],
  ["empty lines", "a,b\n\n1,2\n\n", [{ a: 1, b: 2 }]],
  ["a single column", "a\n1\n2", [{ a: 1 }, { a: 2 }]],
  ["numbers that are names", "a,b,c\n007,1.2.3,12345678901234567890", [{ a: "007", b: "1.2.3", c: "12345678901234567890" }]],
]) {
  test(`rows are read from ${what}`, () => assert.deepEqual(rowsOf(text), rows));
}

for (const [what, text, message] of [
  ["broken JSON", '[{"a": 1]', /^it is not JSON/],
  ["JSON that is no object", "[{}, 1]", /^row 2 is not an object/],
  ["a line of names alone", "a,b\n", /no rows below/],
  ["a column without a name", "a,,c\n1,2,3", /no name/],
  ["two columns of one name", "a,a\n1,2", /two columns are called a/],
  ["more cells than columns", "a,b\n1,2,3", /row 1 has more cells/],
  ["an open quotation mark", 'a,b\n"1,2', /quotation mark/],
]) {
  test(`${what} is refused with a reason`, () =>
    assert.throws(() => rowsOf(text), (error) => error instanceof NoRows && message.test(error.message)));
}

const TYPES = [{
  reportType: "T",
  title: "Bill {{ number }}{% if draft %} (draft){% endif %}",
  parameters: { properties: { years: { title: "Years" }, draft: { title: "Draft" }, towns: { title: "Towns" } } },
}];

test("a title that is a template is shown without what is filled in later", () => {
  assert.equal(titleOf({ reportType: "T", title: "Rechnung {{ number }}" }), "Rechnung");
  assert.equal(titleOf({ reportType: "T", title: "{{ number }}" }), "T");
});

for (const [report, parameters] of [
  [{ years: [2007, 2008] }, "Years 2007, 2008"],
  [{ years: [] }, ""],
  [{ towns: ["Kiel", "Ulm"] }, "Kiel, Ulm"],
  [{ towns: ["1", "2", "3", "4", "5", "6", "7"] }, "1, 2, 3, 4, 5 and 2 more"],
  [{ draft: true }, "Draft"],
  [{ draft: false }, ""],
  [{ towns: null }, ""],
  [{ day: "2021-01-31" }, new Date(2021, 0, 31).toLocaleDateString(undefined, { dateStyle: "medium" })],
  [{ years: 250000 }, `Years ${(250000).toLocaleString()}`],
  [{ years: 2021 }, "Years 2021"],
  [{ data: { items: [] }, status: "queued", deliveries: [{ channel: "websocket" }], _links: {} }, ""],
]) {
  test(`${JSON.stringify(report)} is described as “${parameters}”`, () =>
    assert.equal(describe({ reportType: "T", ...report }, TYPES).parameters, parameters));
}

/** What a shell hands to curl: its arguments and its standard input. */
function asked(order) {
  const command = curlCommand(order, "http://h").split(" \\\n  | jq")[0];
  const rest = curlCommand(order, "http://h").includes("<<") ? curlCommand(order, "http://h").split("\n").slice(3).join("\n") : "";
  const script = `curl() { printf '%s\\n' "$@"; [ "$4" = "@-" ] && cat; true; }\n${command}\n${rest}`;
  return execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\n");
}

test("the curl line carries the order through a shell unharmed", () => {
  for (const text of ["it's", '"quoted" $HOME `date` \\n', "two\nlines"]) {
    const order = { reportType: "T", text, years: [1, 2], draft: true };
    const [, url, flag, json] = asked(order);
    assert.deepEqual([url, flag], ["http://h/api/v1/report", "--json"]);
    assert.deepEqual(JSON.parse(json), order);
  }
});

test("the curl line reads rows from its standard input", () => {
  const order = { reportType: "T", data: { items: [{ item: "it's $HOME\nORDER" }] } };
  const lines = asked(order);
  assert.equal(lines[3], "@-");
  assert.deepEqual(JSON.parse(lines[4]), order);
});
