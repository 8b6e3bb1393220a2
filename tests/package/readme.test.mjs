// Every block of the package's README is run in the installed package, and prints what its comments say.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { installed, run } from "./project.mjs";

const readme = readFileSync(join(installed, "README.md"), "utf8");
const blocks = [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].map(([, language, code]) => ({ language, code }));
const programs = blocks.filter(({ language }) => language === "js");

/** What the comment behind each `console.log` promises. */
const promised = (code) => [...code.matchAll(/^\s*console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text);

test("every block is a program or the one command that installs the package", () => {
  const others = blocks.filter(({ language }) => language !== "js");
  assert.deepEqual(others, [{ language: "sh", code: "npm install warded\n" }]);
  assert.ok(programs.length >= 5);
});

for (const [index, { code }] of programs.entries()) {
  test(`block ${index + 1} prints what it says`, () => {
    assert.ok(promised(code).length > 0, "a block without a promise");
    assert.deepEqual(run(`readme-${index}.mjs`, code).trim().split("\n"), promised(code));
  });
}
