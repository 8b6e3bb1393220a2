// Records as RFC 8785 writes them, and JSON text read as strictly as the engine reads it.

import { isWellFormed } from "./document.js";

/** How deep, and how wide, the engine reads. */
const MAX_DEPTH = 32;
const MAX_FIELDS = 256;

/** A value of JSON text. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

const STRING = /"(?:[^"\\]|\\.)*"(\s*:)?/g;
const NUMBER = /-?\d[\d.eE+-]*/g;

/** A line that was read. */
export interface ReadLine {
  readonly value: Json;
  /** Whether all numbers in it are whole, plainly written and at most 2^53-1, as those of a record are. */
  readonly isPlain: boolean;
}

/** Reads JSON text; `undefined` for what is none, has a key twice in one object, half a surrogate pair, or is too deep or wide. */
export function read(text: string): ReadLine | undefined {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
  let keys = 0;
  const others = text.replace(STRING, (_, colon: string | undefined) => {
    if (colon !== undefined) keys++;
    return "";
  });
  // A key that stands twice in one object is once in what was parsed.
  if (count(value, MAX_DEPTH) !== keys) return undefined;
  const numbers = others.match(NUMBER) ?? [];
  return { value, isPlain: numbers.every((digits) => /^\d+$/.test(digits) && Number(digits) <= Number.MAX_SAFE_INTEGER) };
}

/** How many keys a value has, all its objects together; `NaN` where it is too deep, too wide or holds half a surrogate pair. */
function count(value: Json, depth: number): number {
  if (typeof value === "string") return isWellFormed(value) ? 0 : Number.NaN;
  if (typeof value !== "object" || value === null) return 0;
  if (depth === 0) return Number.NaN;
  let sum = 0;
  if (Array.isArray(value)) {
    for (const entry of value as readonly Json[]) sum += count(entry, depth - 1);
    return sum;
  }
  const names = Object.keys(value);
  if (names.length > MAX_FIELDS) return Number.NaN;
  for (const name of names) sum += 1 + count(name, 0) + count((value as Record<string, Json>)[name] as Json, depth - 1);
  return sum;
}

/** The canonical text: no spaces, keys in the order of their UTF-16 code units. */
export function canonical(value: Json): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const object = value as Record<string, Json>;
  const names = Object.keys(object).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(object[name] as Json)}`).join()}}`;
}

/** An object's own fields if it has these and no others. */
export function fieldsOf(value: Json | undefined, names: readonly string[]): Record<string, Json> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const own = Object.keys(value);
  if (own.length !== names.length || !names.every((name) => Object.hasOwn(value, name))) return undefined;
  return value as Record<string, Json>;
}
