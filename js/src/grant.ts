import { bytes as bytesArgument, wrongType } from "./argument.js";
import { type Plain, plain } from "./document.js";
import { address, answer, sendBytes, text, utf8, view } from "./engine.js";

/** Access tiers, lowest first. */
export type Tier = "standard" | "sensitive" | "critical";

/** How well a caller is known: 0 not at all, 1 by an API key, 2 by a secret of its own, 3 by that and a clean record. */
export type Trust = 0 | 1 | 2 | 3;

/** How much of a unit may be used in a time. */
export interface Limit {
  /** 1 to 64 of `A-Z a-z 0-9 . _ -`. */
  readonly id: string;
  readonly unit: "requests" | "tokens" | "micros";
  /** Numbers are 1 to 2^53-1. */
  readonly algorithm: { readonly bucket: TokenBucket } | { readonly window: CalendarWindow };
}

/** A token bucket: full at first, and `refill` flows in evenly over each period. */
export interface TokenBucket {
  readonly capacity: number;
  readonly refill: number;
  readonly per: "second" | "minute" | "hour" | "day";
}

/** A calendar window in UTC; up to twice the limit can be used around its end. */
export interface CalendarWindow {
  readonly limit: number;
  readonly per: "second" | "minute" | "hour" | "day" | "month";
}

/** What one credential may do. A field that is absent does not narrow, except `tier_ceiling`, which is then `standard`. */
export interface GrantDocument {
  readonly id?: string;
  /** `resource:action:pattern`, such as `secrets:read:production/payments/*`. */
  readonly scopes: readonly string[];
  /** Where its paths must lie: `*`, or paths without stars, each meaning itself and all below. */
  readonly namespaces?: readonly string[];
  /** Addresses and CIDRs from which it may be used. */
  readonly ip_allowlist?: readonly string[];
  /** Milliseconds since the Unix epoch, inclusive. */
  readonly not_before?: number;
  /** Milliseconds since the Unix epoch, exclusive. */
  readonly expires_at?: number;
  /** How often it may be used, 1 to 4,294,967,295. */
  readonly max_uses?: number;
  readonly tier_ceiling?: Tier;
  /** How well the caller must be known; absent is 0. */
  readonly trust_floor?: Trust;
  /** How much may be used in a time, at most 8; each has an id of its own. */
  readonly limits?: readonly Limit[];
}

/** A grant that can decide. Compile it at deploy time, not per request. */
export interface Grant {
  /** The compiled form: versioned, checked for shape on load, proof of nothing. A fresh copy each time. */
  readonly bytes: Uint8Array;
}

/** A grant with the document that it was compiled from. */
export interface CompiledGrant extends Grant {
  /** A frozen copy of the document. */
  readonly document: GrantDocument;
}

/** The bytes of a handle, behind which the ids of the limits stand. */
const HANDLE_LENGTH = 12;

/** The grant behind both interfaces: its bytes, and where they lie in the engine's cache. */
export class Loaded implements Grant {
  readonly #bytes: Uint8Array;
  /** The handle as three integers; zeros, which no digest is, before it is loaded. */
  #slot = 0;
  #low = 0;
  #high = 0;
  /** The ids of its limits, in their order; empty before it is loaded. */
  #limits: readonly string[] = [];

  constructor(compiled: Uint8Array) {
    this.#bytes = compiled;
  }

  get bytes(): Uint8Array {
    return this.#bytes.slice();
  }

  static is(value: unknown): value is Loaded {
    return typeof value === "object" && value !== null && #bytes in value;
  }

  /** The bytes themselves, for the engine. */
  static bytesOf(grant: Loaded): Uint8Array {
    return grant.#bytes;
  }

  /** The ids of its limits, once it is loaded. */
  static limitsOf(grant: Loaded): readonly string[] {
    return grant.#limits;
  }

  /** Writes the handle. */
  static writeHandle(grant: Loaded, data: DataView, at: number): void {
    data.setInt32(at, grant.#slot, true);
    data.setInt32(at + 4, grant.#low, true);
    data.setInt32(at + 8, grant.#high, true);
  }

  /** Puts the grant into the engine's cache; throws if the bytes are not usable. */
  static load(grant: Loaded): void {
    const { length } = answer(sendBytes("load_grant", grant.#bytes));
    grant.#slot = view.getInt32(address, true);
    grant.#low = view.getInt32(address + 4, true);
    grant.#high = view.getInt32(address + 8, true);
    grant.#limits = length === HANDLE_LENGTH ? [] : text(length, HANDLE_LENGTH).split("\n").map(asKey);
  }
}

/** The same text as engines keep the names of properties: comparing and storing by any other copy of it takes several times as long. */
function asKey(text: string): string {
  return Object.keys({ [text]: 0 })[0] as string;
}

class Compiled extends Loaded implements CompiledGrant {
  readonly document: GrantDocument;

  constructor(compiled: Uint8Array, document: Plain) {
    super(compiled);
    this.document = document as unknown as GrantDocument;
  }
}

/**
 * Parses and checks a grant document once.
 *
 * @throws {WardedError} the document is wrong; `field` says where.
 * @throws {TypeError} a field is `undefined`, `null`, an empty list or not data: what was meant to narrow must not mean "anything".
 */
export function compileGrant(document: GrantDocument): CompiledGrant {
  if (typeof document !== "object" || document === null) throw wrongType("document", "an object", document);
  const copy = plain(document, "");
  return new Compiled(answer(sendBytes("compile_grant", utf8(JSON.stringify(copy)))), copy);
}

/**
 * A grant from compiled bytes, checked for shape only: safe only if nobody else could have written the bytes.
 *
 * @throws {WardedError} `invalid_compiled`: the bytes are damaged or of another version.
 */
export function loadGrant(bytes: Uint8Array): Grant {
  const grant = new Loaded(bytesArgument("bytes", bytes).slice());
  Loaded.load(grant);
  return grant;
}
