import { wrongType } from "./argument.js";
import { field, isPlain, isWellFormed, type Plain, plain, present } from "./document.js";
import { mistake } from "./error.js";
import type { Tier, Trust } from "./grant.js";
import { isCounter } from "./usage.js";

/** Who is asking. */
export interface Subject {
  readonly kind: string;
  readonly id: string;
}

/** A token to be issued: every scope of it must be covered. */
export interface IssueDocument {
  readonly scopes: readonly string[];
  readonly ttl_ms: number;
  readonly max_uses?: number;
  readonly ip_allowlist?: readonly string[];
}

/** What a request takes from limits; a unit that is absent costs nothing. */
export interface Cost {
  readonly requests?: number;
  readonly tokens?: number;
  /** Millionths of a unit of money. */
  readonly micros?: number;
}

/** What people have approved. */
export interface Approval {
  /** The digest that the decision `ask` named. */
  readonly digest: string;
  /** How many people approved it, 1 to 16. */
  readonly approvers: number;
}

/** What is being asked, by whom, from where and when; the engine believes every field. */
export interface RequestDocument {
  readonly subject?: Subject;
  readonly resource: string;
  readonly action: string;
  /** The target: a path, everything that a pattern means, a token to be issued, or none of them. */
  readonly path?: string;
  readonly listing?: string;
  readonly issue?: IssueDocument;
  /** The stored tier of the target; absent is `standard`. */
  readonly tier?: Tier;
  /** The source address as the platform knows it; absent is unknown. */
  readonly ip?: string;
  /** Milliseconds since the Unix epoch; absent is `Date.now()`. */
  readonly now?: number;
  /** How well the caller is known; absent is 0. */
  readonly trust?: Trust;
  /** Absent is `{ requests: 1 }`. */
  readonly cost?: Cost;
  /** What else is known, for the rules of a policy. */
  readonly attributes?: { readonly [name: string]: string | number | boolean };
  readonly approval?: Approval;
}

const has = Object.prototype.hasOwnProperty;

/** What a kind can be. */
const WORD = /^[a-z][a-z0-9_-]{0,31}$/;
/** A text of so many characters has at most 128 bytes. */
const SURELY_SHORT = 42;

/** A subject whose properties have been read, each once. */
export class ReadSubject {
  kind: unknown = undefined;
  id: unknown = undefined;
  /** What is there besides, or instead, for the engine to refuse. */
  odd: Record<string, unknown> | undefined = undefined;

  constructor(subject: object) {
    const given = subject as Record<string, unknown>;
    for (const name in given) {
      if (!has.call(given, name)) continue;
      const value = given[name];
      if (name === "kind" && typeof value === "string") this.kind = value;
      else if (name === "id" && typeof value === "string") this.id = value;
      else this.odd = { ...this.odd, [name]: value };
    }
  }

  get isOrdinary(): boolean {
    const { kind, id } = this;
    if (this.odd !== undefined || typeof kind !== "string" || typeof id !== "string") return false;
    return id.length >= 1 && id.length <= SURELY_SHORT && isWellFormed(id) && WORD.test(kind);
  }

  /** The subject as an object again. */
  get fields(): object {
    const { odd, ...known } = this;
    return { ...present(known), ...odd };
  }
}

/** A cost whose properties have been read, each once. */
export class ReadCost {
  requests: unknown = undefined;
  tokens: unknown = undefined;
  micros: unknown = undefined;
  /** What is there besides, or instead, for the engine to refuse. */
  odd: Record<string, unknown> | undefined = undefined;

  constructor(cost: object) {
    const given = cost as Record<string, unknown>;
    for (const name in given) {
      if (!has.call(given, name)) continue;
      const value = given[name];
      if (!isCounter(value)) this.odd = { ...this.odd, [name]: value };
      else if (name === "requests") this.requests = value;
      else if (name === "tokens") this.tokens = value;
      else if (name === "micros") this.micros = value;
      else this.odd = { ...this.odd, [name]: value };
    }
  }

  /** The cost as an object again. */
  get fields(): object {
    const { odd, ...known } = this;
    return { ...present(known), ...odd };
  }
}

/** What the name of an attribute can be. */
const NAME = /^[a-z][a-z0-9_.-]{0,63}$/;
/** A text of so many characters has at most 1 KiB. */
const SURELY_FITS = 341;
const MAX_ATTRIBUTES = 64;

/** Attributes whose names and values have been read, each once. */
export class ReadAttributes {
  readonly names: string[] = [];
  readonly values: unknown[] = [];

  constructor(attributes: object) {
    const given = attributes as Record<string, unknown>;
    for (const name in given) {
      if (!has.call(given, name)) continue;
      this.names.push(name);
      this.values.push(given[name]);
    }
  }

  /** Whether the engine certainly takes them. */
  get isOrdinary(): boolean {
    if (this.names.length > MAX_ATTRIBUTES) return false;
    for (const name of this.names) if (!NAME.test(name)) return false;
    for (const value of this.values) {
      const fits = typeof value === "string" ? isText(value) : typeof value === "boolean" || isCounter(value);
      if (!fits) return false;
    }
    return true;
  }

