// Bundles: grants and a policy from elsewhere, with proof of who made them (docs/abi.md gives the layout).

import { bytes as bytesArgument, exactly, string, whole, wrongType } from "./argument.js";
import { hexBytes, hexText, joined } from "./bytes.js";
import { wellFormed } from "./document.js";
import { answer, integer, sendBytes, utf8 } from "./engine.js";
import { type Grant, Loaded } from "./grant.js";
import { LoadedPolicy, type Policy } from "./policy.js";
import { kbkdfCounter } from "./primitive.js";

const KEY_LENGTH = 32;
/** Where the serial stands, and where the audience: behind name and version, tenant, serial and both times. */
const SERIAL_AT = 20;
const AUDIENCE_AT = 44;
/** How long a bundle lives unless its maker says otherwise. */
const DEFAULT_LIFE = 300_000;
const MAGIC = Uint8Array.of(0x77, 0x64, 0x62, 1);

export interface OpenBundleOptions {
  /** The key of this audience, 32 bytes; never the master key. */
  readonly key: Uint8Array;
  /** Who is opening: a bundle for anyone else is refused. */
  readonly audience: string;
  /** The highest serial that was opened before, 0 if none was: an older bundle could bring a revoked grant back. */
  readonly minSerial: number;
  /** Milliseconds since the Unix epoch, `Date.now()` by default. */
  readonly now?: number;
}

/** A grant of a bundle. */
export interface BundledGrant {
  readonly id: string;
  /** SHA-256 of the token that it belongs to: what `hashToken` returns for it. */
  readonly token_hash: Uint8Array | null;
  readonly grant: Grant;
}

/** What a bundle says. */
export interface Bundle {
  /** 32 lower-case hex digits. */
  readonly tenant: string;
  /** To be remembered, as the next `minSerial`. */
  readonly serial: number;
  readonly not_before: number;
  readonly not_after: number;
  readonly grants: readonly BundledGrant[];
  readonly policy: Policy | null;
}

/** What goes into a bundle. */
export interface BundleDocument {
  /** The installation that makes it: 32 lower-case hex digits. */
  readonly tenant: string;
  /** For whom it is: 1 to 128 bytes. */
  readonly audience: string;
  /** 1 to 2^53-1, higher than that of any bundle made before for this audience. */
  readonly serial: number;
  /** Milliseconds since the Unix epoch. */
  readonly not_before: number;
  /** Five minutes later by default: how late a revocation can reach the audience. */
  readonly not_after?: number;
  readonly grants: readonly { readonly id: string; readonly token_hash?: Uint8Array | null; readonly grant: Grant }[];
  /** A policy, or the bytes of one. */
  readonly policy?: Policy | Uint8Array | null;
}

/**
 * Opens a bundle: the way in for grants from elsewhere.
 *
 * @throws {WardedError} `bundle_rejected`: not a byte of it proves anything; `bundle_foreign`, `bundle_not_yet_valid`, `bundle_expired`,
 * `bundle_replayed`, `bundle_malformed`: its maker wrote it, and it is not for here and now; `limit_exceeded`: over 4 MiB.
 */
export function openBundle(bytes: Uint8Array, options: OpenBundleOptions): Bundle {
  const bundle = bytesArgument("bytes", bytes);
  if (typeof options !== "object" || options === null) throw wrongType("options", "an object", options);
  const { key, audience, minSerial, now = Date.now() } = options;
  exactly("key", KEY_LENGTH, key);
  const name = text("audience", audience);
  const numbers = [number("now", now, 0), number("minSerial", minSerial, 0), integer(name.length)];
  return read(answer(sendBytes("open_bundle", key, ...numbers, name, bundle)));
}

