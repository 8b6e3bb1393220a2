// Where usages live. The engine only computes the next one: whoever stores it decides whether a use can be counted twice.

import type { Usage } from "./internal.js";

/** The usage of one link, as it was read and as it shall be. */
export interface Change {
  readonly id: string;
  /** The revision that was read; 0 for none. */
  readonly expected: number;
  readonly next: Usage;
  /** When the usage may be forgotten, in milliseconds since the Unix epoch; absent is never. */
  readonly forget?: number | undefined;
}

/**
 * Keeps usages and swaps them by compare-and-set.
 *
 * The first id names the partition: a store may keep what belongs together in one place, and must swap all of it or nothing.
 * An eventually consistent store cannot do that, and so cannot count uses.
 */
export interface UsageStore {
  /** The usages as stored, `undefined` for none. */
  read(ids: readonly string[]): Promise<readonly (Usage | undefined)[]>;
  /** Stores every change if every stored revision is the one expected, and returns `undefined`; else stores nothing and returns the usages as stored. */
  swap(changes: readonly Change[]): Promise<readonly (Usage | undefined)[] | undefined>;
}

/** How long after its grant's end a usage is kept: a clock that is behind must not find a fresh one. */
export const KEPT_AFTER_END = 2 * 24 * 3600e3;

/** Usages in this process: exact for one process that lives as long as its tokens, and for tests. */
export function memoryUsage(options: { readonly most?: number } = {}): UsageStore {
  const { most = 100_000 } = options;
  if (!Number.isSafeInteger(most) || most < 1) throw new RangeError(`most: expected a whole number from 1, got ${most}`);
  const kept = new Map<string, { usage: Usage; forget: number }>();
  const current = (id: string): Usage | undefined => kept.get(id)?.usage;
  const makeRoom = (wanted: number): void => {
    if (kept.size + wanted <= most) return;
    const now = Date.now();
    for (const [id, { forget }] of kept) if (forget <= now) kept.delete(id);
    // Dropping one that still counts would give its uses back.
    if (kept.size + wanted > most) throw new Error(`memoryUsage: ${most} usages are kept, and none may be forgotten yet`);
  };
  return {
    read: async (ids) => ids.map(current),
    swap: async (changes) => {
      const stored = changes.map(({ id }) => current(id));
      if (!isExpected(changes, stored)) return stored;
      makeRoom(changes.filter(({ id }) => !kept.has(id)).length);
      for (const { id, next, forget = Infinity } of changes) kept.set(id, { usage: next, forget });
      return undefined;
    },
  };
}

/** Whether every stored usage has the revision that its change expects. */
export function isExpected(changes: readonly Change[], stored: readonly (Usage | undefined)[]): boolean {
  return changes.every(({ expected }, index) => (stored[index]?.revision ?? 0) === expected);
}

/** The id that names the partition. */
export function partition(ids: readonly string[]): string {
  const [first] = ids;
  if (first === undefined) throw new RangeError("ids: expected at least one");
  return first;
}
