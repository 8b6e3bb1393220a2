// The cases, as the Rust crate makes them of the vector files, those of the primitives, and what must be answered to them.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { isDeepStrictEqual } from "node:util";

import { repository } from "../../package/project.mjs";
import { derivations } from "./derivations.mjs";

/** Operations that the package does not offer; it reaches the same code through decisions, and draws its own randomness. */
const NOT_OFFERED = new Set(["contains", "mint_token", "narrows", "parse_address", "parse_network", "parse_path", "parse_ttl", "reseal", "verify_chain"]);

const CASES = ["run", "--quiet", "--release", "--package", "warded-conformance", "--bin", "cases"];
const printed = execFileSync("cargo", CASES, { cwd: repository, encoding: "utf8", maxBuffer: 2 ** 28 });

/** Every case that is put to the package. */
const cases = [...printed.trim().split("\n").map((line) => JSON.parse(line)).filter(isOffered).map(expectation), ...derivations];

/** All calls, one JSON text to a line. */
export const calls = cases.map(({ call }) => JSON.stringify(call)).join("\n");

/** The document boundary itself is not part of the package: there a call is a function, bytes are bytes, and some fields have a default. */
function isOffered({ id, call, package: own }) {
  return !id.startsWith("calls.json") && !NOT_OFFERED.has(call.op) && own !== null;
}

/** A call that the package refuses by its own contract is answered with the class that it throws. */
function expectation({ id, call, expected, package: own }) {
  return { id, call, expected: own === undefined ? expected : { error: { code: own } } };
}

/** Checks the answers, one JSON text to a line, and returns how many there are; all that differ are listed. */
export function check(text) {
  const answers = text.split("\n");
  assert.equal(answers.length, cases.length, "an answer for each call");
  const wrong = cases.flatMap(({ id, call, expected }, index) => {
    const answer = JSON.parse(answers[index]);
    const given = comparable(answer);
    return isDeepStrictEqual(given, expected) ? [] : [`${id}: ${JSON.stringify(call)}\n  expected ${JSON.stringify(expected)}\n  answered ${JSON.stringify(answer)}`];
  });
  assert.equal(wrong.length, 0, `${wrong.length} of ${cases.length} cases differ:\n${wrong.slice(0, 20).join("\n")}`);
  assert.ok(cases.length > 300, `only ${cases.length} cases`);
  return cases.length;
}

/** An answer without its prose. */
function comparable(answer) {
  if (Array.isArray(answer?.warnings)) return { warnings: answer.warnings.map(({ message, ...warning }) => warning) };
  if (answer?.error === undefined) return answer;
  const { code, field } = answer.error;
  return { error: field === undefined ? { code } : { code, field } };
}
