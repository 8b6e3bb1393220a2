// A server that holds much, beside one that holds little: the same questions, and how long a start takes.

import { rmSync } from "node:fs";
import { join } from "node:path";

import { Server } from "../e2e/harness.mjs";
import { TARGET, cargo, load, memory, scratch } from "./load.mjs";
import { median, table } from "./measure.mjs";
import { Child } from "../e2e/process.mjs";

const SMALL = 1_000;
const SECRETS = Number(process.env.WARDED_BENCH_SECRETS ?? 1_000_000);
const EVENTS = Number(process.env.WARDED_BENCH_EVENTS ?? 10_000_000);
const CLIENTS = 64;
const KEYS_PER_IMPORT = 500;

/** Each filter that has an index, as a query. */
const FILTERS = [
  "event_type=secret.updated",
  "resource_type=token",
  "actor_id=agt_00000000000000000000000000000101",
  "path=fill%2Fn77%2FKEY_77",
  "outcome=deny",
  "ip=10.0.1.7",
  "start_time=2020-01-01T00:00:00Z",
  "event_type=secret.read&outcome=deny",
  "resource_type=secret&outcome=deny",
  "actor_id=agt_00000000000000000000000000000101&outcome=deny",
  "actor_id=agt_00000000000000000000000000000101&event_type=secret.read",
  "event_type=secret.read&outcome=allow",
  "actor_id=agt_00000000000000000000000000000101&ip=10.0.1.7",
];

/** The section of the report. */
export async function sizes() {
  cargo(["build", "--quiet", "--release", "--package", "warded-load", "--package", "warded-fill"]);
  const small = await held(SMALL, 0);
  const large = await held(SECRETS, EVENTS);
  const ms = (value) => `${value.toFixed(2)} ms`;
  const rows = [
    ["read, 64 clients, p50", ms(small.read.p50), ms(large.read.p50), ratio(large.read.p50, small.read.p50)],
    ["read, 64 clients, p99", ms(small.read.p99), ms(large.read.p99), ratio(large.read.p99, small.read.p99)],
    ["start to first answer", ms(small.start), ms(large.start), ratio(large.start, small.start)],
    ["resident memory, idle", `${small.memory.toFixed(1)} MiB`, `${large.memory.toFixed(1)} MiB`, ratio(large.memory, small.memory)],
    ...FILTERS.map((filter) => [`audit, \`${filter}\``, ms(small.queries[filter]), ms(large.queries[filter]), ratio(large.queries[filter], small.queries[filter])]),
  ];
  const count = (number) => number.toLocaleString("en");
  const head = ["", `${count(SMALL)} secrets`, `${count(SECRETS)} secrets, ${count(EVENTS)} audit records`, "ratio"];
  const note = "Reads go to secrets all over the store. Audit queries are the slowest of 5, a page of 50 with its total.";
  return { title: "What a large store costs", text: `${table(head, rows)}\n\n${note}` };
}

const ratio = (one, other) => `× ${(one / other).toFixed(2)}`;

/** Fills a server with so many secrets and audit records, and measures it. */
async function held(secrets, events) {
  const root = scratch();
  const server = new Server({ root, env: { WARDED_CONNECTIONS_PER_ADDRESS: "1024" }, log: join(root, "log") });
  try {
    await server.start();
    await fillSecrets(server, secrets);
    await server.stop();
    if (events > 0) await fillEvents(server, events);
    const starts = [];
    for (let round = 0; round < 5; round += 1) {
      const begin = performance.now();
      await server.start();
      await server.api.get("/v1/health");
      starts.push(performance.now() - begin);
      if (round < 4) await server.stop();
    }
    const found = { start: median(starts), memory: memory(server.child.pid), queries: await queries(server) };
    return { ...found, read: await reads(server, secrets) };
  } finally {
    await server.dispose();
    rmSync(root, { recursive: true, force: true });
  }
}

async function fillSecrets(server, secrets) {
  let next = 0;
  const worker = async () => {
    while (next < secrets) {
      const first = next;
      next += KEYS_PER_IMPORT;
      const lines = Array.from({ length: Math.min(KEYS_PER_IMPORT, secrets - first) }, (_, index) => `KEY_${first + index}=${"x".repeat(64)}`);
      const answer = await server.admin.post("/v1/secrets/import", { namespace: `bench/n${first / KEYS_PER_IMPORT}`, content: lines.join("\n") });
      if (answer.status !== 200) throw new Error(`import: ${answer.status} ${answer.text}`);
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
}

async function fillEvents(server, events) {
  const child = new Child(join(TARGET, "release/warded-fill"), ["--data", server.data, "--events", String(events)]);
  const { code } = await child.exit(3_600_000);
  if (code !== 0) throw new Error(`fill: ${child.stderr}`);
}

async function queries(server) {
  const slowest = {};
  for (const filter of FILTERS) {
    const times = [];
    for (let round = 0; round < 5; round += 1) {
      const begin = performance.now();
      const { status, text } = await server.admin.get(`/v1/audit?${filter}`);
      times.push(performance.now() - begin);
      if (status !== 200) throw new Error(`${filter}: ${text}`);
    }
    slowest[filter] = Math.max(...times);
  }
  return slowest;
}

/** Each client reads a secret of its own, spread over the store. */
async function reads(server, secrets) {
  const agent = await server.agent();
  const { token } = await server.token(agent.api_key, { scopes: ["secrets:read:bench/*"] });
  const paths = Array.from({ length: CLIENTS }, (_, client) => {
    const number = Math.floor((client * secrets) / CLIENTS);
    return `/v1/secrets/bench/n${Math.floor(number / KEYS_PER_IMPORT)}/KEY_${number}`;
  });
  const address = new URL(server.origin).host;
  const args = ["http", "--address", address, "--token", token, "--clients", String(CLIENTS), "--seconds", "5"];
  const result = await load([...args, ...paths.flatMap((path) => ["--path", path])]);
  if (result.errors > 0) throw new Error(`${result.errors} reads failed`);
  return { p50: result.p50_us / 1_000, p99: result.p99_us / 1_000 };
}
