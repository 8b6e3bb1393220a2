// The guard of a route: bearer token, hash, grant, decision, stored usage, and only then the work.

import {
  type Context,
  type Cost,
  type Decision,
  type Grant,
  hashToken,
  hexText,
  type Keyring,
  type ParsedToken,
  parseToken,
  type Policy,
  type RequestDocument,
  type Subject,
  type Trust,
} from "./internal.js";
import { accept, type Accepted, settleAll } from "./edge-count.js";
import { AUDIT_UNAVAILABLE, type Refusal, refusalOf, response, UNAUTHORIZED } from "./edge-refusal.js";
import type { UsageStore } from "./edge-usage.js";

/** A grant as it was found, with the name under which its usage is stored. */
export interface FoundLink {
  readonly id: string;
  readonly grant: Grant;
  /** When the grant ends, so that its usage can be forgotten long after; absent keeps it for ever. */
  readonly expiresAt?: number;
}

/** What a token stands for: the links outermost first (agent, token), and who is asking. */
export interface Found {
  readonly chain: readonly FoundLink[];
  readonly subject?: Subject;
  readonly trust?: Trust;
}

/** What the route needs. Everything that the guard finds out itself is left out. */
export type Need = Omit<RequestDocument, "ip" | "now" | "subject" | "trust" | "approval">;

/** What is recorded before the work begins. */
export interface Receipt {
  readonly time: number;
  /** The first 12 characters of the token. */
  readonly display: string;
  /** The ids of the links. */
  readonly chain: readonly string[];
  readonly need: Need;
  readonly ip: string | undefined;
  readonly decision: Decision;
}

export interface GuardOptions<Info = unknown> {
  /** The grants of a token, by the lower-case hex SHA-256 of its text; `undefined` for an unknown one. */
  readonly findGrant: (hash: string, token: ParsedToken) => Promise<Found | undefined> | Found | undefined;
  readonly usage: UsageStore;
  /**
   * The source address as the platform knows it, never as a client says it. `undefined` and `null` are unknown, and an allowlist then denies;
   * a text that is no address, such as `fe80::1%eth0` with its zone, is refused with or without one.
   */
  readonly clientIp: (request: Request, info: Info) => string | null | undefined;
  readonly policy?: Policy;
  /** Opens sealed values for requests that were allowed. */
  readonly keyring?: Keyring;
  /** Records an allowed request, durably, before the work begins; if it fails, so does the request. */
  readonly record?: (receipt: Receipt) => Promise<void>;
  /** The clock, in milliseconds; `Date.now` by default. */
  readonly now?: () => number;
}

/** A request that may go on. */
export interface Allowed {
  readonly ok: true;
  readonly decision: Decision;
  /** Who is asking, as `findGrant` said. */
  readonly subject: Subject | undefined;
  /** What may be shown of the token. */
  readonly display: string;
  /** Opens a sealed value with the guard's keyring. */
  open(sealed: Uint8Array, context?: Context): Uint8Array;
  /** Says what the work did cost, once, when that was not known before. */
  settle(actual: Cost): Promise<void>;
}

/** A request that is refused, with the answer to give. */
export interface Refused {
  readonly ok: false;
  readonly response: Response;
  readonly code: string;
  /** The decision, if it came to one: for the log, not for the one who asked. */
  readonly decision: Decision | undefined;
}

export type Guarded = Allowed | Refused;

/** A guard: answers whether a request may have what the route needs. */
export type Guard<Info = unknown> = (request: Request, need: Need, info?: Info) => Promise<Guarded>;

/** Makes a guard. */
export function guard<Info = unknown>(options: GuardOptions<Info>): Guard<Info> {
  // Here, because of a request it would look like a store that fails.
  if (!isStore(options.usage)) throw new TypeError("usage: expected a store with `read` and `swap`");
  const clock = options.now ?? Date.now;
  return async (request, need, info) => {
    const refuse = (refusal: Refusal, decision?: Decision): Refused => {
      return { ok: false, response: response(refusal, clock()), code: refusal.code, decision };
    };
    const token = bearer(request);
    if (token === undefined) return refuse(UNAUTHORIZED);
    const { hash, parsed } = token;
    const found = await options.findGrant(hash, parsed);
    if (found === undefined || found === null || found.chain.length === 0) return refuse(UNAUTHORIZED);
    const ip = options.clientIp(request, info as Info) ?? undefined;
    const accepted = await accept(options, found, asked(need, found, ip), clock);
    if ("status" in accepted) return refuse(accepted);
    const { decision } = accepted;
    if (decision.decision !== "allow") return refuse(refusalOf(decision), decision);
    if (!(await isRecorded(options, found, parsed.display, need, ip, accepted))) return refuse(AUDIT_UNAVAILABLE, decision);
    return allowed(options, found, parsed.display, need, decision, clock);
  };
}

function isStore(usage: Partial<UsageStore> | undefined): boolean {
  return typeof usage?.read === "function" && typeof usage.swap === "function";
}

interface Bearer {
  readonly parsed: ParsedToken;
  readonly hash: string;
}

/** What is known of the token of the one Authorization header, if its form and checksum are right. */
function bearer(request: Request): Bearer | undefined {
  const [, token] = /^bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  if (token === undefined) return undefined;
  try {
    return { parsed: parseToken(token), hash: hexText(hashToken(token)) };
  } catch {
    return undefined;
  }
}

function asked(need: Need, { subject, trust }: Found, ip: string | undefined): Omit<RequestDocument, "now"> {
  return {
    ...need,
    ...(ip === undefined ? {} : { ip }),
    ...(subject === undefined ? {} : { subject }),
    ...(trust === undefined ? {} : { trust }),
  };
}

async function isRecorded(
  { record }: GuardOptions<never>,
  { chain }: Found,
  display: string,
  need: Need,
  ip: string | undefined,
  { decision, time }: Accepted,
): Promise<boolean> {
  if (record === undefined) return true;
  try {
    await record({ time, display, chain: chain.map(({ id }) => id), need, ip, decision });
    return true;
  } catch {
    return false;
  }
}

function allowed(
  { keyring, usage: store }: GuardOptions<never>,
  { chain, subject }: Found,
  display: string,
  need: Need,
  decision: Decision,
  clock: () => number,
): Allowed {
  let isSettled = false;
  return {
    ok: true,
    decision,
    subject,
    display,
    open(sealed, context) {
      if (keyring === undefined) throw new TypeError("open: the guard has no `keyring`");
      return keyring.open(sealed, context);
    },
    async settle(actual) {
      if (isSettled) throw new TypeError("settle: this request is settled");
      isSettled = true;
      await settleAll(store, chain, decision.usages, [need.cost ?? { requests: 1 }, actual], clock);
    },
  };
}
