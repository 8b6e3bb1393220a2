import { wrongType } from "./argument.js";
import { putHex } from "./bytes.js";
import { wellFormed } from "./document.js";
import { memory, view, write } from "./engine.js";

/** Where a sealed value belongs: it opens there only. A field that is absent is bound as absent. */
export interface Context {
  readonly purpose?: string;
  /** 32 lower-case hex digits. */
  readonly tenant?: string;
  readonly object?: string;
  readonly path?: string;
  /** 0 to 2^53-1. */
  readonly version?: number;
}

const has = Object.prototype.hasOwnProperty;
const HEX = /^[0-9a-f]{32}$/;

/** A context that has been read: once, before anything is written. */
export class BoundContext {
  purpose = "";
  tenant = "";
  object = "";
  path = "";
  version = -1;

  constructor(context: Context) {
    if (typeof context !== "object" || context === null) throw wrongType("context", "an object", context);
    const given = context as Record<string, unknown>;
    for (const name in given) {
      if (has.call(given, name)) take(this, name, given[name]);
    }
  }

  /** The room that the context can take in the buffer. */
  get room(): number {
    return 5 * 4 + 16 + 8 + 3 * (this.purpose.length + this.object.length + this.path.length);
  }

  /** Writes the context as the envelope binds it, and returns the end. */
  write(at: number): number {
    const purpose = writeText(this.purpose, at);
    const object = writeText(this.object, writeTenant(this.tenant, purpose));
    return writeVersion(this.version, writeText(this.path, object));
  }
}

function take(context: BoundContext, name: string, value: unknown): void {
  switch (name) {
    case "purpose":
    case "object":
    case "path":
      if (typeof value !== "string") throw wrongType(`context.${name}`, "a string", value);
      context[name] = wellFormed(value, `context.${name}`);
      return;
    case "tenant":
      context.tenant = tenant(value);
      return;
    case "version":
      context.version = version(value);
      return;
    default:
      throw new TypeError(`context: unknown property \`${name}\``);
  }
}

function tenant(value: unknown): string {
  if (typeof value !== "string") throw wrongType("context.tenant", "a string", value);
  if (!HEX.test(value)) throw new RangeError("context.tenant: expected 32 lower-case hex digits");
  return value;
}

function version(value: unknown): number {
  if (typeof value !== "number") throw wrongType("context.version", "a number", value);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new RangeError(`context.version: expected a whole number from 0 to 2^53-1, got ${value}`);
}

function writeText(text: string, at: number): number {
  const end = write(text, at + 4);
  view.setUint32(at, end - at - 4);
  return end;
}

function writeTenant(tenant: string, at: number): number {
  view.setUint32(at, tenant.length / 2);
  return putHex(tenant, memory, at + 4);
}

function writeVersion(version: number, at: number): number {
  if (version < 0) {
    view.setUint32(at, 0);
    return at + 4;
  }
  view.setUint32(at, 8);
  view.setUint32(at + 4, Math.floor(version / 2 ** 32));
  view.setUint32(at + 8, version >>> 0);
  return at + 12;
}

