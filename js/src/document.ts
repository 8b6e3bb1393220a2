// Documents on their way in: a copy of plain data, each property read once, in which everything that JSON cannot say is refused by name.

import { kindOf } from "./argument.js";
import { mistake, WardedError } from "./error.js";

/** How deep the engine reads. */
const MAX_DEPTH = 32;

/** Data as JSON has it, without `null`. */
export type Plain = string | number | boolean | readonly Plain[] | { readonly [name: string]: Plain };

/** A frozen copy of a document that stands at `place`, which is empty for the document itself. */
export function plain(value: unknown, place: string, depth = MAX_DEPTH): Plain {
  switch (typeof value) {
    case "string":
      return wellFormed(value, place);
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) throw mistake("out_of_range", place, `expected a number, got ${value}`);
      return value;
    case "object":
      if (value === null) break;
      if (depth === 0) throw new WardedError("too_deep", `\`${place}\`: nested too deeply`, place);
      if (Array.isArray(value)) return list(value, place, depth - 1);
      if (Object.prototype.toString.call(value) === "[object Object]") return object(value, place, depth - 1);
  }
  throw mistake("wrong_type", place, `expected ${expected(value)}, got ${kindOf(value)}`);
}

/** A field that is there without a value was meant to narrow something, and must not mean "anything". */
function expected(value: unknown): string {
  return value === undefined || value === null ? "a value, or no such field" : "plain data";
}

/** Made once, it costs a third of a walk over even a short text: of what they keep in single bytes, runtimes know that it has none. */
const HALF_PAIR = /\p{Surrogate}/u;

/** Whether UTF-8 can say a text: it has nothing for half of a surrogate pair, and encoders make the same character of each. */
export function isWellFormed(text: string): boolean {
  return !HALF_PAIR.test(text);
}

/** The text that stands at `place`, which must be one that UTF-8 can say. */
export function wellFormed(text: string, place: string): string {
  if (!isWellFormed(text)) {
    throw new WardedError("invalid_text", `\`${place}\`: text is malformed: half of a surrogate pair`, place);
  }
  return text;
}

function list(value: readonly unknown[], place: string, depth: number): Plain {
  const { length } = value;
  const copy: Plain[] = [];
  for (let index = 0; index < length; index++) copy.push(plain(value[index], `${place}[${index}]`, depth));
  return Object.freeze(copy);
}

function object(value: object, place: string, depth: number): Plain {
  const copy: Record<string, Plain> = {};
  for (const name of Object.keys(value)) {
    const inner = plain((value as Record<string, unknown>)[name], field(place, name), depth);
    // Not an assignment: the name can be `__proto__`.
    Object.defineProperty(copy, name, { value: inner, enumerable: true });
  }
  return Object.freeze(copy);
}

/** Whether a value is an object of no class, whose properties are all there is to it. */
export function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** The properties that are not `undefined`. */
export function present(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

/** The place of a field. A name that does not look like one is not repeated: it could be a value that slipped. */
export function field(place: string, name: string): string {
  const shown = /^[A-Za-z0-9_.-]{1,64}$/.test(name) ? name : "?";
  return place === "" ? shown : `${place}.${shown}`;
}
