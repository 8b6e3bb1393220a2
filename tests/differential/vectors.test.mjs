// The reference itself, on the vectors that were written by hand: what agrees with the engine by mistake must not pass as right.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { answer } from "./reference/answer.mjs";

const vectors = (name) => JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8"));

/** Reasons in one order: which failed is promised, and not which is named first. */
const sorted = (decision) => ({
  ...decision,
  reasons: [...decision.reasons].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
});

/** The end of JavaScript's dates (ECMA-262, "Time Values and Time Range"), by which the reference counts months. */
const LAST_DATE = 8_640_000_000_000_000;

/** An empty or overlong chain is refused before anything is looked at; the reference has no such clause. */
const isOrdinary = ({ chain, request }) => chain.length >= 1 && chain.length <= 4 && request.now <= LAST_DATE;

for (const [file, list] of [["decide", "decisions"], ["quota", "decisions"], ["policy", "decisions"], ["ask", "cases"]]) {
  const cases = vectors(file)[list].filter((one) => isOrdinary(one) && one.answer);
  test(`the reference decides ${cases.length} cases of ${file}.json`, () => {
    assert.ok(cases.length > 10);
    for (const { id, chain, policy, request, answer: expected } of cases) {
      const given = answer({ op: "decide", chain, ...(policy ? { policy } : {}), request });
      assert.deepEqual(sorted(given), sorted(expected), `${file}.json #${id}`);
    }
  });
}

test("the reference settles the cases of quota.json", () => {
  const cases = vectors("quota").settlements;
  for (const { id, answer: expected, ...call } of cases) assert.deepEqual(answer({ op: "settle", ...call }).usage, expected.usage ?? expected, `quota.json #${id}`);
  assert.ok(cases.length > 10);
});
