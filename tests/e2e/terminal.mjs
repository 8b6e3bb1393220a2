// A command in a terminal: what is seen there, and what is typed.

import { BINARY } from "./binary.mjs";
import { until, within } from "./deadline.mjs";
import { run } from "./process.mjs";

// It comes compiled, for the machines that its maker knows.
const pty = await import("@lydell/node-pty").catch(() => undefined);
if (!pty && process.env.CI === "true") throw new Error("there is no @lydell/node-pty for this machine");
export const skip = pty ? false : "there is no @lydell/node-pty for this machine";

const alive = new Set();
process.on("exit", () => alive.forEach((terminal) => terminal.process.kill("SIGKILL")));

export const CTRL_C = "\u0003";
export const CTRL_D = "\u0004";

/**
 * Runs a command and says how it ended, and stays until it is killed: when the first process of a terminal ends, what nobody has read yet of
 * the last output can be lost. Ctrl-C is the command's alone.
 */
const STAYING = 'trap : INT; "$@"; printf "\\036%s\\036" "$?"; exec sleep 600';
const ENDED = /\u001e(\d+)\u001e/;

export class Terminal {
  /** Runs `warded`, or another command, in a terminal so wide. The environment holds only what is given, and what a terminal sets. */
  constructor(args, { command = BINARY, columns = 120, env = {}, cwd } = {}) {
    this.raw = "";
    this.listeners = new Set();
    const all = { PATH: process.env.PATH, TERM: "xterm-256color", ...env };
    this.process = pty.spawn("sh", ["-c", STAYING, "sh", command, ...args], { name: all.TERM, cols: columns, rows: 40, cwd, env: all });
    alive.add(this);
    this.ended = new Promise((resolve) => {
      this.process.onExit(() => resolve({ code: undefined }));
      this.process.onData((text) => {
        this.raw += text;
        const code = ENDED.exec(this.raw)?.[1];
        if (code !== undefined) resolve({ code: Number(code) });
        this.listeners.forEach((listener) => listener());
      });
    });
    this.ended.then((end) => {
      this.end = end;
      this.process.kill("SIGKILL");
      alive.delete(this);
      this.listeners.forEach((listener) => listener());
    });
  }

  /** Everything that was shown. */
  get text() {
    return this.raw.split("\u001e")[0];
  }

  /** Everything that was shown, line by line. */
  get lines() {
    return this.text.trimEnd().split("\r\n");
  }

  type(text) {
    this.process.write(text);
  }

  /** Waits until something was shown; what was shown before `from` does not count. */
  async shown(pattern, { from = 0, ms = 20_000 } = {}) {
    const found = new Promise((resolve, reject) => {
      const look = () => {
        const match = this.text.slice(from).match(pattern);
        if (match) resolve(match);
        else if (this.end) reject(new Error(`${pattern}: the command ended (${JSON.stringify(this.end)})\n${this.text}`));
        else return;
        this.listeners.delete(look);
      };
      this.listeners.add(look);
      look();
    });
    return this.#within(ms, String(pattern), found);
  }

  /** Waits until what is typed is not shown; it asks before that. */
  hides(ms = 20_000) {
    const flag = process.platform === "darwin" ? "-f" : "-F";
    return until(ms, "a terminal that does not echo", async () => / -echo /.test((await run("stty", [flag, this.process.ptsName, "-a"])).stdout));
  }

  /** How it ended: `{ code }`, for a signal as a shell tells it; kills it and fails if it does not end in time. */
  exit(ms = 20_000) {
    return this.#within(ms, "the end of the command", this.ended);
  }

  async #within(ms, what, promise) {
    try {
      return await within(ms, what, promise);
    } catch (error) {
      if (!this.end) this.process.kill("SIGKILL");
      throw new Error(`${error.message}\n--- terminal\n${this.text}`);
    }
  }
}
