import { eachProperty, wrongType } from "./argument.js";
import { type Plain, plain, present } from "./document.js";
import { integer, json, sendBytes, utf8 } from "./engine.js";
import { type Grant, Loaded } from "./grant.js";
import type { Cost } from "./request.js";
import { ReadUsage, type Usage } from "./usage.js";

export interface SettleOptions {
  /** The grant that the request came through; of a chain, each link is settled on its own. */
  readonly grant: Grant;
  /** As stored now; `undefined` for none. */
  readonly usage?: Usage | undefined;
  /** The cost of the request that was allowed. */
  readonly reserved: Cost;
  /** What its work came to; a unit that is absent was used as reserved. */
  readonly actual: Cost;
  /**
   * The `last` of the usage that the allow returned. Absent is in the window that `usage` shows:
   * give it wherever work can outlast a window.
   */
  readonly reservedAt?: number;
  /** Milliseconds since the Unix epoch; absent is `Date.now()`. */
  readonly now?: number;
}

/**
 * The next usage after the work of an allowed request, once for each: what was reserved and not used goes back to the window that it came from,
 * what was used and not reserved is charged.
 *
 * @throws {WardedError} a cost or the usage is malformed; `field` says where.
 * @throws {TypeError} an argument is missing or not what it should be.
 */
export function settle(options: SettleOptions): Usage {
  const { grant, usage, ...fields } = readOptions(options);
  const document = { usage: usage.document(), ...fields };
  const bytes = Loaded.bytesOf(grant);
  return json<Usage>(sendBytes("settle", integer(bytes.length), bytes, utf8(JSON.stringify(document))));
}

interface ReadOptions {
  readonly grant: Loaded;
  readonly usage: ReadUsage;
  readonly reserved: Plain;
  readonly actual: Plain;
  readonly reserved_at?: Plain;
  readonly now: Plain;
}

function readOptions(options: unknown): ReadOptions {
  let grant: unknown;
  let usage = new ReadUsage(undefined);
  const given: Record<string, Plain> = {};
  eachProperty("options", options, (name, value) => {
    if (name === "grant") grant = value;
    else if (name === "usage") usage = new ReadUsage(value);
    else if (name === "reserved" || name === "actual" || name === "now") given[name] = plain(value, name);
    else if (name === "reservedAt") given["reserved_at"] = time(value);
    else return false;
    return true;
  });
  if (!Loaded.is(grant)) throw wrongType("grant", "a grant that compileGrant of this copy of the package made", grant);
  const { reserved, actual, reserved_at, now = Date.now() } = given;
  if (reserved === undefined) throw wrongType("reserved", "a cost", reserved);
  if (actual === undefined) throw wrongType("actual", "a cost", actual);
  return { grant, usage, reserved, actual, now, ...present({ reserved_at }) };
}

function time(value: unknown): number {
  if (typeof value !== "number") throw wrongType("reservedAt", "a number", value);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`reservedAt: expected a whole number from 0 to 2^53-1, got ${value}`);
  }
  return value;
}
