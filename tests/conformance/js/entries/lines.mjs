// Calls on standard input, answers on standard output.

import process from "node:process";

import { modules } from "./modules.mjs";
import { lines } from "./operations.mjs";

process.stdin.setEncoding("utf8");
let calls = "";
for await (const chunk of process.stdin) calls += chunk;
process.stdout.write(await lines(modules)(calls));
