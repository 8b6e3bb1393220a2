// The two forms of the engine: the raw module in this process, and native code in another.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const root = new URL("../../", import.meta.url).pathname;
const TARGET = process.env.CARGO_TARGET_DIR ?? `${root}target`;

/** The raw module: a function from the bytes of a call to the text of its answer. */
export function wasm() {
  const module = new WebAssembly.Module(readFileSync(`${root}target/wasm/warded_raw.wasm`));
  const { memory, warded_buffer, warded_call } = new WebAssembly.Instance(module).exports;
  const decoder = new TextDecoder();
  return (call) => {
    const at = warded_buffer(call.length);
    new Uint8Array(memory.buffer, at, call.length).set(call);
    const length = Number(warded_call(call.length) & 0xffff_ffffn);
    return decoder.decode(new Uint8Array(memory.buffer, warded_buffer(0), length));
  };
}

/** Native code: a function from a batch of calls to the texts of their answers. */
export function native() {
  const child = spawn(`${TARGET}/release/warded-differential`, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async answer(calls) {
      const written = child.stdin.write(`${calls.join("\n")}\n\n`) ? undefined : once(child.stdin, "drain");
      const answers = [];
      while (answers.length < calls.length) {
        const { value, done } = await lines.next();
        if (done) throw new Error("the native engine has ended");
        answers.push(value);
      }
      await written;
      return answers;
    },
    async close() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, "exit");
      return child.exitCode;
    },
  };
}
