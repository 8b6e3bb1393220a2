// Usages in Cloudflare's Durable Objects: one object for each partition, which takes one request at a time.

import type { Usage } from "./internal.js";
import { type Change, isExpected, partition, type UsageStore } from "./edge-usage.js";

/** What this needs of a Durable Object namespace. */
export interface DurableObjectNamespaceLike {
  idFromName(name: string): unknown;
  get(id: never): { fetch(url: string, init: { method: string; body: string }): Promise<ResponseLike> };
}

interface ResponseLike {
  readonly ok: boolean;
  readonly status: number;
  json(): Promise<unknown>;
}

/** What this needs of a Durable Object's state. */
export interface DurableObjectStateLike {
  readonly storage: {
    get<T>(keys: string[]): Promise<Map<string, T>>;
    put(entries: Record<string, unknown>): Promise<void>;
    list<T>(): Promise<Map<string, T>>;
    delete(keys: string[]): Promise<number>;
    getAlarm(): Promise<number | null>;
    setAlarm(time: number): Promise<void>;
  };
}

interface Kept {
  readonly usage: Usage;
  readonly forget?: number;
}

/** What one alarm deletes and one put writes: the most keys that the platform takes in a call. */
const BATCH = 128;
const DAY = 24 * 3600e3;

/** The class to export from the Worker and to bind as a Durable Object. */
export class UsageObject {
  readonly #storage: DurableObjectStateLike["storage"];

  constructor(state: DurableObjectStateLike) {
    this.#storage = state.storage;
  }

  /** `POST` with ids reads, `PUT` with changes swaps, both as JSON; only the Worker that has the binding can call it. */
  async fetch(request: Request): Promise<Response> {
    const body: unknown = await request.json();
    if (request.method === "POST") return json({ usages: await this.#read(body as string[]) });
    return json({ usages: await this.#swap(body as Change[]) });
  }

  /** Forgets usages whose grants ended long ago. */
  async alarm(): Promise<void> {
    const now = Date.now();
    const kept = [...(await this.#storage.list<Kept>())];
    const gone = kept.filter(([, { forget }]) => forget !== undefined && forget <= now).map(([id]) => id);
    for (let at = 0; at < gone.length; at += BATCH) await this.#storage.delete(gone.slice(at, at + BATCH));
    if (kept.some(([, { forget }]) => forget !== undefined && forget > now)) await this.#storage.setAlarm(now + DAY);
  }

  async #read(ids: string[]): Promise<(Usage | null)[]> {
    const kept = await this.#storage.get<Kept>(ids);
    return ids.map((id) => kept.get(id)?.usage ?? null);
  }

  // Between a read and a write of its storage an object takes no other event, so this is one step.
  async #swap(changes: Change[]): Promise<(Usage | null)[] | null> {
    const stored = await this.#read(changes.map(({ id }) => id));
    if (!isExpected(changes, stored.map((usage) => usage ?? undefined))) return stored;
    const entries = changes.map(({ id, next, forget }) => [id, { usage: next, ...(forget === undefined ? {} : { forget }) }]);
    await this.#storage.put(Object.fromEntries(entries) as Record<string, Kept>);
    const ends = changes.some(({ forget }) => forget !== undefined);
    if (ends && (await this.#storage.getAlarm()) === null) await this.#storage.setAlarm(Date.now() + DAY);
    return null;
  }
}

const json = (value: unknown): Response => new Response(JSON.stringify(value), { headers: { "content-type": "application/json" } });

/** Usages in the Durable Objects of a namespace whose class is {@link UsageObject}. */
export function durableObjectUsage(namespace: DurableObjectNamespaceLike): UsageStore {
  const ask = async (name: string, method: string, body: unknown): Promise<(Usage | null)[] | null> => {
    const object = namespace.get(namespace.idFromName(name) as never);
    const response = await object.fetch("https://usage/", { method, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`the usage object answered ${response.status}`);
    return ((await response.json()) as { usages: (Usage | null)[] | null }).usages;
  };
  const present = (usages: (Usage | null)[]): (Usage | undefined)[] => usages.map((usage) => usage ?? undefined);
  return {
    read: async (ids) => present((await ask(partition(ids), "POST", ids)) ?? []),
    swap: async (changes) => {
      const stored = await ask(partition(changes.map(({ id }) => id)), "PUT", changes);
      return stored === null ? undefined : present(stored);
    },
  };
}
