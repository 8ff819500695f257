/** What a report looks like, as far as it can be said without a browser: numbers, days, scales, colours, lines. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { coloursOf, contrast, seenOn } from "../../static/colour.js";
import { linesOf } from "../../static/lines.js";
import { isSafe } from "../../static/link.js";
import { makeLocale } from "../../static/locale.js";
import { linear, slices, stacked, stretches } from "../../static/scale.js";

// A day read as local time would be another one here.
process.env.TZ = "America/New_York";

/** Which space and which apostrophe it is depends on the release of CLDR. */
const plain = (text) => text.replace(/[\u00a0\u202f]/g, " ").replace("’", "'");

const MONEY = { type: "money", digits: 2 };
const day = (style, type = "date") => ({ type, style });

for (const [locale, currency, cell, format, text] of [
  ["en-GB", "EUR", null, MONEY, "–"],
  ["en-GB", "EUR", 1234.5, MONEY, "€1,234.50"],
  ["en-GB", "EUR", -1234.5, { type: "money", digits: 0 }, "−€1,235"],
  ["de-DE", "EUR", 1234.5, MONEY, "1.234,50 €"],
  ["de-DE", "no currency", 1234.5, MONEY, "1.234,50 no currency"],
  ["de-DE", undefined, 1234.5, MONEY, "1.234,50"],
  ["de-CH", "CHF", 12345, { type: "integer" }, "12'345"],
  ["en-GB", null, 4.3, { type: "integer" }, "4.3"],
  ["de-DE", null, 2.5, { type: "decimal", digits: 3 }, "2,500"],
  ["de-DE", null, 12.5, { type: "percent", digits: 1 }, "12,5 %"],
  ["en-GB", null, 12.5, { type: "percent", digits: 0 }, "13%"],
  ["en-GB", null, 2021, { type: "text" }, "2021"],
  ["en-GB", null, "2021", { type: "integer" }, "2021"],
  ["en-GB", null, { text: "here", href: "https://example.com" }, { type: "text" }, "here"],
  ["en-GB", null, "2021-01-31", day("short"), "31/01/2021"],
  ["en-GB", null, "2021-01-31", day("medium"), "31 Jan 2021"],
  ["en-GB", null, "2021-01-31", day("long"), "31 January 2021"],
  ["de-DE", null, "2021-01-31", day("full"), "Sonntag, 31. Januar 2021"],
  ["en-GB", null, "2021-01-31", day("month"), "January 2021"],
  ["de-DE", null, "2021-01-31", day("long"), "31. Januar 2021"],
  ["en-GB", null, "2021-01-31", day("iso"), "2021-01-31"],
  ["en-GB", null, "2021-01-31T08:15:00", day("medium", "dateTime"), "31 Jan 2021, 08:15"],
  ["en-GB", null, "2021-01-31 08:15:09", day("iso", "dateTime"), "2021-01-31, 08:15:09"],
  ["en-GB", null, "2021-01-31T08:15:00", day("medium"), "31 Jan 2021"],
  ["en-GB", null, "2021-01-31", day("medium", "dateTime"), "31 Jan 2021"],
  ["en-GB", null, "some day", day("medium"), "some day"],
  ["en-GB", null, "2021-02-31x", day("medium"), "2021-02-31x"],
  // Arabic digits and a Buddhist calendar are what these would have by themselves.
  ["ar-EG", null, 1234, { type: "integer" }, "1,234"],
  ["th-TH", null, "2021-01-31", day("month"), "มกราคม 2021"],
]) {
  test(`${JSON.stringify(cell)} as ${JSON.stringify(format)} is “${text}” in ${locale}`, () =>
    assert.equal(plain(makeLocale(locale, currency).cell(cell, format)), text));
}

test("a locale that is none falls back to the browser's own", () => {
  const own = Intl.NumberFormat().resolvedOptions().locale;
  const written = (tag) => makeLocale(tag).cell("2021-01-31", day("long"));
  for (const tag of ["not a locale", "", null, undefined]) assert.equal(written(tag), written(own));
});

test("an axis is written in few characters", () => {
  const locale = makeLocale("en-GB", "EUR");
  assert.equal(locale.tick(MONEY)(20_000).toLowerCase(), "€20k");
  assert.equal(locale.tick({ type: "percent" })(12.5), "12.5%");
  assert.equal(locale.tick({ type: "decimal", digits: 1 })(3 * 0.02), "0.06");
  assert.equal(locale.tick({ type: "integer" })(1250).toLowerCase(), "1.25k");
});

