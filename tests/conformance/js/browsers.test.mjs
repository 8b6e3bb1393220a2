// The packed package answers every case in Chromium, after each bundler.

import { test } from "node:test";

import { builds } from "./drivers/build.mjs";
import { inChromium } from "./drivers/chromium.mjs";
import { calls, check } from "./suite.mjs";
import { areThere, chromium, library, program } from "./toolchain.mjs";

const BUNDLERS = [
  ["Vite", "vite", program("vite")],
  ["webpack", "webpack", library("webpack")],
  ["esbuild", "esbuild", program("esbuild")],
];

for (const [name, key, bundler] of BUNDLERS) {
  test(`Chromium answers every case as expected after a build by ${name}`, { timeout: 180_000 }, async (t) => {
    const tools = { chromium: chromium(), [key]: bundler, "playwright-core": library("playwright-core") };
    if (!areThere(t, tools)) return;
    const ran = check(await inChromium(tools, await builds[key](tools), calls));
    t.diagnostic(`Chromium (${tools.chromium.version}) after ${name} (${bundler.version}): ${ran} cases`);
  });
}
