// The server over HTTP: reads and writes of secrets with a durable audit record each, beside what the disk can sync.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { Server } from "../e2e/harness.mjs";
import { Child } from "../e2e/process.mjs";
import { median, nanoseconds, table } from "./measure.mjs";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const TARGET = process.env.CARGO_TARGET_DIR ?? join(REPOSITORY, "target");
const LOAD = join(TARGET, "release/warded-load");
const CLIENTS = [1, 16, 64, 256];
const SECONDS = Number(process.env.WARDED_BENCH_SECONDS ?? 5);

/** A folder on the disk that the build uses: `/tmp` may be memory, which syncs nothing. */
function scratch() {
  const parent = join(TARGET, "bench");
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, "run-"));
}

async function load(args) {
  const child = new Child(LOAD, args);
  const { code } = await child.exit((SECONDS * 2 + 30) * 1_000);
  if (code !== 0) throw new Error(`load: ${child.stderr}`);
  return JSON.parse(child.stdout);
}

/** Processor seconds that a process has used. */
function cpu(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").pop().split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory in MiB. */
function memory(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1_024;
}

async function started(root) {
  // Its log goes to a file, as it would in production; a pipe would make this process a second consumer of processor time.
  const server = new Server({ root, env: { WARDED_CONNECTIONS_PER_ADDRESS: "1024" }, log: join(root, "log") });
  await server.start();
  return server;
}

async function measured(server, token, kind, clients) {
  const address = new URL(server.origin).host;
  const common = ["http", "--address", address, "--token", token, "--clients", String(clients), "--seconds", String(SECONDS)];
  const request =
    kind === "read"
      ? ["--path", "/v1/secrets/bench/KEY"]
      : ["--method", "PUT", "--path", "/v1/secrets/bench/w{client}/KEY", "--body", JSON.stringify({ value: "x".repeat(64) })];
  const before = { cpu: cpu(server.child.pid), time: process.hrtime.bigint() };
  const result = await load([...common, ...request]);
  const spent = cpu(server.child.pid) - before.cpu;
  if (result.errors > 0) throw new Error(`${result.errors} of ${result.count} answers were no success`);
  // The load runs a fifth longer than it counts.
  const perThousand = (spent / (result.count * 1.2)) * 1_000;
  return { kind, clients, ...result, perThousand };
}

function row(one, syncs) {
  const ms = (micros) => `${(micros / 1_000).toFixed(2)} ms`;
  return [
    one.kind,
    String(one.clients),
    one.rate.toFixed(0),
    ms(one.p50_us),
    ms(one.p99_us),
    `${(one.perThousand * 1_000).toFixed(0)} ms`,
    `${((100 * one.rate) / (one.clients * syncs)).toFixed(0)} %`,
  ];
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
        found.push(await measured(server, token, kind, clients));
      }
    }
    await sync();
    const rate = median(syncs);
    const head = ["request", "clients", "per second", "p50", "p99", "server CPU per 1,000", "of clients × fdatasyncs/s"];
    const notes = [
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

function cargo(args) {
  const { status, stdout } = spawnSync("cargo", args, { cwd: REPOSITORY, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (status !== 0) throw new Error(`cargo ${args.join(" ")}: exit ${status}`);
  return stdout;
}
