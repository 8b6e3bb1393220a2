// Calls on standard input, answers on standard output.

const { readFileSync } = require("node:fs");

const { modules } = require("./modules.cjs");

import("./operations.mjs").then(async ({ lines }) => process.stdout.write(await lines(modules)(readFileSync(0, "utf8"))));
