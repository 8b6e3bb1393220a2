// The pages of docs/ that show commands are run as they stand, each in a folder and on a server of its own.

import { readFileSync } from "node:fs";
import { test } from "node:test";

import { blocks, place, tour } from "./readme.mjs";

const PAGES = ["rotation", "coming-from"];

for (const page of PAGES) {
  test(`docs/${page}.md works block by block`, { timeout: 120_000 }, async () => {
    const text = readFileSync(new URL(`../../docs/${page}.md`, import.meta.url), "utf8");
    const { cwd, env, port } = await place();
    await tour(blocks(text.replaceAll("8200", port)), { cwd, env: { ...env, WARDED_URL: `http://127.0.0.1:${port}` }, deadline: 60_000 });
  });
}
