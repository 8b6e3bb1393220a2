// What a request takes from the stored usages, and gives back: decide, then compare and set, and again when another request was faster.

import { type Cost, decide, type Decision, type Link, type RequestDocument, settle, type Usage, WardedError } from "./internal.js";
import type { Found, FoundLink, GuardOptions } from "./edge-guard.js";
import { NO_ADDRESS, type Refusal, USAGE_UNAVAILABLE } from "./edge-refusal.js";
import { type Change, KEPT_AFTER_END, type UsageStore } from "./edge-usage.js";

/** Each lost race means that another request has won one, so this many in flight at once are served. */
const ATTEMPTS = 256;

export interface Accepted {
  readonly decision: Decision;
  readonly time: number;
}

/** Decides, and stores what an allow has used; decides again when another request was faster. A refusal if it came to no decision. */
export async function accept(
  { usage: store, policy }: GuardOptions<never>,
  { chain }: Found,
  request: Omit<RequestDocument, "now">,
  clock: () => number,
): Promise<Accepted | Refusal> {
  try {
    let usages = await stored(() => store.read(chain.map(({ id }) => id)));
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const time = clock();
      const links: Link[] = chain.map(({ grant }, index) => ({ grant, usage: usages[index] }));
      const decision = decide({ chain: links, request: { ...request, now: time }, ...(policy === undefined ? {} : { policy }) });
      if (decision.decision !== "allow") return { decision, time };
      const newer = await stored(() => store.swap(changes(chain, usages, decision.usages)));
      if (newer === undefined) return { decision, time };
      usages = newer;
    }
  } catch (error) {
    if (isNoAddress(error)) return NO_ADDRESS;
    if (!(error instanceof StoreFailure)) throw error;
  }
  return USAGE_UNAVAILABLE;
}

/** Whether the platform's address is a text that is none; anything but a text is a mistake of the program. */
function isNoAddress(error: unknown): boolean {
  return error instanceof WardedError && error.field === "request.ip" && error.code !== "wrong_type";
}

/** Not an error for callers, but the way out when the store fails. */
class StoreFailure {}

/** What a store answers. Whatever it fails with is not the program's mistake: an unreachable Redis over HTTP is a `TypeError`. */
async function stored<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch {
    throw new StoreFailure();
  }
}

/** Settles every link of a chain; `reservedIn` are the usages that the allow returned, whose times name the windows that it took from. */
export async function settleAll(
  store: UsageStore,
  chain: readonly FoundLink[],
  reservedIn: readonly Usage[],
  [reserved, actual]: readonly [Cost, Cost],
  clock: () => number,
): Promise<void> {
  let usages = await store.read(chain.map(({ id }) => id));
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const next = chain.map(({ grant }, index) => {
      const usage = usages[index];
      if (usage === undefined) throw new Error("settle: the usage is gone from the store");
      const reservedAt = (reservedIn[index] as Usage).last;
      return settle({ grant, usage, reserved, actual, reservedAt, now: clock() });
    });
    const stored = await store.swap(changes(chain, usages, next));
    if (stored === undefined) return;
    usages = stored;
  }
  throw new Error("settle: the usage changed too often");
}

function changes(chain: readonly FoundLink[], before: readonly (Usage | undefined)[], after: readonly Usage[]): Change[] {
  return chain.map(({ id, expiresAt }, index) => ({
    id,
    expected: before[index]?.revision ?? 0,
    next: after[index] as Usage,
    forget: expiresAt === undefined ? undefined : expiresAt + KEPT_AFTER_END,
  }));
}
