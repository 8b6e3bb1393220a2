// The instance of the engine and the one buffer through which everything passes (docs/abi.md).
//
// No code of the caller runs between the first byte written and the answer read: its getters could call the engine themselves.

import { fromAnswer, WardedError } from "./error.js";
import { load } from "#load";

type Operation = (length: number) => number;

/** What works on the buffer: each takes the number of bytes in it and returns status * 2^32 + length of the answer. */
interface Operations {
  readonly aes_gcm_open: Operation;
  readonly aes_gcm_seal: Operation;
  readonly compile_grant: Operation;
  readonly compile_policy: Operation;
  readonly compile_policy_text: Operation;
  readonly covers: Operation;
  readonly decide: Operation;
  readonly decide_document: Operation;
  readonly explain_document: Operation;
  readonly filter: Operation;
  readonly hash_token: Operation;
  readonly hmac_sha256: Operation;
  readonly kbkdf: Operation;
  readonly lint: Operation;
  readonly load_grant: Operation;
  readonly load_keyring: Operation;
  readonly load_policy: Operation;
  readonly make_bundle: Operation;
  readonly mint_token: Operation;
  readonly open: Operation;
  readonly open_bundle: Operation;
  readonly open_head: Operation;
  readonly overlaps: Operation;
  readonly redact: Operation;
  readonly reseal: Operation;
  readonly seal: Operation;
  readonly seal_head: Operation;
  readonly settle: Operation;
  readonly sha256: Operation;
  readonly verify_token: Operation;
}

/** The name of an operation. */
export type OperationName = keyof Operations;

/** The functions of the module. */
interface Exports extends Operations {
  readonly memory: WebAssembly.Memory;
  readonly buffer: (length: number) => number;
}

/** What an operation returns from here on upwards is an error. */
export const FAILED = 2 ** 32;
/** What the buffer holds from the start: more than any ordinary decision needs. */
const ROOM = 4096;
/** The most that the buffer can hold. */
const MOST = 17 * 1024 * 1024;

let engine: Exports | undefined;
let capacity = 0;
/** Whether an operation has begun and not returned. */
let isUnderWay = false;

/** Where the buffer lies, and views of the whole memory: current after `reserve` and `answered`. */
export let address = 0;
export let memory = new Uint8Array(0);
export let view = new DataView(memory.buffer);

function start(): Exports {
  return new WebAssembly.Instance(load()).exports as unknown as Exports;
}

/** Makes room for `length` bytes in the buffer, and an engine if there is none yet. */
export function reserve(length: number): void {
  if (isUnderWay) discard();
  engine ??= start();
  if (length > capacity) {
    if (length > MOST) throw tooLong(length);
    const wanted = Math.max(length, ROOM);
    address = engine.buffer(wanted);
    capacity = wanted;
  }
  refresh(engine);
}

/** What the engine says of too much of anything; what is longer than the buffer cannot reach it. */
function tooLong(length: number): WardedError {
  return new WardedError("limit_exceeded", `${length} bytes are more than the engine takes at once, which is ${MOST}`);
}

/** Growing the memory detaches its views. */
function refresh(engine: Exports): void {
  if (memory.byteLength === 0) {
    memory = new Uint8Array(engine.memory.buffer);
    view = new DataView(engine.memory.buffer);
  }
}

/**
 * Runs an operation on the `length` bytes that were written after `reserve`; an error's status stays in the result.
 *
 * The hot path writes `leave(enter().decide(length))` instead: a call of a function that the compiler knows is a tenth of a microsecond faster.
 */
export function run(name: OperationName, length: number): number {
  return leave(enter()[name](length));
}

/** The operations, one of which is called next. */
export function enter(): Operations {
  isUnderWay = true;
  return engine as Exports;
}

/** Takes note that the operation has returned, and of where its answer lies. */
export function leave(result: number): number {
  isUnderWay = false;
  const ready = engine as Exports;
  const answer = result < FAILED ? result : result % FAILED;
  // An answer longer than the buffer has moved it.
  if (answer > capacity) {
    address = ready.buffer(answer);
    capacity = answer;
  }
  refresh(ready);
  return result;
}

/**
 * Forgets an instance whose call was cut short, by a full stack say: it may be in any state. Handles of it are stale in the next one.
 *
 * Not done where the call fails, because a full stack has no room for it there.
 */
function discard(): void {
  // Detaches all views of the old memory.
  engine?.memory.grow(0);
  engine = undefined;
  capacity = 0;
  isUnderWay = false;
}

/** The status of a result, 0 for success. */
export function status(result: number): number {
  return Math.floor(result / FAILED);
}

/** A copy of the answer's bytes; throws the error if it is one. */
export function answer(result: number): Uint8Array {
  if (result >= FAILED) throw failure(result);
  return memory.slice(address, address + result);
}

/** The error that lies in the buffer. */
export function failure(result: number): Error {
  return fromAnswer(text(result % FAILED));
}

let decoder: TextDecoder | undefined;
let encoder: TextEncoder | undefined;

/** The first bytes of the buffer as text, or those from `start` on. */
export function text(length: number, start = 0): string {
  decoder ??= new TextDecoder("utf-8", { ignoreBOM: true });
  return decoder.decode(memory.subarray(address + start, address + length));
}

/** Text as bytes. */
export function utf8(text: string): Uint8Array {
  encoder ??= new TextEncoder();
  return encoder.encode(text);
}

/** Writes text as UTF-8 and returns the end; there must be room for three bytes a character. */
export function write(text: string, at: number): number {
  // A loop is faster than the encoder for the short ASCII texts that scopes, paths and addresses are; and over constants, than over variables.
  const bytes = memory;
  const { length } = text;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return encode(text, at);
    bytes[at + index] = code;
  }
  return at + length;
}

function encode(text: string, at: number): number {
  encoder ??= new TextEncoder();
  return at + encoder.encodeInto(text, memory.subarray(at)).written;
}

/** Four bytes, little-endian. */
export function integer(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

/** Sends bytes, one piece after the other, to an operation. */
export function sendBytes(name: OperationName, ...pieces: Uint8Array[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  reserve(length);
  let at = address;
  for (const piece of pieces) {
    memory.set(piece, at);
    at += piece.length;
  }
  return run(name, length);
}

/** The document that an operation answered; throws the error if it is one. */
export function json<T>(result: number): T {
  if (result >= FAILED) throw failure(result);
  return JSON.parse(text(result)) as T;
}

/** The status of a handle whose object has left the cache: to be loaded again. */
export const STALE = 160;
