// The server over HTTP: reads and writes of secrets with a durable audit record each, beside what the disk can sync.

import { rmSync } from "node:fs";
import { join } from "node:path";

import { Server } from "../e2e/harness.mjs";
import { SECONDS, cargo, load, memory, scratch, threads } from "./load.mjs";
import { median, nanoseconds, table } from "./measure.mjs";

const CLIENTS = [1, 16, 64, 256];
const AGENTS = 64;

async function started(root) {
  // Its log goes to a file, as it would in production; a pipe would make this process a second consumer of processor time.
  const server = new Server({ root, env: { WARDED_CONNECTIONS_PER_ADDRESS: "1024", WARDED_TOKENS_PER_AGENT: "1000000" }, log: join(root, "log") });
  await server.start();
  return server;
}

/** What is asked for, as arguments of the load generator. */
const REQUESTS = {
  read: ["--path", "/v1/secrets/bench/KEY"],
  write: ["--method", "PUT", "--path", "/v1/secrets/bench/w{client}/KEY", "--body", JSON.stringify({ value: "x".repeat(64) })],
  "token issue": ["--method", "POST", "--path", "/v1/tokens", "--body", JSON.stringify({ scopes: ["secrets:read:bench/*"] })],
};

async function measured(server, tokens, kind, clients) {
  const address = new URL(server.origin).host;
  const common = ["http", "--address", address, ...tokens.flatMap((token) => ["--token", token]), "--clients", String(clients), "--seconds", String(SECONDS)];
  const before = threads(server.child.pid);
  const result = await load([...common, ...REQUESTS[kind]]);
  const after = threads(server.child.pid);
  if (result.errors > 0) throw new Error(`${result.errors} of ${result.count} answers were no success`);
  // Milliseconds for a thousand requests; the load runs a fifth longer than it counts.
  const each = (seconds) => (seconds * 1e6) / (result.count * 1.2);
  const spent = Object.fromEntries(Object.entries(after).map(([name, used]) => [name, used.map((seconds, index) => each(seconds - before[name][index]))]));
  return { kind, clients, ...result, spent };
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

function row(one, syncs) {
  const ms = (micros) => `${(micros / 1_000).toFixed(2)} ms`;
  return [
    one.kind,
    String(one.clients),
    one.rate.toFixed(0),
    ms(one.p50_us),
    ms(one.p99_us),
    `${sum(Object.values(one.spent).flat()).toFixed(0)} ms`,
    `${((100 * one.rate) / (one.clients * syncs)).toFixed(0)} %`,
  ];
}

/** Where the processor time of a thousand requests goes. */
function shares(found) {
  const busy = found.filter(({ clients }) => clients === 64);
  const part = (one, name) => one.spent[name].map((milliseconds) => `${milliseconds.toFixed(0)} ms`);
  const rows = busy.map((one) => [one.kind, ...["http", "writer", "checkpoints"].flatMap((name) => part(one, name))]);
  return table(["1,000 requests, 64 clients", "HTTP", "its system calls", "writer", "its system calls", "checkpoints", "their system calls"], rows);
}

/** The section of the report. */
export async function requests() {
  cargo(["build", "--quiet", "--release", "--package", "warded-load"]);
  const root = scratch();
  const server = await started(root);
  try {
    const syncs = [];
    const sync = async () => syncs.push((await load(["sync", "--folder", root, "--seconds", "1"])).rate);
    await server.admin.put("/v1/secrets/bench/KEY", { value: "x".repeat(64) });
    const agent = await server.agent();
    const { token } = await server.token(agent.api_key, { scopes: ["secrets:*:bench/*"] });
    const idle = memory(server.child.pid);
    const found = [];
    for (const kind of ["read", "write"]) {
      for (const clients of CLIENTS) {
        await sync();
        found.push(await measured(server, [token], kind, clients));
      }
    }
    const agents = await Promise.all(Array.from({ length: AGENTS }, () => server.agent()));
    await sync();
    found.push(
      await measured(
        server,
        agents.map((one) => one.api_key),
        "token issue",
        64,
      ),
    );
    await sync();
    const rate = median(syncs);
    const head = ["request", "clients", "per second", "p50", "p99", "server CPU per 1,000", "of clients × fdatasyncs/s"];
    const notes = [
      `Where the processor time goes, by thread:\n\n${shares(found)}\n`,
      "HTTP is parsing, JSON and hashing tokens. The one writer runs the engine (decisions, sealing and opening), SQL, and the audit chain, and its system calls are the writes and fdatasyncs.",
      `The disk alone made ${rate.toFixed(0)} durable writes of 4 KiB a second from one writer (fdatasync, median of ${syncs.length} runs in between).`,
      "Every request is authenticated, decided and opened or sealed in the Wasm module, and answered after its audit record is durable.",
      `Memory in use: ${idle.toFixed(1)} MiB idle after the first requests, ${memory(server.child.pid).toFixed(1)} MiB after the load.`,
    ];
    return {
      title: "Reading and writing secrets over HTTP",
      text: `${table(
        head,
        found.map((one) => row(one, rate)),
      )}\n\n${notes.join("\n")}`,
    };
  } finally {
    await server.dispose();
    rmSync(root, { recursive: true, force: true });
  }
}

/** The section of the report. */
export async function starts() {
  const times = { first: [], again: [] };
  const idle = [];
  for (let round = 0; round < 9; round += 1) {
    const root = scratch();
    const server = new Server({ root });
    try {
      for (const kind of ["first", "again"]) {
        const begin = process.hrtime.bigint();
        await server.start();
        const { status } = await server.api.get("/v1/health");
        times[kind].push(Number(process.hrtime.bigint() - begin) / 1e6);
        if (status !== 200) throw new Error(`health: ${status}`);
        idle.push(memory(server.child.pid));
        await server.stop();
      }
    } finally {
      await server.dispose();
    }
  }
  const rows = [
    ["start to first answer, empty folders (keys and database are made)", `${median(times.first).toFixed(0)} ms`],
    ["start to first answer, existing folders", `${median(times.again).toFixed(0)} ms`],
    ["resident memory then", `${median(idle).toFixed(1)} MiB`],
  ];
  return { title: "Starting", text: table(["", "median of 9"], rows) };
}

/** The section of the report: the engine inside wasmtime, measured by the host's own example. */
export function engine() {
  const lines = cargo(["run", "--quiet", "--release", "--package", "warded", "--example", "engine_bench"]).trim().split("\n");
  const rows = lines.map((line) => JSON.parse(line)).map((one) => [one.name, nanoseconds(one.nanoseconds)]);
  return { title: "The engine in wasmtime, from the host", text: table(["work", "time per call"], rows) };
}
