// Child processes: what they print is collected, how they end is known, and none outlives the test.

import { spawn } from "node:child_process";
import { openSync } from "node:fs";

import { within } from "./deadline.mjs";

const alive = new Set();
process.on("exit", () => alive.forEach((child) => child.signal("SIGKILL")));

/** A process that runs while the test goes on. The environment holds only what is given, and `PATH`. */
export class Child {
  /** With `group`, signals reach its children too. With `log`, a file takes stderr. */
  constructor(command, args, { env = {}, cwd, input, log, group = false } = {}) {
    this.group = group;
    this.output = { stdout: [], stderr: [] };
    this.listeners = new Set();
    this.process = spawn(command, args, {
      cwd,
      env: { PATH: process.env.PATH, ...env },
      stdio: ["pipe", "pipe", log === undefined ? "pipe" : openSync(log, "a")],
      detached: group,
    });
    this.process.stdin.on("error", () => {});
    if (input !== undefined) this.process.stdin.end(input);
    alive.add(this);
    for (const name of ["stdout", "stderr"]) {
      this.process[name]?.on("data", (bytes) => {
        this.output[name].push(bytes);
        this.listeners.forEach((listener) => listener());
      });
    }
    // `close` comes after the last byte of output, `exit` may come before it.
    this.ended = new Promise((resolve) => {
      this.process.on("error", (error) => resolve({ code: null, signal: null, error }));
      this.process.on("close", (code, signal) => resolve({ code, signal }));
    }).then((end) => {
      alive.delete(this);
      this.end = end;
      this.listeners.forEach((listener) => listener());
      return end;
    });
  }

  get pid() {
    return this.process.pid;
  }
  get stdout() {
    return Buffer.concat(this.output.stdout).toString();
  }
  get stderr() {
    return Buffer.concat(this.output.stderr).toString();
  }

  signal(name) {
    if (!this.group) return void this.process.kill(name);
    try {
      process.kill(-this.pid, name);
    } catch {
      // All of the group have ended.
    }
  }

  write(text) {
    this.process.stdin.write(text);
  }

  /** How it ended; kills it and fails if it does not end in time. */
  async exit(ms = 20_000) {
    try {
      return await within(ms, "the end of the process", this.ended);
    } catch (error) {
      this.signal("SIGKILL");
      throw new Error(`${error.message}\n--- stdout\n${this.stdout}\n--- stderr\n${this.stderr}`);
    }
  }

  /** The first truthy answer of `look` at what has been printed; fails when the process ends without. */
  async printed(ms, what, look) {
    const found = new Promise((resolve, reject) => {
      const check = () => {
        const answer = look(this);
        if (answer) resolve(answer);
        else if (this.end) reject(new Error(`${what}: the process ended (${JSON.stringify(this.end)})\n${this.stderr}`));
        else return;
        this.listeners.delete(check);
      };
      this.listeners.add(check);
      check();
    });
    return within(ms, what, found);
  }
}

/** Runs a command to its end. */
export async function run(command, args, options = {}) {
  const child = new Child(command, args, { input: "", ...options });
  const { code, signal } = await child.exit(options.deadline);
  return { code, signal, stdout: child.stdout, stderr: child.stderr };
}