/** Reads what the engine has checked. */
function read(body: Uint8Array): Bundle {
  const view = new DataView(body.buffer);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const integerAt = (at: number): number => Number(view.getBigUint64(at, true));
  let at = AUDIENCE_AT;
  const next = (): Uint8Array => {
    const length = view.getUint32(at, true);
    at += 4 + length;
    return body.subarray(at - length, at);
  };
  next();
  const count = view.getUint32(at, true);
  at += 4;
  const grants: BundledGrant[] = [];
  for (let index = 0; index < count; index++) {
    const id = decoder.decode(next());
    const hash = next();
    grants.push({ id, token_hash: hash.length === 0 ? null : hash.slice(), grant: new Loaded(next()) });
  }
  const policy = next();
  return {
    tenant: hexText(body.subarray(MAGIC.length, SERIAL_AT)),
    serial: integerAt(SERIAL_AT),
    not_before: integerAt(SERIAL_AT + 8),
    not_after: integerAt(SERIAL_AT + 16),
    grants,
    policy: policy.length === 0 ? null : new LoadedPolicy(policy.slice()),
  };
}

/**
 * Makes a bundle for the audience whose key this is.
 *
 * @throws {WardedError} `invalid_compiled`: a grant or the policy does not load; `bundle_malformed`: a name is empty or over 128 bytes;
 * `limit_exceeded`: over 4 MiB.
 */
export function makeBundle(document: BundleDocument, key: Uint8Array): Uint8Array {
  if (typeof document !== "object" || document === null) throw wrongType("document", "an object", document);
  const { tenant, audience, serial, not_before, not_after, grants, policy } = document;
  exactly("key", KEY_LENGTH, key);
  const begin = number("not_before", not_before, 0);
  const end = number("not_after", not_after ?? not_before + DEFAULT_LIFE, not_before + 1);
  const pieces = [MAGIC, hexBytes("tenant", 16, tenant), number("serial", serial, 1), begin, end];
  pieces.push(...prefixed(text("audience", audience)));
  if (!Array.isArray(grants)) throw wrongType("grants", "an array", grants);
  const { length } = grants;
  pieces.push(integer(length));
  for (let index = 0; index < length; index++) pieces.push(...entry(grants[index], `grants[${index}]`));
  pieces.push(...prefixed(policy == null ? new Uint8Array(0) : policyBytes(policy)));
  // The engine checks all of it, and signs.
  return answer(sendBytes("make_bundle", key, joined(pieces)));
}

function entry(given: BundleDocument["grants"][number] | undefined, place: string): Uint8Array[] {
  if (typeof given !== "object" || given === null) throw wrongType(place, "an object", given);
  const { id, token_hash, grant } = given;
  if (!Loaded.is(grant)) throw wrongType(`${place}.grant`, "a grant of `compileGrant` or `loadGrant`", grant);
  const hash = token_hash == null ? new Uint8Array(0) : exactly(`${place}.token_hash`, KEY_LENGTH, token_hash);
  return [...prefixed(text(`${place}.id`, id)), ...prefixed(hash), ...prefixed(Loaded.bytesOf(grant))];
}

function policyBytes(policy: unknown): Uint8Array {
  return LoadedPolicy.is(policy) ? LoadedPolicy.bytesOf(policy) : bytesArgument("policy", policy);
}

/** The key of an audience, 32 bytes, derived from a master key: what an edge is given instead of that. */
export function audienceKey(key: Uint8Array, tenant: string, audience: string): Uint8Array {
  const name = text("audience", audience);
  const context = new Uint8Array(16 + name.length);
  context.set(hexBytes("tenant", 16, tenant));
  context.set(name, 16);
  return kbkdfCounter(key, utf8("wd1/bundle"), context, KEY_LENGTH);
}

function text(argument: string, value: unknown): Uint8Array {
  return utf8(wellFormed(string(argument, value), argument));
}

function prefixed(data: Uint8Array): [Uint8Array, Uint8Array] {
  return [integer(data.length), data];
}

/** A whole number from `least` to 2^53-1 in eight bytes. */
function number(argument: string, value: unknown, least: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(whole(argument, value, least)), true);
  return bytes;
}
