import assert from "node:assert/strict";
import { test } from "node:test";

import { Clock } from "../../static/clock.js";

const HOUR = 3_600_000;
const stamp = (ms) => new Date(ms).toISOString();

test("a moment of the server's is known as well as the stamps that were seen allow", () => {
  const clock = new Clock();
  clock.learn(stamp(HOUR + 10), { after: 0, before: 30 });
  assert.equal(clock.error, 15.5);
  // pushed: it was made before it came, and nothing says how long before
  clock.learn(stamp(HOUR + 100), { before: 102 });
  assert.equal(clock.error, 6.5);
  clock.learn(stamp(HOUR + 200), { after: 195 });
  assert.equal(clock.error, 4);
  const moment = clock.moment(stamp(HOUR + 300));
  assert.ok(Math.abs(moment - 300) <= clock.error, `${moment}`);
});

test("a stamp that tells less than what is known changes nothing, and one that is missing neither", () => {
  const clock = new Clock();
  clock.learn(stamp(1_000), { after: 998, before: 1_002 });
  const { error } = clock;
  clock.learn(stamp(5_000), { after: 4_000, before: 6_000 });
  clock.learn(null, { before: 1 });
  clock.learn(undefined, { before: 1 });
  assert.equal(clock.error, error);
});

test("what ended before it was known is never placed after that", () => {
  const clock = new Clock();
  clock.learn(stamp(50), { after: 0, before: 60 });
  clock.learn(stamp(1_000), { before: 980 });
  assert.ok(clock.moment(stamp(1_000)) <= 980 + 0.5, "to the half of a cut-off millisecond");
});
