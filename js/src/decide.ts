import { wrongType } from "./argument.js";
import type { ReasonCode } from "./codes.js";
import { integer, json, sendBytes, STALE, status, utf8 } from "./engine.js";
import { type Grant, Loaded, type Tier } from "./grant.js";
import { decidePacked, MAX_LINKS } from "./packed.js";
import { LoadedPolicy, type Policy } from "./policy.js";
import { ReadRequest, type RequestDocument } from "./request.js";
import { append, ReadUsage, type Usage } from "./usage.js";

/** A grant with what has been used of it. */
export interface Link {
  readonly grant: Grant;
  /** As stored after the last allow; `undefined` for none yet. */
  readonly usage?: Usage | undefined;
}

export interface DecideOptions {
  /** Through what the request comes, outermost first: agent, token, narrower tokens. At most 4. */
  readonly chain: readonly Link[];
  /** The operator's rules; left out, what the chain allows is allowed. */
  readonly policy?: Policy;
  readonly request: RequestDocument;
}

/** A clause that failed, and the link or the rule whose clause it is. */
export interface Reason {
  readonly code: ReasonCode;
  /** The link's place in the chain, 0 for the outermost; absent for a clause of the policy. */
  readonly link?: number;
  /** The id of the policy's rule; absent if no rule decided. */
  readonly rule?: string;
}

/** How a limit stands: after an allow with the request's cost taken, otherwise as it was. */
export interface Standing {
  /** The link's place in the chain, 0 for the outermost. */
  readonly link: number;
  /** The limit's id in that link's grant. */
  readonly id: string;
  /** How much of its unit can be taken now. */
  readonly remaining: number;
  /** When all of it will be there again if nothing more is taken: for a window its end. */
  readonly reset: number;
  /** When it will have enough for the request that it refused; `null` if it did not refuse, or never will. */
  readonly retry_after: number | null;
}

/** What people have to approve. */
export interface NeededApproval {
  /** What was asked, as a digest, for `request.approval`: of a use who asks, the grant, the action, the path or listing, and the rules that ask. */
  readonly digest: string;
  /** How many people must approve. */
  readonly approvers: number;
  readonly tier: Tier;
  /** The ids of the rules that ask. */
  readonly rules: readonly string[];
}

export interface Decision {
  /** An allow is provisional until the usages are stored. */
  readonly decision: "allow" | "ask" | "deny";
  /** Every clause that failed; empty exactly for an allow. */
  readonly reasons: readonly Reason[];
  /** What to store for each link, in the order of the chain; unchanged unless allowed. */
  readonly usages: readonly Usage[];
  /** How each limit of each link stands, in the order of the chain and of its grants. */
  readonly limits: readonly Standing[];
  /** What people have to approve; `null` unless the decision is `ask`. */
  readonly approval: NeededApproval | null;
}

/**
 * Decides a request that comes through a chain of grants. Pure: it reads no clock except for `request.now`, and stores nothing.
 *
 * @throws {WardedError} the request or a usage is malformed; `field` says where.
 * @throws {TypeError} a field is `undefined` or `null`, or an argument is not what it should be.
 */
export function decide(options: DecideOptions): Decision {
  const asked = readAsked(options);
  // What the packed layout has no room for, and all that is wrong, goes to the engine as a document: it says what is wrong.
  return decidePacked(asked) ?? askDocument<Decision>("decide_document", asked);
}

/** What is asked, its properties read, each once. */
export interface Asked {
  readonly links: readonly ReadLink[];
  readonly policy: LoadedPolicy | undefined;
  readonly request: ReadRequest;
}

const has = Object.prototype.hasOwnProperty;

/** Reads the options of a decision; `take` those that only its caller knows. */
export function readAsked(options: unknown, take?: (name: string, value: unknown) => boolean): Asked {
  if (typeof options !== "object" || options === null) throw wrongType("options", "an object", options);
  const given = options as Record<string, unknown>;
  let chain, policy, request;
  for (const name in given) {
    if (!has.call(given, name)) continue;
    if (name === "chain") chain = given[name];
    else if (name === "policy") policy = readPolicy(given[name]);
    else if (name === "request") request = given[name];
    else if (!take?.(name, given[name])) throw new TypeError(`options: unknown property \`${name}\``);
  }
  return { links: readChain(chain), policy, request: new ReadRequest(request) };
}

/** A policy that is there and is none was meant to narrow: it must not mean "what the chain allows". */
function readPolicy(policy: unknown): LoadedPolicy {
  if (!LoadedPolicy.is(policy)) {
    throw wrongType("policy", "a policy that compilePolicy of this copy of the package made, or no such property", policy);
  }
  return policy;
}

/** A link whose properties have been read, each once. */
export interface ReadLink {
  readonly grant: Loaded;
  readonly usage: ReadUsage;
}

function readChain(chain: unknown): ReadLink[] {
  if (!Array.isArray(chain)) throw wrongType("chain", "an array", chain);
  const { length } = chain;
  let links: ReadLink[] | undefined;
  for (let index = 0; index < length; index++) links = append(links, readLink(chain[index], index));
  return links ?? [];
}

function readLink(link: unknown, index: number): ReadLink {
  if (typeof link !== "object" || link === null) throw wrongType(`chain[${index}]`, "an object", link);
  const given = link as Record<string, unknown>;
  let grant, usage;
  for (const name in given) {
    if (!has.call(given, name)) continue;
    if (name === "grant") grant = given[name];
    else if (name === "usage") usage = given[name];
    else throw new TypeError(`chain[${index}]: unknown property \`${name}\``);
  }
  if (!Loaded.is(grant)) throw notAGrant(index, grant);
  return { grant, usage: new ReadUsage(usage, index) };
}

function notAGrant(index: number, value: unknown): TypeError {
  return wrongType(`chain[${index}].grant`, "a grant that compileGrant of this copy of the package made", value);
}

/** An answer through documents: slower, and exact about what is wrong. */
export function askDocument<T>(name: "decide_document" | "explain_document" | "filter", asked: Asked, more?: object): T {
  const { policy, request } = asked;
  // A chain that is too long is refused by the engine, which need not see all of it.
  const links = asked.links.slice(0, MAX_LINKS + 1);
  const chain = links.map((link, index) => ({ usage: link.usage.document(index) }));
  const document = utf8(JSON.stringify({ chain, request: request.document(), ...more }));
  const grants = links.map((link) => Loaded.bytesOf(link.grant)).flatMap((bytes) => [integer(bytes.length), bytes]);
  const ask = (): number => sendBytes(name, LoadedPolicy.handleOf(policy), integer(links.length), ...grants, document);
  let result = ask();
  if (policy !== undefined && status(result) === STALE) {
    LoadedPolicy.load(policy);
    result = ask();
  }
  return json<T>(result);
}
