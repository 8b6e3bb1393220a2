// Mistakes of the calling code: errors that name the argument and say what it got, never its content.

/** What a value is, for a message. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  switch (typeof value) {
    case "undefined":
      return "undefined";
    case "object": {
      const tag = Object.prototype.toString.call(value).slice(8, -1);
      return tag === "Object" ? "an object" : `a ${tag}`;
    }
    default:
      return `a ${typeof value}`;
  }
}

export function wrongType(argument: string, expected: string, value: unknown): TypeError {
  return new TypeError(`${argument}: expected ${expected}, got ${kindOf(value)}`);
}

/** The argument, which must be a string. */
export function string(argument: string, value: unknown): string {
  if (typeof value !== "string") throw wrongType(argument, "a string", value);
  return value;
}

/** The argument, which must be bytes; of any realm, so by tag and not by class. */
export function bytes(argument: string, value: unknown): Uint8Array {
  if (value instanceof Uint8Array || Object.prototype.toString.call(value) === "[object Uint8Array]") {
    return value as Uint8Array;
  }
  throw wrongType(argument, "a Uint8Array", value);
}

/** The argument, which must be so many bytes. */
export function exactly(argument: string, length: number, value: unknown): Uint8Array {
  const given = bytes(argument, value);
  if (given.length !== length) throw new RangeError(`${argument}: expected ${length} bytes, got ${given.length}`);
  return given;
}

const has = Object.prototype.hasOwnProperty;

/** Calls `take` once for each own property of an object, with its value read once; `take` refuses names that it does not know. */
export function eachProperty(
  argument: string,
  value: unknown,
  take: (name: string, value: unknown) => boolean,
): void {
  if (typeof value !== "object" || value === null) throw wrongType(argument, "an object", value);
  const object = value as Record<string, unknown>;
  for (const name in object) {
    if (!has.call(object, name)) continue;
    if (!take(name, object[name])) throw new TypeError(`${argument}: unknown property \`${name}\``);
  }
}

/** Options, each read once; a name that is not among `names` is refused, because what it was meant to change would stay as it is. */
export function optionsOf<T extends object>(value: T, names: readonly (keyof T & string)[]): T {
  const taken: Record<string, unknown> = {};
  eachProperty("options", value, (name, given) => {
    if (!(names as readonly string[]).includes(name)) return false;
    taken[name] = given;
    return true;
  });
  return taken as T;
}

/** The argument, which must be a whole number from `least` to `most`. */
export function whole(argument: string, value: unknown, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== "number") throw wrongType(argument, "a number", value);
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(`${argument}: expected a whole number from ${least} to ${most}, got ${value}`);
  }
  return value;
}