for (const [values, ticks] of [
  [[3, 7], [0, 2, 4, 6, 8]],
  [[-3, 7], [-5, -2.5, 0, 2.5, 5, 7.5]],
  [[0, 0], [0, 0.25, 0.5, 0.75, 1]],
  [[], [0, 0.25, 0.5, 0.75, 1]],
]) {
  test(`a scale for ${JSON.stringify(values)} has round steps and zero`, () => {
    const scale = linear(values);
    assert.deepEqual(scale.ticks, ticks);
    assert.deepEqual([scale.low, scale.high], [ticks[0], ticks.at(-1)]);
  });
}

test("a scale takes more values than a call takes arguments", () => assert.equal(linear(Array.from({ length: 300_000 }, (_, i) => i)).low, 0));

test("stacked values stand on each other above zero and hang below it", () =>
  assert.deepEqual(stacked([2, -1, null, 3, -4]), [
    { from: 0, to: 2 }, { from: 0, to: -1 }, { from: 2, to: 2 }, { from: 2, to: 5 }, { from: -1, to: -5 },
  ]));

test("a pie has slices for what there is, and they make one turn", () => {
  assert.deepEqual(slices([6, null, -5, 2, 0]), [{ index: 0, share: 0.75, from: 0, to: 0.75 }, { index: 3, share: 0.25, from: 0.75, to: 1 }]);
  assert.deepEqual(slices([0, null]), []);
});

test("a line is broken where nothing is known", () => {
  assert.deepEqual(stretches([1, 2, null, 3, null, null, 0]), [[0, 1], [3], [6]]);
  assert.deepEqual(stretches([null]), []);
});

test("the lines of a table come with the titles and the sums of its groups", () => {
  const sum = (cells) => ({ subtotals: cells });
  const lines = [...linesOf({
    rows: [["a"], ["b"], ["c"], ["d"]],
    groups: [
      { level: 0, title: "N", first: 0, rows: 3, ...sum([3]) },
      { level: 1, title: "K", first: 0, rows: 2, ...sum([2]) },
      { level: 1, title: "B", first: 2, rows: 1, ...sum([1]) },
      { level: 0, title: "S", first: 3, rows: 1, ...sum([1]) },
    ],
  })].map(({ kind, level, title, cells }) => `${kind} ${level} ${title ?? cells[0]}`);
  assert.deepEqual(lines, [
    "group 0 N", "group 1 K", "row 2 a", "row 2 b", "subtotals 1 K", "group 1 B", "row 2 c", "subtotals 0 N", "group 0 S", "row 1 d",
  ]);
  assert.deepEqual([...linesOf({ rows: [] })], []);
});

test("a colour stays as it is where it is seen, and is changed no more than it takes where it is not", () => {
  assert.equal(seenOn("#0a6b5b", "#f6f5f1", 3), "#0a6b5b");
  for (const ground of ["#f6f5f1", "#1b1c1a"]) {
    for (const colour of ["#ffffff", "#000000", "#ffff00", "#0000ff", "#808080", ground]) {
      assert.ok(contrast(seenOn(colour, ground, 4.5), ground) >= 4.5, `${colour} on ${ground}`);
    }
  }
});

test("a look gives each series a colour of its own", () => {
  const distinct = (look, many) => new Set(Array.from({ length: many }, (_, i) => coloursOf(look).series(i))).size;
  assert.equal(distinct({}, 9), 9);
  assert.equal(distinct({ accent: "#1f4e79" }, 18), 18);
  assert.equal(distinct({ palette: ["#1f4e79", "#d0782a"] }, 4), 4);
  assert.equal(coloursOf({}).accent, undefined, "the page keeps its own");
  assert.equal(coloursOf({ accent: "red; }" }).accent, undefined, "what is no colour never reaches a style");
});

for (const [href, expected] of [
  ["https://example.com", true], ["http://example.com/a?b#c", true], ["mailto:a@example.com", true], ["HTTPS://EXAMPLE.COM", true],
  ["javascript:alert(1)", false], [" javascript:alert(1)", false], ["java\nscript:alert(1)", false], ["data:text/html,x", false],
  ["/path", false], ["", false], [undefined, false], [null, false],
]) {
  test(`${JSON.stringify(href)} ${expected ? "is" : "is not"} a link`, () => assert.equal(isSafe(href), expected));
}
