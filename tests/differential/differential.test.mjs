// Native code, Wasm and a naive reference must give the same answer to the same call, for a million random calls.
//
// CASES and SEED in the environment set how many and which: the seed is printed, and with it a failure can be had again.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import test from "node:test";
import { native, wasm } from "./engines.mjs";
import { history } from "./generate/history.mjs";
import { answer } from "./reference/answer.mjs";

const CASES = Number(process.env.CASES ?? 1_000_000);
const SEED = Number(process.env.SEED ?? randomInt(2 ** 32));
const BATCH = 64;

/** The answer in one order of keys and of reasons, which mean the same in any order. */
function comparable(value) {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  const sorted = Object.keys(value).sort().map((key) => [key, comparable(value[key])]);
  const copy = Object.fromEntries(sorted);
  if (copy.reasons) copy.reasons.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return copy;
}

const text = (value) => JSON.stringify(comparable(value));

test(`${CASES} calls: native = Wasm = reference`, async (context) => {
  context.diagnostic(`seed ${SEED}`);
  const inWasm = wasm();
  const inNative = native();
  // A failure must end the test, and not leave it waiting for a child that waits for it.
  context.after(() => inNative.close());
  const encoder = new TextEncoder();
  const counts = {};
  let ran = 0;
  for (let number = 0; ran < CASES; number += BATCH) {
    const cases = [];
    for (let at = number; at < number + BATCH; at++) cases.push(...history(SEED, at, answer));
    const calls = cases.map(({ call }) => JSON.stringify(call));
    const answering = inNative.answer(calls);
    const wasmAnswers = calls.map((call) => inWasm(encoder.encode(call)));
    const nativeAnswers = await answering;
    for (const [index, { expected }] of cases.entries()) {
      assert.equal(nativeAnswers[index], wasmAnswers[index], `native and Wasm differ, seed ${SEED}: ${calls[index]}`);
      const given = JSON.parse(wasmAnswers[index]);
      const kind = given.error ? given.error.code : (given.decision ?? "settled");
      counts[kind] = (counts[kind] ?? 0) + 1;
      // The reference judges what is well formed; a policy that contradicts itself is refused by the loader.
      if (given.error?.code !== "contradiction" && text(given) !== text(expected)) {
        assert.deepEqual(comparable(given), comparable(expected), `seed ${SEED}, history ${number}: ${calls[index]}`);
      }
    }
    ran += cases.length;
  }
  assert.equal(await inNative.close(), 0);
  context.diagnostic(`${ran} calls: ${JSON.stringify(counts)}`);
  const share = (kind) => (counts[kind] ?? 0) / ran;
  // A generator that only ever denies would prove little.
  assert.ok(share("allow") > 0.1 && share("ask") > 0.01 && share("deny") > 0.1, JSON.stringify(counts));
  assert.ok(share("contradiction") < 0.1, JSON.stringify(counts));
});
