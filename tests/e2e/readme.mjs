// The README's tour and those of docs/, run as they stand: every fenced `sh` and `js` block, in order, in one shell and one folder.
//
// Comments before a block say what the reader would know without being told:
//   <!-- expect: TEXT -->      the block prints TEXT (several may stand before one block)
//   <!-- background: TEXT -->  the block keeps running once TEXT has appeared on its stdout, and the tour goes on
//   <!-- skip: REASON -->      the block is not run here

import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import net from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { BINARY, folder } from "./harness.mjs";
import { Child, run as runOnce } from "./process.mjs";

const FENCE = /^```(\w*)[^\n]*\n([\s\S]*?)^```/gm;
const MARK = /<!--\s*(expect|background|skip):\s*(.*?)\s*-->/g;

/** The blocks of a Markdown text, or of one section of it: `{ language, code, expect, background, skip, line }`. */
export function blocks(markdown, heading) {
  const [text, offset] = heading === undefined ? [markdown, 0] : section(markdown, heading);
  const found = [];
  let end = 0;
  for (const match of text.matchAll(FENCE)) {
    const [, language, code] = match;
    const marks = [...text.slice(end, match.index).matchAll(MARK)];
    const of = (kind) => marks.filter((mark) => mark[1] === kind).map((mark) => mark[2]);
    end = match.index + match[0].length;
    const line = markdown.slice(0, offset + match.index).split("\n").length;
    if (["sh", "js"].includes(language))
      found.push({ language, code, expect: of("expect"), background: of("background")[0], skip: of("skip")[0], line });
  }
  return found;
}

function section(markdown, heading) {
  const start = markdown.search(new RegExp(`^#+ ${heading}\\s*$`, "m"));
  if (start < 0) throw new Error(`no heading \`${heading}\``);
  const level = /^#+/.exec(markdown.slice(start))[0].length;
  const body = markdown.indexOf("\n", start);
  const rest = markdown.slice(body).search(new RegExp(`^#{1,${level}} `, "m"));
  return [rest < 0 ? markdown.slice(start) : markdown.slice(start, body + rest), start];
}

/** Runs blocks in one shell session in `cwd`; fails naming the line of the block that fails. Stops what it started. */
export async function tour(found, { cwd, env = {}, deadline = 60_000 }) {
  const shell = new Child("bash", ["--noprofile", "--norc"], { cwd, env: { HOME: cwd, ...env }, group: true });
  try {
    for (const [index, block] of found.entries()) {
      if (block.skip === undefined) await run(shell, block, index, cwd, deadline);
    }
  } finally {
    // What runs in the background, or hangs, belongs to the session and ends with it.
    shell.signal("SIGKILL");
    await shell.exit(10_000);
  }
}

async function run(shell, block, index, cwd, deadline) {
  const from = { stdout: shell.stdout.length, stderr: shell.stderr.length };
  const printed = () => shell.stdout.slice(from.stdout);
  const marker = `--warded-tour-${index}--`;
  const fail = (why) =>
    new Error(`block at line ${block.line}: ${why}\n${printed().replaceAll(marker, "")}\n${shell.stderr.slice(from.stderr)}`);
  shell.write(command(block, index, cwd, marker));
  let status;
  try {
    status = await shell.printed(deadline, marker, () => {
      if (block.background !== undefined && printed().includes(block.background)) return "0";
      const ended = new RegExp(`^${marker}(\\d+)$`, "m").exec(printed())?.[1];
      return block.background !== undefined && ended ? `${ended} too early` : ended;
    });
  } catch (error) {
    throw fail(error.message.split("\n")[0]);
  }
  if (status !== "0") throw fail(`exit ${status}`);
  for (const text of block.expect) if (!printed().includes(text)) throw fail(`did not print \`${text}\``);
}

/** What the shell is told: the block, then its exit status on a line of its own. */
function command({ language, code, background }, index, cwd, marker) {
  // The block's own standard input is empty: it must not read the rest of the tour.
  const report = `printf '\\n${marker}%d\\n' $?\n`;
  if (language === "sh") {
    if (background !== undefined) return `{ { ${code.trim()}\n}; ${report} } </dev/null &\n`;
    const file = join(cwd, `.tour-${index}.sh`);
    writeFileSync(file, code);
    return `. ${file} </dev/null\n${report}`;
  }
  const file = join(cwd, `tour-${index}.mjs`);
  writeFileSync(file, code);
  return `node ${file} </dev/null\n${report}`;
}

/** The repository's README. */
export const readme = () => readFileSync(new URL("../../README.md", import.meta.url), "utf8");

/** Where a tour runs: a clean copy with the binary in it, settings for a port that is free, since that of the text may be in use. */
export async function place() {
  const port = String(await freePort());
  const env = {
    NO_COLOR: "1",
    WARDED_LISTEN: `127.0.0.1:${port}`,
    WARDED_URL: `http://127.0.0.1:${port}`,
    WARDED_METRICS_LISTEN: "127.0.0.1:0",
    npm_config_prefer_offline: "true",
    npm_config_cache: await npmCache(),
  };
  return { port, env, cwd: cleanCopy() };
}

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
  const { stdout } = await runOnce("npm", ["config", "get", "cache"], { env: { HOME: process.env.HOME } });
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
  if (readFileSync(binary).length === 0) throw new Error(`${BINARY} is empty`);
  return copy;
}
