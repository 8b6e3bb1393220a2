import { wrongType } from "./argument.js";
import { type Plain, plain } from "./document.js";

/** The counters of one link: stored by whoever accepts the request, by compare-and-set on `revision`. */
export interface Usage {
  /** Raised by one at each change. */
  readonly revision: number;
  /** How often the link has allowed a request. */
  readonly uses: number;
  /** When it last did, in milliseconds; 0 for never. */
  readonly last: number;
}

const has = Object.prototype.hasOwnProperty;

/** A usage whose properties have been read, each once. */
export class ReadUsage {
  revision = 0;
  uses = 0;
  last = 0;
  /** What was given, if it is not just counters: for the engine to refuse by name. */
  odd: Record<string, unknown> | undefined = undefined;

  constructor(usage: unknown, index: number) {
    if (usage === undefined) return;
    if (typeof usage !== "object" || usage === null) throw wrongType(placeOf(index), "an object, or undefined for none", usage);
    const given = usage as Record<string, unknown>;
    for (const name in given) {
      if (!has.call(given, name)) continue;
      const value = given[name];
      if (!isCounter(value)) this.odd = { ...this.odd, [name]: value };
      else if (name === "revision") this.revision = value;
      else if (name === "uses") this.uses = value;
      else if (name === "last") this.last = value;
      else this.odd = { ...this.odd, [name]: value };
    }
  }

  /** The usage as a document again. */
  document(index: number): Plain {
    const { odd, ...counters } = this;
    return plain({ ...counters, ...odd }, placeOf(index));
  }
}

function placeOf(index: number): string {
  return `chain[${index}].usage`;
}

/** A number that a document can count with. */
export function isCounter(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
