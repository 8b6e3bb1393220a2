// The command line as a user has it: a folder of their own, a key in a file, and nothing else in the environment.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { folder, warded } from "./harness.mjs";

/** Commands to one server with one key. */
export class Commands {
  constructor(origin, key, { env = {}, cwd = folder() } = {}) {
    this.cwd = cwd;
    this.env = { WARDED_URL: origin, ...env };
    if (key !== undefined) {
      this.env.WARDED_KEY_FILE = join(cwd, "caller.key");
      writeFileSync(this.env.WARDED_KEY_FILE, `${key}\n`, { mode: 0o600 });
    }
  }

  /** How a command ended: `{ code, stdout, stderr }`. Its standard input is no terminal, and empty unless `input` is given. */
  run(args, { input = "", env = {} } = {}) {
    return warded(args, { cwd: this.cwd, env: { ...this.env, ...env }, input });
  }

  /** The output of a command that must succeed. */
  async done(args, options) {
    const result = await this.run(args, options);
    assert.equal(result.code, 0, `warded ${args.join(" ")}: ${result.code} ${result.stdout}\n${result.stderr}`);
    return result.stdout;
  }

  /** The document that a command prints for scripts. */
  async json(args, options) {
    return JSON.parse(await this.done([...args, "--json"], options));
  }

  /** A command that must end with `code` and say what `pattern` says, in one line on stderr and nothing on stdout. */
  async fails(args, code, pattern, options) {
    const result = await this.run(args, options);
    const what = `warded ${args.join(" ")}: ${result.code} ${result.stdout}\n${result.stderr}`;
    assert.equal(result.code, code, what);
    assert.equal(result.stdout, "", what);
    assert.match(result.stderr, /^warded: [^\n]+\n$/, what);
    assert.match(result.stderr, pattern, what);
    return result;
  }

  /** The file of this name in the user's folder. */
  file(name) {
    return join(this.cwd, name);
  }
}

/** A table as its rows: objects by the titles of the columns. Cells are two spaces or more apart. */
export function rows(text) {
  const [header, ...lines] = text.trimEnd().split("\n");
  const titles = [...header.matchAll(/\S+(?: \S+)*/g)];
  return lines.map((line) =>
    Object.fromEntries(titles.map((title, index) => [title[0], line.slice(title.index, titles[index + 1]?.index).trim()])),
  );
}

/** Fields shown one on a line. */
export function fields(text) {
  return Object.fromEntries(
    text
      .trimEnd()
      .split("\n")
      .map((line) => /^(\S+(?: \S+)*)(?:\s{2,}(.*))?$/.exec(line))
      .map(([, name, value]) => [name, value ?? ""]),
  );
}