  /** The attributes as an object again. */
  get fields(): object {
    return Object.fromEntries(this.names.map((name, index) => [name, this.values[index]]));
  }
}

function isText(value: string): boolean {
  return value.length <= SURELY_FITS && isWellFormed(value);
}

const DIGEST = /^[0-9a-f]{64}$/;
const MAX_APPROVERS = 16;

/** An approval whose properties have been read, each once. */
export class ReadApproval {
  digest: unknown = undefined;
  approvers: unknown = undefined;
  /** What is there besides, for the engine to refuse. */
  odd: Record<string, unknown> | undefined = undefined;

  constructor(approval: object) {
    const given = approval as Record<string, unknown>;
    for (const name in given) {
      if (!has.call(given, name)) continue;
      const value = given[name];
      if (name === "digest" && value !== undefined) this.digest = value;
      else if (name === "approvers" && value !== undefined) this.approvers = value;
      else this.odd = { ...this.odd, [name]: value };
    }
  }

  /** Whether the engine certainly takes it. */
  get isOrdinary(): boolean {
    const { digest, approvers } = this;
    if (this.odd !== undefined || typeof digest !== "string" || !DIGEST.test(digest)) return false;
    return isCounter(approvers) && approvers >= 1 && approvers <= MAX_APPROVERS;
  }

  /** The approval as an object again. */
  get fields(): object {
    const { odd, ...known } = this;
    return { ...present(known), ...odd };
  }
}

/** A request whose properties have been read, each once; what is `undefined` is absent. */
export class ReadRequest {
  subject: unknown = undefined;
  resource: unknown = undefined;
  action: unknown = undefined;
  path: unknown = undefined;
  listing: unknown = undefined;
  issue: unknown = undefined;
  tier: unknown = undefined;
  ip: unknown = undefined;
  now: unknown = undefined;
  trust: unknown = undefined;
  cost: unknown = undefined;
  attributes: unknown = undefined;
  approval: unknown = undefined;
  /** The properties for which the packed layout has no room, or that a request does not have: for the engine. */
  unknown: Record<string, unknown> | undefined = undefined;

  constructor(request: unknown) {
    if (typeof request !== "object" || request === null) throw wrongType("request", "an object", request);
    const given = request as Record<string, unknown>;
    // A loop with a switch costs half of nine look-ups and a check that there is nothing else.
    for (const name in given) {
      if (!has.call(given, name)) continue;
      const value = given[name];
      if (value === undefined || value === null) throw absent(name, value);
      take(this, name, value);
    }
    this.now ??= Date.now();
  }

  /** Whether the subject is certainly well-formed; if not, the engine says why. */
  get hasOrdinarySubject(): boolean {
    const { subject } = this;
    return subject === undefined || (subject instanceof ReadSubject && subject.isOrdinary);
  }

  /** Whether the cost, if there is one, is certainly well-formed. */
  get hasOrdinaryCost(): boolean {
    const { cost } = this;
    return cost === undefined || (cost instanceof ReadCost && cost.odd === undefined);
  }

  /** Whether the attributes and the approval, if they are there, are certainly well-formed. */
  get hasOrdinaryRest(): boolean {
    const { attributes, approval } = this;
    return (
      (attributes === undefined || (attributes instanceof ReadAttributes && attributes.isOrdinary)) &&
      (approval === undefined || (approval instanceof ReadApproval && approval.isOrdinary))
    );
  }

  /** The request as a document again. */
  document(): Plain {
    const { unknown, subject, cost, attributes, approval, ...known } = this;
    const parts = {
      subject: subject instanceof ReadSubject ? subject.fields : subject,
      cost: cost instanceof ReadCost ? cost.fields : cost,
      attributes: attributes instanceof ReadAttributes ? attributes.fields : attributes,
      approval: approval instanceof ReadApproval ? approval.fields : approval,
    };
    return plain({ ...present({ ...known, ...parts }), ...unknown }, "request");
  }
}

// Not a private method: those cost each instance a mark of its own.
function take(request: ReadRequest, name: string, value: unknown): void {
  switch (name) {
    case "subject":
      request.subject = isPlain(value) ? new ReadSubject(value) : value;
      return;
    case "resource":
      request.resource = value;
      return;
    case "action":
      request.action = value;
      return;
    case "path":
      request.path = value;
      return;
    case "listing":
      request.listing = value;
      return;
    case "issue":
      request.issue = value;
      return;
    case "tier":
      request.tier = value;
      return;
    case "ip":
      request.ip = value;
      return;
    case "now":
      request.now = value;
      return;
    case "trust":
      request.trust = value;
      return;
    case "cost":
      request.cost = isPlain(value) ? new ReadCost(value) : value;
      return;
    case "attributes":
      request.attributes = isPlain(value) ? new ReadAttributes(value) : value;
      return;
    case "approval":
      request.approval = isPlain(value) ? new ReadApproval(value) : value;
      return;
    default:
      request.unknown = { ...request.unknown, [name]: value };
  }
}

function absent(name: string, value: null | undefined): TypeError {
  return mistake("wrong_type", field("request", name), `expected a value, or no such field, got ${value}`);
}
