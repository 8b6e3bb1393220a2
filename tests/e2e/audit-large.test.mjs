// A long audit: exported in memory that stays flat, and paged through while more is written.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createWriteStream, readFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { assertOk } from "./answer.mjs";
import { folder, Server, warded } from "./harness.mjs";

/** `AUDIT_ROWS=1000000` for the figure in docs/benchmarks.md. */
const ROWS = Number(process.env.AUDIT_ROWS ?? 60_000);
const GENERATOR = fileURLToPath(new URL("../bench/audit_rows.py", import.meta.url));
/** What an export may add to the server's memory: a few pieces, and the reader's cache. */
const MOST_MIB = 24;

const python = spawnSync("python3", ["-c", "import sqlite3"], { encoding: "utf8" }).status === 0;
const skip = python ? false : "no python3 with sqlite3 to make a long audit";
const server = new Server();

before(async () => {
  if (!python) return;
  await server.start();
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  const made = spawnSync("python3", [GENERATOR, join(server.data, "warded.db"), String(ROWS)], { encoding: "utf8" });
  assert.equal(made.status, 0, made.stderr);
  await server.start();
});
after(() => server.dispose());

const resident = () => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.child.pid}/status`, "utf8"))[1]) / 1024;

/** Writes an export to a file, and answers by how much the server's memory had grown at most, in MiB, and how many bytes came. */
async function download(accept, file, query = "") {
  const before = resident();
  const { hostname, port } = new URL(server.origin);
  const response = await new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${server.adminKey}`, accept };
    http.get({ hostname, port, path: `/v1/audit/export${query}`, headers, agent: false }, resolve).on("error", reject);
  });
  assert.equal(response.statusCode, 200);
  let [most, bytes, pieces] = [before, 0, 0];
  response.on("data", (piece) => {
    bytes += piece.length;
    pieces += 1;
    if (pieces % 50 === 0) most = Math.max(most, resident());
  });
  await pipeline(response, createWriteStream(file));
  return { grown: Math.max(most, resident()) - before, bytes };
}

describe("a long export", { skip }, () => {
  for (const [accept, query] of [
    ["application/x-ndjson", ""],
    ["text/csv", ""],
    ["application/x-ndjson", "?outcome=deny"],
  ]) {
    test(`${accept} ${query || "of everything"} leaves the memory flat, and verifies`, async (t) => {
      const file = join(folder(), "export");
      const start = performance.now();
      const { grown, bytes } = await download(accept, file, query);
      const seconds = (performance.now() - start) / 1000;
      t.diagnostic(`${ROWS} rows, ${(bytes / 2 ** 20).toFixed(0)} MiB in ${seconds.toFixed(1)} s, memory + ${grown.toFixed(1)} MiB`);
      assert.ok(bytes > ROWS * 150, `${bytes} bytes`);
      assert.ok(grown < MOST_MIB, `memory grew by ${grown.toFixed(1)} MiB`);
      const result = await warded(["audit", "verify", file, "--json"], { deadline: 300_000 });
      assert.equal(result.code, 0, result.stdout + result.stderr);
      assert.ok(JSON.parse(result.stdout).checked > ROWS);
    });
  }

  test("a client that goes away ends it", async () => {
    const { hostname, port } = new URL(server.origin);
    const headers = { authorization: `Bearer ${server.adminKey}` };
    for (let count = 0; count < 20; count += 1) {
      await new Promise((resolve, reject) => {
        const request = http.get({ hostname, port, path: "/v1/audit/export", headers, agent: false }, (response) => {
          response.once("data", () => {
            request.destroy();
            resolve();
          });
          response.on("error", () => {});
        });
        request.on("error", reject);
      });
    }
    assertOk(await server.admin.get("/v1/audit?limit=1"));
    const started = performance.now();
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    assert.ok(performance.now() - started < 10_000, "nothing is left running");
    await server.start();
  });
});

describe("pages by cursor while records are written", { skip }, () => {
  const QUERIES = {
    "": () => true,
    "event_type=secret.updated": (event) => event.event_type === "secret.updated",
    "resource_type=secret": (event) => event.resource_type === "secret",
    "actor_id=agt_00000000000000000000000000000007": (event) => event.actor_id === "agt_00000000000000000000000000000007",
    "path=team-7/app/KEY7": (event) => event.path === "team-7/app/KEY7",
    "outcome=deny": (event) => event.outcome === "deny",
    "ip=10.0.7.1": (event) => event.ip_address === "10.0.7.1",
    "outcome=allow&resource_type=token": (event) => event.outcome === "allow" && event.resource_type === "token",
    "start_time=2000-01-01T00:00:00Z&outcome=deny": (event) => event.outcome === "deny",
  };

  test("each filter finds each record once, and none that is newer than its first page", async () => {
    let writing = true;
    let written = 0;
    const writer = (async () => {
      while (writing) {
        const path = ["team-7/app/KEY7", "other/KEY"][written % 2];
        assert.ok((await server.admin.put(`/v1/secrets/${path}`, { value: String(written) })).status < 300);
        written += 1;
      }
    })();
    try {
      for (const [query, matches] of Object.entries(QUERIES)) {
        const { total, total_is_floor: isFloor } = assertOk(await server.admin.get(`/v1/audit?${query}&limit=1`));
        let [cursor, last, found] = ["", Infinity, 0];
        for (let pages = 0; pages < 12; pages += 1) {
          const { events, next_cursor: next } = assertOk(await server.admin.get(`/v1/audit?${query}&limit=250${cursor}`));
          for (const event of events) {
            assert.ok(event.seq < last, `${query}: ${event.seq} after ${last}`);
            assert.ok(matches(event), `${query}: ${JSON.stringify(event)}`);
            last = event.seq;
          }
          found += events.length;
          if (!next) break;
          cursor = `&cursor=${next}`;
        }
        assert.ok(isFloor || found >= Math.min(total, 3_000), `${query}: ${found} of ${total}`);
      }
    } finally {
      writing = false;
    }
    await writer;
    assert.ok(written > 10, `${written} records came meanwhile`);
  });

  test("what one reader pages through is what another sees at once", async () => {
    const { events } = assertOk(await server.admin.get("/v1/audit?outcome=deny&limit=1000"));
    const paged = [];
    let cursor = "";
    while (paged.length < events.length) {
      const page = assertOk(await server.admin.get(`/v1/audit?outcome=deny&limit=77${cursor}`));
      paged.push(...page.events.map(({ seq }) => seq));
      if (!page.next_cursor) break;
      cursor = `&cursor=${page.next_cursor}`;
    }
    assert.deepEqual(
      paged.slice(0, events.length),
      events.map(({ seq }) => seq),
    );
  });
});
