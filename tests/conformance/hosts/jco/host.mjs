// Answers calls with the component as jco translates it to JavaScript: one call per line on stdin, one answer per line on stdout.
// With `typed` as its argument through the function of each operation, else through `call`.
import { createInterface } from "node:readline";

import { address } from "./translated.mjs";

const { engine } = await import(address("warded/warded.js"));

const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (data) => Buffer.from(data).toString("hex");
const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** What the interface calls `u8` or `u32`; every other number is a `u64`, a BigInt in JavaScript. */
const SMALL = ["approvers", "max_uses", "trust", "trust_floor"];
/** The cases of a value whose type an attribute chooses. */
const SCALARS = { boolean: "boolean", number: "integer", string: "text" };

/** A document as jco spells records. */
function record(value, name) {
  if (Array.isArray(value)) return value.map((entry) => record(entry));
  if (typeof value === "number") return SMALL.includes(name) ? value : BigInt(value);
  if (typeof value !== "object" || value instanceof Uint8Array) return value;
  if (name === "limits" && !Array.isArray(value)) return Object.entries(value).map(([id, entry]) => ({ id, state: state(entry) }));
  if (name === "algorithm") return Object.entries(value).map(([tag, entry]) => ({ tag, val: record(entry) }))[0];
  if (name === "attributes") return Object.entries(value).map(([key, entry]) => ({ name: key, value: scalar(entry) }));
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [camel(key), record(entry, key)]));
}

const scalar = (value) => ({ tag: SCALARS[typeof value], val: record(value) });

const state = (value) => ({ tag: "level" in value ? "bucket" : "window", val: record(value) });

/** A usage whose limits' states are found by their ids, which are no names of fields. */
const usage = ({ limits, ...counters }) =>
  limits === undefined ? counters : { ...counters, limits: new Map(limits.map(({ id, state }) => [id, state.val])) };

/** A record of jco's as a document. */
function document(value) {
  if (Array.isArray(value)) return value.map(document);
  if (value instanceof Uint8Array) return hex(value);
  if (value instanceof Map) return Object.fromEntries([...value].map(([id, entry]) => [id, document(entry)]));
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(fields.map(([key, entry]) => [snake(key), document(entry)]));
}

/** The same object, the named fields as bytes where they are there. */
const withBytes = (object, ...names) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, names.includes(name) ? bytes(value) : value]));

const context = (value) => withBytes(record(value), "tenant");

/** Compiles what a document has; the error of it stands further in. */
function compiled(place, compile) {
  try {
    return compile();
  } catch (error) {
    if (error instanceof Error) throw error;
    throw { ...error, field: [place, error.field].filter(Boolean).join(".") || undefined };
  }
}

/** The entries of a list with their grants compiled. */
const entries = (list, name) =>
  list.map((entry, index) => ({
    ...record(entry),
    grant: compiled(`${name}[${index}]`, () => engine.compileGrant(record(entry.grant))),
  }));

/** The function takes the text of a policy, a call its document too. */
const policy = (value) =>
  typeof value === "string" ? engine.compilePolicy(value) : compiled("policy", () => engine.compilePolicy(JSON.stringify(value)));

const operations = {
  compile_grant: ({ grant }) => ({ bytes: engine.compileGrant(record(grant)) }),
  compile_policy: (call) => ({ bytes: policy(call.policy) }),
  decide(call) {
    const chain = entries(call.chain, "chain");
    const { usages, limits, approval, ...rest } = engine.decide(chain, call.policy === undefined ? undefined : policy(call.policy), record(call.request));
    const standings = limits.map((limit) => ({ ...limit, retryAfter: limit.retryAfter ?? null }));
    return { ...rest, usages: usages.map(usage), limits: standings, approval: approval ?? null };
  },
  settle(call) {
    const { usage: before, reserved, actual, reservedAt, now } = record(call);
    return { usage: usage(engine.settle(engine.compileGrant(record(call.grant)), before, reserved, actual, reservedAt, now)) };
  },
  covers: ({ outer, inner }) => ({ result: engine.covers(outer, inner) }),
  overlaps: ({ a, b }) => ({ result: engine.overlaps(a, b) }),
  seal: (call) => ({ sealed: engine.seal(call.keys.map(bytes), bytes(call.salt), context(call.context), bytes(call.plaintext)) }),
  open: (call) => ({ plaintext: engine.open(call.keys.map(bytes), context(call.context), bytes(call.sealed)) }),
  reseal: (call) => ({ sealed: engine.reseal(call.keys.map(bytes), bytes(call.salt), context(call.context), bytes(call.sealed)) }),
  audience_key: ({ key, tenant, audience }) => ({ key: engine.audienceKey(bytes(key), bytes(tenant), audience) }),
  make_bundle(call) {
    const { key, tenant, audience, serial, notBefore, notAfter, policy } = withBytes(record(call), "policy");
    const grants = entries(call.grants, "grants").map((entry) => withBytes(entry, "tokenHash"));
    return { bytes: engine.makeBundle(bytes(key), bytes(tenant), audience, serial, notBefore, notAfter, grants, policy) };
  },
  open_bundle(call) {
    const { audience, minSerial, now } = record(call);
    const { grants, policy, ...rest } = engine.openBundle(bytes(call.bytes), bytes(call.key), audience, minSerial, now);
    return { ...rest, grants: grants.map((entry) => ({ ...entry, tokenHash: entry.tokenHash ?? null })), policy: policy ?? null };
  },
  verify_chain(call) {
    const records = call.records.map((one) => withBytes(record(one), "salt", "leaf", "link"));
    return engine.verifyChain(BigInt(call.start_seq), bytes(call.previous_link), records);
  },
  redact({ text, json, options }) {
    const names = options && record(options);
    return json === undefined ? { text: engine.redactText(text, names) } : { json: engine.redactJson(json, names) };
  },
  mint_token: (call) => engine.mintToken(call.kind, bytes(call.bytes)),
  parse_token: ({ text }) => engine.parseToken(text),
  hash_token: ({ text }) => ({ hash: engine.hashToken(text) }),
  verify_token: ({ text, hash }) => ({ result: engine.verifyToken(text, bytes(hash)) }),
};

/** Calls the function of an operation. jco throws the record that a `result` holds as its error; an `Error` is a mistake of ours. */
function typed(line) {
  const call = JSON.parse(line);
  try {
    return JSON.stringify(document(operations[call.op](call)));
  } catch (error) {
    if (error instanceof Error) throw error;
    return JSON.stringify({ error: document(error) });
  }
}

const answer = process.argv[2] === "typed" ? typed : (line) => engine.call(line).document;
const answers = [];
for await (const line of createInterface({ input: process.stdin })) answers.push(answer(line));
process.stdout.write(answers.join("\n") + "\n");
