// The README's five-minute tour works as printed; and the runner that says so notices when one does not.

import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import net from "node:net";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { BINARY, folder } from "./harness.mjs";
import { run } from "./process.mjs";
import { blocks, readme, tour } from "./readme.mjs";

const fence = (language, code) => `\`\`\`${language}\n${code}\n\`\`\`\n`;
const runs = (markdown) => tour(blocks(markdown), { cwd: folder(), deadline: 10_000 });

describe("the runner", () => {
  test("takes the blocks of a section, with their marks", () => {
    const text = `# A\n${fence("sh", "echo 1")}## Tour\n<!-- expect: 2 -->\n<!-- expect: two -->\n${fence("sh", "echo 2 two")}text\n${fence("json", "{}")}${fence("js", "3")}## B\n${fence("sh", "no")}`;
    assert.deepEqual(blocks(text, "Tour"), [
      { language: "sh", code: "echo 2 two\n", expect: ["2", "two"], background: undefined, skip: undefined, line: 8 },
      { language: "js", code: "3\n", expect: [], background: undefined, skip: undefined, line: 15 },
    ]);
    assert.throws(() => blocks(text, "Absent"), /Absent/);
  });

  test("shares variables, folder and background processes between blocks", async () => {
    await runs(
      [
        fence("sh", "NAME=tour; export NAME; mkdir inside; cd inside"),
        "<!-- expect: from tour in inside -->",
        fence("sh", 'echo "from $NAME in $(basename $PWD)"'),
        "<!-- expect: node knows tour -->",
        fence("js", "console.log(`node knows ${process.env.NAME}`);"),
        "<!-- background: ready -->",
        fence("sh", "(echo ready; while [ ! -e stop ]; do read -t 0.05 </dev/zero; done; echo over >ended)"),
        fence("sh", "touch stop; wait; cat ended"),
        "<!-- skip: never here -->",
        fence("sh", "exit 9"),
      ].join("\n"),
    );
  });

  test("fails at the block that fails, and names its line", async () => {
    await assert.rejects(runs(`${fence("sh", "true")}\n${fence("sh", "false")}`), /line 5: exit 1/);
    await assert.rejects(runs(fence("js", "throw new Error('no');")), /line 1: exit 1/);
    await assert.rejects(runs(fence("sh", "exit 3")), /line 1: .*the process ended/);
    await assert.rejects(runs(`<!-- background: ready -->\n${fence("sh", "(exit 4)")}`), /line 2: exit 4 too early/);
    await assert.rejects(runs(`<!-- expect: b -->\n${fence("sh", "echo a")}`), /line 2: did not print `b`/);
    await assert.rejects(tour(blocks(fence("sh", "sleep 60")), { cwd: folder(), deadline: 300 }), /line 1: .*not within 300 ms/);
  });
});

describe("the five-minute tour", () => {
  test("works in a clean copy, block by block", { timeout: 180_000 }, async () => {
    // The port of the text may be somebody else's on this machine.
    const port = String(await freePort());
    const found = blocks(readme().replaceAll("8200", port), "Five minutes");
    assert.ok(found.filter((block) => block.skip === undefined).length >= 3, "the tour has blocks to run");
    const env = {
      NO_COLOR: "1",
      WARDED_LISTEN: `127.0.0.1:${port}`,
      WARDED_METRICS_LISTEN: "127.0.0.1:0",
      npm_config_prefer_offline: "true",
      npm_config_cache: await npmCache(),
    };
    await tour(found, { cwd: cleanCopy(), env, deadline: 120_000 });
  });
});

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** The tour has a home of its own; its packages may come from the cache that this suite's own packages came through. */
async function npmCache() {
  const { stdout } = await run("npm", ["config", "get", "cache"], { env: { HOME: process.env.HOME } });
  return stdout.trim();
}

/** What a reader has after building: the repository's text, the binary where the build leaves it, and the packed package. */
function cleanCopy() {
  const repository = fileURLToPath(new URL("../../", import.meta.url));
  const copy = folder();
  for (const name of ["README.md", "Makefile", "pkg", "js"]) {
    const from = join(repository, name);
    if (existsSync(from)) cpSync(from, join(copy, name), { recursive: true, filter: (path) => !path.includes("node_modules") });
  }
  const binary = join(copy, "target/release/warded");
  mkdirSync(dirname(binary), { recursive: true });
  symlinkSync(BINARY, binary);
  assert.ok(readFileSync(binary).length > 0);
  return copy;
}
