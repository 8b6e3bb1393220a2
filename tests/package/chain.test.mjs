// Audit exports: vectors, and mutations of a real chain.

import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";

import { required, warded } from "./project.mjs";
import { bytes, vectors } from "./vectors.mjs";

const { verifyChain } = warded;
const published = vectors("export");
const options = ({ public_keys, held }) => ({ publicKey: public_keys.map(bytes), checkpoints: held });

test("the exports of the vectors hold", async () => {
  for (const { why, lines, checked, without_record, signed_through, ...rest } of published.valid) {
    const expected = { ok: true, checked, without_record, signed_through };
    assert.deepEqual(await verifyChain(lines, options(rest)), expected, why);
    assert.deepEqual(await required.verifyChain(`${lines.join("\n")}\n`, options(rest)), expected, why);
  }
});

test("the exports of the vectors that do not hold break where they say", async () => {
  for (const { why, lines, first_bad, reason, ...rest } of published.broken) {
    const { ok, first_bad: found, reason: why_not } = await verifyChain(lines, options(rest));
    assert.deepEqual([ok, found ?? null, why_not], [false, first_bad, reason], why);
  }
});

const TENANT = "03".repeat(16);
const sha256 = (...pieces) => pieces.reduce((hash, piece) => hash.update(piece), createHash("sha256")).digest();
const eight = (number) => Buffer.from(number.toString(16).padStart(16, "0"), "hex");
const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const PUBLIC = new Uint8Array(publicKey.export({ format: "der", type: "spki" }).subarray(-32));
const KEY_ID = sha256("warded/checkpoint-key/v1", PUBLIC).subarray(0, 8);

/** A real export of so many records, with checkpoints behind some of them. */
function exported(length, signed, outcome = "allow") {
  let link = Buffer.alloc(32);
  const lines = [JSON.stringify({ format: "warded-audit/1", tenant: TENANT, start_seq: 1, previous_link: link.toString("hex"), filter: null })];
  const checkpoints = [];
  for (let seq = 1; seq <= length; seq++) {
    const record = { actor: { id: `agt_${seq}`, type: "agent" }, outcome, seq };
    const salt = Buffer.alloc(16, seq);
    const leaf = sha256("warded/leaf/v1", salt, JSON.stringify(record));
    link = sha256("warded/link/v1", link, eight(seq), leaf);
    lines.push(JSON.stringify({ seq, record, salt: salt.toString("hex"), leaf: leaf.toString("hex"), link: link.toString("hex") }));
    if (!signed.includes(seq)) continue;
    const time = 1_780_000_000_000 + seq;
    const signature = sign(null, Buffer.concat([Buffer.from("warded/checkpoint/v1"), Buffer.from(TENANT, "hex"), eight(seq), link, eight(time), KEY_ID]), privateKey);
    const checkpoint = { tenant: TENANT, seq, link: link.toString("hex"), time, key_id: KEY_ID.toString("hex"), signature: signature.toString("hex") };
    checkpoints.push(checkpoint);
    lines.push(JSON.stringify({ checkpoint }));
  }
  return { lines, checkpoints };
}

/** Numbers that are the same in each run. */
function sequence(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function mutated(lines, next, forged) {
  const copy = lines.slice();
  const at = next(copy.length);
  switch (next(7)) {
    case 0:
      copy.splice(at, 1 + next(3));
      break;
    case 1:
      copy.splice(next(copy.length), 0, copy[at]);
      break;
    case 2: {
      const other = next(copy.length);
      [copy[at], copy[other]] = [copy[other], copy[at]];
      break;
    }
    case 3:
      copy.length = at;
      break;
    case 4:
      copy.splice(at, Number.POSITIVE_INFINITY, ...forged.slice(at));
      break;
    default: {
      const place = next(copy[at].length);
      copy[at] = copy[at].slice(0, place) + String.fromCharCode(0x20 + next(95)) + copy[at].slice(place + 1);
    }
  }
  return copy;
}

/** What an export says about records, without spaces; a line that is no JSON says nothing like any other. */
const meaning = (lines) => JSON.stringify(lines.map((line, index) => {
  try {
    const { filter, checkpoint, ...said } = JSON.parse(line);
    return checkpoint === undefined ? said : null;
  } catch {
    return `no JSON: ${index}`;
  }
}).filter((said) => said !== null));

test("no mutation of a real chain goes unnoticed before the newest checkpoint that is held", async () => {
  const { lines, checkpoints } = exported(20, [5, 10, 20]);
  const forged = exported(20, [], "deny").lines;
  const check = (lines) => verifyChain(lines, { publicKey: PUBLIC, checkpoints: [checkpoints.at(-1)] });
  assert.deepEqual(await check(lines), { ok: true, checked: 20, without_record: 0, signed_through: 20 });
  const next = sequence(20_261_121);
  let found = 0;
  for (let round = 0; round < 600; round++) {
    const changed = mutated(lines, next, forged);
    if (meaning(changed) === meaning(lines)) continue;
    const { ok, reason } = await check(changed);
    assert.equal(ok, false, changed.join("\n"));
    assert.match(reason, /^[a-z_]+$/);
    found++;
  }
  assert.ok(found > 400, `${found}`);
});

test("without checkpoints of one's own, a cut and a rewritten end are not found: that is what they are for", async () => {
  const { lines } = exported(6, []);
  assert.equal((await verifyChain(lines.slice(0, 4), { publicKey: PUBLIC })).ok, true);
  assert.equal((await verifyChain(exported(6, [], "deny").lines)).ok, true);
});

test("lines come from anything that can be iterated", async () => {
  const { lines } = exported(3, [3]);
  const expected = { ok: true, checked: 3, without_record: 0, signed_through: 3 };
  async function* slowly() {
    for (const line of lines) yield await Promise.resolve(line);
  }
  for (const source of [lines, new Set(lines), slowly(), lines.join("\n"), lines.join("\r\n")]) {
    assert.deepEqual(await verifyChain(source, { publicKey: [PUBLIC] }), expected);
  }
  assert.deepEqual(await verifyChain(""), { ok: false, checked: 0, without_record: 0, signed_through: null, reason: "malformed" });
});

test("mistakes of the calling code reject, and name the argument", async () => {
  const mistake = (type, text) => (error) => error.constructor.name === type && error.message.startsWith(text);
  await assert.rejects(verifyChain([1]), mistake("TypeError", "lines: "));
  await assert.rejects(verifyChain([], { publicKey: "key" }), mistake("TypeError", "publicKey: "));
  await assert.rejects(verifyChain([], { publicKey: PUBLIC.subarray(1) }), mistake("RangeError", "publicKey: "));
  await assert.rejects(verifyChain([], { publicKey: [PUBLIC, undefined] }), mistake("TypeError", "publicKey[1]: "));
  await assert.rejects(verifyChain([], { checkpoints: [{}] }), mistake("TypeError", "checkpoints[0]: "));
  await assert.rejects(verifyChain([], { publickey: PUBLIC }), mistake("TypeError", "options: unknown property `publickey`"));
});

test("an error of the source is the caller's to see", async () => {
  const fails = { async *[Symbol.asyncIterator]() { yield exported(1, []).lines[0]; throw new Error("disk"); } };
  await assert.rejects(verifyChain(fails), { message: "disk" });
});
