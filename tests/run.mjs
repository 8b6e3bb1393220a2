// Runs every suite, shows what it prints, and ends with how many tests passed and failed in all.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const suites = [
  ["core and module, natively", "cargo", "test --package warded-core --package warded-hot --package warded-derive --package warded-js --features warded-core/audit,warded-core/derive"],
  // One package at a time: together their features would be united, and most of what is built would be built again.
  ["server", "cargo", "test --release --package warded"],
  ["conformance", "cargo", "test --release --package warded-conformance"],
  ["JavaScript runtimes", "node", "--test --test-reporter=tap tests/conformance/js/"],
  ["no standard library", "cargo", "test --package warded-no-std"],
  ["fuzz targets, bounded", "cargo", "test --package warded-fuzz -- --nocapture"],
  ["raw boundary under Miri", "node", "tests/miri.mjs"],
  ["build helper", "cargo", "test --release --package xtask"],
  ["differential", "node", "--test --test-reporter=tap tests/differential/"],
  ["npm package", "node", "--test --test-reporter=tap tests/package/"],
  ["edge", "node", "--test --test-reporter=tap tests/edge/"],
  ["contract, at random", "node", "--test --test-reporter=tap tests/http/schemathesis.test.mjs"],
  ["end to end", "node", "--test --test-reporter=tap tests/e2e/"],
];

/** What the closing lines of cargo's and Node's test runners say, as [passed, failed]. */
const closing = [
  [/^test result: \w+\. (\d+) passed; (\d+) failed/, (match) => [Number(match[1]), Number(match[2])]],
  [/^# pass (\d+)$/, (match) => [Number(match[1]), 0]],
  [/^# fail (\d+)$/, (match) => [0, Number(match[1])]],
  [/^# cancelled (\d+)$/, (match) => [0, Number(match[1])]],
];

/** A test that was skipped, and why. */
const skip = /# SKIP (.+)$/;

/** How many cases an implementation of the engine was asked. */
const asked = /^# (.+: \d+ cases)$/;

/** Runs one suite; a suite that ends badly without a failed test, or that ran no test, counts as one failure. */
async function run([name, command, args]) {
  console.log(`\n== ${name}: ${command} ${args}`);
  const child = spawn(command, args.split(" "), { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.on("close", resolve).on("error", () => resolve(1)));
  let [passed, failed] = [0, 0];
  const [skipped, notes] = [[], []];
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(line);
    const note = asked.exec(line);
    if (note) notes.push(note[1]);
    const why = skip.exec(line);
    if (why) {
      skipped.push(why[1]);
      // Rust's runner knows no skipped tests: it goes on to count this one as passed.
      if (command === "cargo") passed -= 1;
    }
    for (const [pattern, count] of closing) {
      const match = pattern.exec(line);
      if (!match) continue;
      const counted = count(match);
      passed += counted[0];
      failed += counted[1];
    }
  }
  const code = await ended;
  if (failed === 0 && (code !== 0 || passed + skipped.length === 0)) failed = 1;
  return { name, passed, failed, skipped, notes, seconds: 0 };
}

const results = [];
for (const suite of suites) {
  const start = performance.now();
  const result = await run(suite);
  results.push({ ...result, seconds: Math.round((performance.now() - start) / 1000) });
}

console.log("");
for (const { name, passed, failed, skipped, notes, seconds } of results) {
  console.log(`${failed === 0 ? "ok  " : "FAIL"} ${name}: ${passed} passed, ${failed} failed, ${skipped.length} skipped, ${seconds} s`);
  for (const note of notes) console.log(`     ${note}`);
  for (const why of skipped) console.log(`     skipped: ${why}`);
}
const sum = (count) => results.reduce((total, result) => total + count(result), 0);
const failed = sum((result) => result.failed);
console.log(`\n${sum((result) => result.passed)} passed, ${failed} failed, ${sum((result) => result.skipped.length)} skipped`);
process.exitCode = failed === 0 ? 0 : 1;
