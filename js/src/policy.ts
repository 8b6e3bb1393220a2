import { bytes as bytesArgument, wrongType } from "./argument.js";
import { type Plain, plain } from "./document.js";
import { address, answer, sendBytes, utf8, view } from "./engine.js";
import type { Tier } from "./grant.js";

/** The operator's rules, evaluated beside the grants. Their order means nothing: `deny` beats `require_approval` beats `allow`. */
export interface PolicyDocument {
  readonly version: 1;
  /** How many people must approve, by tier; absent is 0, 1 and 2. */
  readonly approvals?: { readonly [tier in Tier]?: number };
  /** Attributes beside those that every policy has, by name. */
  readonly attributes?: { readonly [name: string]: AttributeDocument };
  readonly rules: readonly RuleDocument[];
}

/** An attribute of requests. */
export interface AttributeDocument {
  readonly type: "text" | "integer" | "boolean" | "address" | "host";
  /** The actions that have it. */
  readonly actions: readonly string[];
  /** Who says it: your own code, or the caller about itself. The name of the latter begins with `claimed.`, and no `allow` asks about it. */
  readonly source: "host" | "caller";
}

/** A rule. A field that is absent does not narrow. */
export interface RuleDocument {
  readonly id: string;
  readonly effect: "allow" | "deny" | "require_approval";
  /** Ids of subjects. */
  readonly subjects?: readonly string[];
  /** `resource:action` or `resource:*`. */
  readonly actions?: readonly string[];
  /** Patterns of paths. */
  readonly resources?: readonly string[];
  readonly when?: Condition;
}

/** What must hold for a rule to fire: tests, and conditions made of conditions. */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | Test;

/** One attribute and one operator. */
export type Test = { readonly attribute: string } & (
  | { readonly eq: string | number | boolean; readonly offset?: string }
  | { readonly in: readonly (string | number)[]; readonly offset?: string }
  | { readonly prefix: string }
  | { readonly lt: number | Tier }
  | { readonly lte: number | Tier }
  | { readonly gt: number | Tier }
  | { readonly gte: number | Tier }
  | { readonly cidr: readonly string[] }
  | { readonly host: readonly string[] }
  | { readonly exists: boolean }
  | { readonly from: string; readonly to: string; readonly offset?: string }
);

/** A policy that can decide. Compile it at deploy time, not per request. */
export interface Policy {
  /** The compiled form: versioned, checked for shape on load, proof of nothing. A fresh copy each time. */
  readonly bytes: Uint8Array;
}

/** A policy with the document that it was compiled from. */
export interface CompiledPolicy extends Policy {
  /** A frozen copy of the document. */
  readonly document: PolicyDocument;
}

const HANDLE_LENGTH = 12;

/** The policy behind both interfaces: its bytes, and where they lie in the engine's cache. */
export class LoadedPolicy implements Policy {
  readonly #bytes: Uint8Array;
  /** The handle as three integers; before it is loaded one that nothing has, because zeros mean no policy. */
  #slot = -1;
  #low = 0;
  #high = 0;

  constructor(compiled: Uint8Array) {
    this.#bytes = compiled;
  }

  get bytes(): Uint8Array {
    return this.#bytes.slice();
  }

  static is(value: unknown): value is LoadedPolicy {
    return typeof value === "object" && value !== null && #bytes in value;
  }

  /** The bytes themselves, for the engine. */
  static bytesOf(policy: LoadedPolicy): Uint8Array {
    return policy.#bytes;
  }

  /** The handle in twelve bytes; zeros for none. */
  static handleOf(policy: LoadedPolicy | undefined): Uint8Array {
    const handle = new Uint8Array(HANDLE_LENGTH);
    if (policy !== undefined) LoadedPolicy.writeHandle(policy, new DataView(handle.buffer), 0);
    return handle;
  }

  /** Writes the handle. */
  static writeHandle(policy: LoadedPolicy, data: DataView, at: number): void {
    data.setInt32(at, policy.#slot, true);
    data.setInt32(at + 4, policy.#low, true);
    data.setInt32(at + 8, policy.#high, true);
  }

  /** Puts the policy into the engine's cache; throws if the bytes are not usable. */
  static load(policy: LoadedPolicy): void {
    answer(sendBytes("load_policy", policy.#bytes));
    policy.#slot = view.getInt32(address, true);
    policy.#low = view.getInt32(address + 4, true);
    policy.#high = view.getInt32(address + 8, true);
  }
}

class Compiled extends LoadedPolicy implements CompiledPolicy {
  readonly document: PolicyDocument;

  constructor(compiled: Uint8Array, document: Plain) {
    super(compiled);
    this.document = document as unknown as PolicyDocument;
  }
}

/**
 * Parses and checks a policy once: its document, or the JSON text of it, whose errors then have a line and a column.
 *
 * @throws {WardedError} the policy is wrong; `field` says where.
 * @throws {TypeError} a field is `undefined`, `null`, an empty list or not data: what was meant to narrow must not mean "anything".
 */
export function compilePolicy(policy: PolicyDocument | string): CompiledPolicy {
  if (typeof policy === "string") {
    const compiled = answer(sendBytes("compile_policy_text", utf8(policy)));
    return new Compiled(compiled, plain(JSON.parse(policy), ""));
  }
  if (typeof policy !== "object" || policy === null) throw wrongType("policy", "an object or a string", policy);
  const copy = plain(policy, "");
  return new Compiled(answer(sendBytes("compile_policy", utf8(JSON.stringify(copy)))), copy);
}

/**
 * A policy from compiled bytes, checked for shape only: safe only if nobody else could have written the bytes.
 *
 * @throws {WardedError} `invalid_compiled`: the bytes are damaged or of another version.
 */
export function loadPolicy(bytes: Uint8Array): Policy {
  const policy = new LoadedPolicy(bytesArgument("bytes", bytes).slice());
  LoadedPolicy.load(policy);
  return policy;
}
