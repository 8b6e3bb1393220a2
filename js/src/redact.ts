import { eachProperty, string, wrongType } from "./argument.js";
import { integer, json, sendBytes, utf8 } from "./engine.js";
import { WardedError } from "./error.js";

/** Names of fields, however they are spelled: `api_key`, `apiKey` and `API-Key` are one name. */
export interface RedactOptions {
  /** Names to mask by, besides those that the engine knows. */
  readonly fields?: readonly string[];
  /** Names not to mask by. Their values are still masked where they have the form of a known credential. */
  readonly keep?: readonly string[];
}

/** How deep the engine reads. */
const MAX_DEPTH = 32;
/** What stands in the place of what was masked. */
const MASK = "[redacted]";

/**
 * A deep copy with credentials masked as `[redacted]`: by the names of fields, and wherever text holds what looks like one.
 *
 * What comes out is what JSON can say: `toJSON` is called where there is one, an `Error` becomes its name, message, stack and cause, a
 * `bigint` its digits, and bytes are masked as a whole; `undefined`, functions and symbols are left out of objects, and `null` in lists.
 * The entries of a `Map`, a `Set` or `Headers` are not seen: pass `Object.fromEntries(headers)`. Each property is read once.
 *
 * @throws {WardedError} `too_deep` beyond 32 levels, as a cycle is; `limit_exceeded` above 1 MiB of JSON.
 */
export function redact(value: string, options?: RedactOptions): string;
export function redact(value: unknown, options?: RedactOptions): unknown;
export function redact(value: unknown, options?: RedactOptions): unknown {
  const names = utf8(options === undefined ? "" : readOptions(options));
  const document = JSON.stringify(copy(value, MAX_DEPTH));
  // There is nothing in JSON for `undefined`, a function or a symbol.
  if (document === undefined) return undefined;
  return json(sendBytes("redact", integer(names.length), names, utf8(document)));
}

/** The names as the engine reads them: one to a line, behind a sign. */
function readOptions(options: unknown): string {
  let lines = "";
  eachProperty("options", options, (name, value) => {
    if (name !== "fields" && name !== "keep") return false;
    if (!Array.isArray(value)) throw wrongType(`options.${name}`, "an array", value);
    const sign = name === "fields" ? "+" : "-";
    value.forEach((entry, index) => {
      // Signs play no part in a name, and a line break would end it.
      lines += `${sign}${string(`options.${name}[${index}]`, entry).replaceAll("\n", " ")}\n`;
    });
    return true;
  });
  return lines;
}

/** Plain data of anything; what JSON has nothing for is `undefined`. */
function copy(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case "string":
      return value.replace(/\p{Surrogate}/gu, "\ufffd");
    case "bigint":
      return value.toString();
    case "number":
    case "boolean":
      return value;
    case "object":
      return value === null ? null : copyObject(value, depth);
  }
  return undefined;
}

function copyObject(value: object, depth: number): unknown {
  if (depth === 0) throw new WardedError("too_deep", "nested too deeply, or in itself");
  if (ArrayBuffer.isView(value) || /ArrayBuffer\]$/.test(Object.prototype.toString.call(value))) return MASK;
  if (Array.isArray(value)) return Array.from(value, (entry) => copy(entry, depth - 1));
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") return copy(toJSON.call(value, ""), depth - 1);
  // Without a prototype an assignment to `__proto__` is one like any other.
  const plain: Record<string, unknown> = Object.create(null);
  const names = value instanceof Error ? ["name", "message", "stack", "cause", ...Object.keys(value)] : Object.keys(value);
  for (const name of new Set(names)) plain[name] = copy((value as Record<string, unknown>)[name], depth - 1);
  return plain;
}
