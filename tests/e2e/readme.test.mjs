// The README's five-minute tour works as printed; and the runner that says so notices when one does not.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { folder } from "./harness.mjs";
import { blocks, place, readme, tour } from "./readme.mjs";

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
    const { cwd, env, port } = await place();
    const found = blocks(readme().replaceAll("8200", port), "Five minutes");
    assert.ok(found.filter((block) => block.skip === undefined).length >= 3, "the tour has blocks to run");
    await tour(found, { cwd, env, deadline: 120_000 });
  });
});
