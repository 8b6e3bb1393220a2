import { wrongType } from "./argument.js";
import { isPlain, type Plain, plain, present } from "./document.js";

/** What has been used of a bucket: `level` whole units and `fraction` parts of the next one were there at `at`. */
export interface BucketState {
  readonly level: number;
  readonly at: number;
  /** As many parts make a unit as the limit's period has milliseconds; absent is none. */
  readonly fraction?: number;
  /** What was used beyond all that was there, to be repaid first; absent is none. */
  readonly debt?: number;
}

/** What has been used of a window that began at `start`. */
export interface WindowState {
  readonly used: number;
  readonly start: number;
  /** What was used beyond the limit: the windows that follow repay it first; absent is none. */
  readonly debt?: number;
}

/** The counters of one link: stored by whoever accepts the request, by compare-and-set on `revision`. */
export interface Usage {
  /** Raised by one at each change. */
  readonly revision: number;
  /** How often the link has allowed a request. */
  readonly uses: number;
  /** When it last changed, in milliseconds; 0 for never. */
  readonly last: number;
  /** What has been used of each limit, by its id; absent for a grant without limits. */
  readonly limits?: { readonly [id: string]: BucketState | WindowState };
}

const has = Object.prototype.hasOwnProperty;

/** What a state is in the packed layout. */
export const NEITHER = 0;
export const BUCKET = 1;
export const WINDOW = 2;
/** No fraction has as many parts: the milliseconds of a day. */
const MAX_PARTS = 86_400_000;

/** The state of one limit whose properties have been read, each once. */
export class ReadState {
  readonly id: string;
  /** `BUCKET`, `WINDOW`, or `NEITHER`: then the engine says what is wrong. */
  readonly kind: number;
  /** The level of a bucket, or what is used of a window. */
  readonly amount: number;
  /** When that was, or when the window began. */
  readonly time: number;
  readonly fraction: number;
  readonly debt: number;
  /** What was given if it is neither. */
  readonly odd: Record<string, unknown> | undefined;

  constructor(id: string, state: object) {
    const given = state as Record<string, unknown>;
    let level, at, used, start, odd: Record<string, unknown> | undefined;
    let [fraction, debt] = [0, 0];
    for (const name in given) {
      if (!has.call(given, name)) continue;
      const value = given[name];
      if (!isCounter(value)) odd = { ...odd, [name]: value };
      else if (name === "level") level = value;
      else if (name === "at") at = value;
      else if (name === "used") used = value;
      else if (name === "start") start = value;
      else if (name === "fraction") fraction = value;
      else if (name === "debt") debt = value;
      else odd = { ...odd, [name]: value };
    }
    const isBucket = level !== undefined && at !== undefined && used === undefined && start === undefined;
    const isWindow = used !== undefined && start !== undefined && level === undefined && at === undefined;
    const isSound = odd === undefined && fraction < (isBucket ? MAX_PARTS : 1);
    this.id = id;
    this.kind = !isSound ? NEITHER : isBucket ? BUCKET : isWindow ? WINDOW : NEITHER;
    this.amount = level ?? used ?? 0;
    this.time = at ?? start ?? 0;
    this.fraction = fraction;
    this.debt = debt;
    this.odd = this.kind === NEITHER ? { ...present({ level, at, used, start }), ...rare(fraction, debt), ...odd } : undefined;
  }

  /** The state as an object again. */
  get fields(): object {
    const { kind, amount, time, fraction, debt, odd } = this;
    if (odd !== undefined) return odd;
    return stateOf(kind, amount, time, fraction, debt);
  }
}

/** A state as an object. */
export function stateOf(kind: number, amount: number, time: number, fraction: number, debt: number): BucketState | WindowState {
  // What is nothing is left out, and seldom is anything: an object of two properties costs a tenth of one that is put together.
  if (fraction === 0 && debt === 0) return kind === WINDOW ? { used: amount, start: time } : { level: amount, at: time };
  if (kind === WINDOW) return { used: amount, start: time, debt };
  return { level: amount, at: time, ...rare(fraction, debt) };
}

function rare(fraction: number, debt: number): { fraction?: number; debt?: number } {
  return { ...(fraction === 0 ? {} : { fraction }), ...(debt === 0 ? {} : { debt }) };
}

/** A usage whose properties have been read, each once. */
export class ReadUsage {
  revision = 0;
  uses = 0;
  last = 0;
  limits: ReadState[] | undefined = undefined;
  /** Limits whose states are no objects, and what else is not a usage's: for the engine to refuse by name. */
  oddLimits: Record<string, unknown> | undefined = undefined;
  odd: Record<string, unknown> | undefined = undefined;

  /** The usage of a link of a chain, or the only one there is. */
  constructor(usage: unknown, link?: number) {
    if (usage === undefined) return;
    if (typeof usage !== "object" || usage === null) throw wrongType(placeOf(link), "an object, or undefined for none", usage);
    const given = usage as Record<string, unknown>;
    for (const name in given) {
      if (!has.call(given, name)) continue;
      const value = given[name];
      if (name === "limits" && isPlain(value)) takeLimits(this, value as Record<string, unknown>);
      else if (!isCounter(value)) this.odd = { ...this.odd, [name]: value };
      else if (name === "revision") this.revision = value;
      else if (name === "uses") this.uses = value;
      else if (name === "last") this.last = value;
      else this.odd = { ...this.odd, [name]: value };
    }
  }

  /** Whether there is nothing for the engine to refuse. */
  get isOrdinary(): boolean {
    if (this.odd !== undefined || this.oddLimits !== undefined) return false;
    if (this.limits === undefined) return true;
    for (const state of this.limits) if (state.kind === NEITHER) return false;
    return true;
  }

  /** The usage as a document again. */
  document(link?: number): Plain {
    const { odd, oddLimits, limits, ...counters } = this;
    const states = limits && { ...Object.fromEntries(limits.map((state) => [state.id, state.fields])), ...oddLimits };
    return plain({ ...counters, ...(states && { limits: states }), ...odd }, placeOf(link));
  }
}

// Not a private method: those cost each instance a mark of its own.
function takeLimits(usage: ReadUsage, given: Record<string, unknown>): void {
  let limits: ReadState[] | undefined;
  for (const id in given) {
    if (!has.call(given, id)) continue;
    const state = given[id];
    if (isPlain(state)) limits = append(limits, new ReadState(id, state));
    else usage.oddLimits = { ...usage.oddLimits, [id]: state };
  }
  usage.limits = limits ?? [];
}

/** The list with one more; the first push onto an empty array would make room for 17, which costs a fiftieth of a decision. */
export function append<T>(list: T[] | undefined, item: T): T[] {
  if (list === undefined) return [item];
  list.push(item);
  return list;
}

function placeOf(link: number | undefined): string {
  return link === undefined ? "usage" : `chain[${link}].usage`;
}

/** A number that a document can count with. */
export function isCounter(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
