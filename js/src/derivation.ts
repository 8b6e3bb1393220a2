// Keys from passphrases. The module is compiled once and instantiated for each derivation: its memory, 64 MiB of it, goes with the instance.

import { load } from "#load-derive";

import { bytes, optionsOf, whole } from "./argument.js";

/** What is derived from a passphrase and how, with floors. */
export interface Argon2idOptions {
  /** Text is taken as UTF-8, not normalised. */
  readonly password: string | Uint8Array;
  /** 16 bytes or more, random, and kept beside what the key protects. */
  readonly salt: Uint8Array;
  /** KiB: 65,536 by default, never below 19,456. */
  readonly memory?: number;
  /** Passes: 3 by default, never below 2. */
  readonly iterations?: number;
  /** Lanes: 1 by default. They are filled one after the other. */
  readonly parallelism?: number;
}

export interface Pbkdf2Options {
  /** Text is taken as UTF-8, not normalised. */
  readonly password: string | Uint8Array;
  /** 16 bytes or more, random, and kept beside what the key protects. */
  readonly salt: Uint8Array;
  /** 600,000 by default, never below 100,000. */
  readonly iterations?: number;
}

/** Argon2id with any parameters. */
export interface AnyArgon2idOptions {
  readonly password: string | Uint8Array;
  /** At least 8 bytes. */
  readonly salt: Uint8Array;
  /** KiB: at least 8 for each lane. */
  readonly memory: number;
  readonly iterations: number;
  /** 1 by default. */
  readonly parallelism?: number;
  /** 4 to 1,024 bytes, 32 by default. */
  readonly length?: number;
  /** What the program knows, empty by default. */
  readonly secret?: Uint8Array;
  /** At most 32 bytes, empty by default. */
  readonly associatedData?: Uint8Array;
}

/** PBKDF2 with any parameters. */
export interface AnyPbkdf2Options {
  readonly password: string | Uint8Array;
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** 1 to 1,024 bytes, 32 by default. */
  readonly length?: number;
}

const ARGON2ID = ["password", "salt", "memory", "iterations", "parallelism"] as const;
const PBKDF2 = ["password", "salt", "iterations"] as const;
const KEY_LENGTH = 32;
const MIN_SALT = 16;
const MAX_DERIVED = 1024;
const MAX_MEMORY = 2 ** 21;
const MAX_COUNT = 2 ** 32 - 1;
/** The most bytes of a password, a salt or a secret. */
const MAX_PIECE = 2 ** 20;

/** A key of 32 bytes by Argon2id (RFC 9106). By default it costs what a keyring's passphrase should: 64 MiB and three passes. */
export async function argon2id(options: Argon2idOptions): Promise<Uint8Array> {
  const { password, salt, memory = 65_536, iterations = 3, parallelism = 1 } = optionsOf(options, ARGON2ID);
  return derive("warded_argon2id", [
    KEY_LENGTH,
    whole("memory", memory, 19_456, MAX_MEMORY),
    whole("iterations", iterations, 2, MAX_COUNT),
    whole("parallelism", parallelism, 1, 255),
    piece("password", password),
    piece("salt", salt, MIN_SALT),
    NOTHING,
    NOTHING,
  ]);
}

/** A key of 32 bytes by PBKDF2-HMAC-SHA-256 (RFC 8018), where a system needs that; Argon2id costs an attacker far more. */
export async function pbkdf2Sha256(options: Pbkdf2Options): Promise<Uint8Array> {
  const { password, salt, iterations = 600_000 } = optionsOf(options, PBKDF2);
  return derive("warded_pbkdf2_sha256", [
    KEY_LENGTH,
    whole("iterations", iterations, 100_000, MAX_COUNT),
    piece("password", password),
    piece("salt", salt, MIN_SALT),
  ]);
}

/** Argon2id without floors: safe only with parameters such as those of `argon2id` in `warded/derive`. */
export async function anyArgon2id(options: AnyArgon2idOptions): Promise<Uint8Array> {
  const given = optionsOf(options, [...ARGON2ID, "length", "secret", "associatedData"]);
  const { password, salt, memory, iterations, parallelism = 1, length = KEY_LENGTH } = given;
  const { secret = NOTHING, associatedData = NOTHING } = given;
  const lanes = whole("parallelism", parallelism, 1, 2 ** 24 - 1);
  return derive("warded_argon2id", [
    whole("length", length, 4, MAX_DERIVED),
    whole("memory", memory, 8 * lanes, MAX_MEMORY),
    whole("iterations", iterations, 1, MAX_COUNT),
    lanes,
    piece("password", password),
    piece("salt", salt, 8),
    piece("secret", secret),
    piece("associatedData", associatedData, 0, 32),
  ]);
}

/** PBKDF2 without floors: safe only with as many iterations as `pbkdf2Sha256` of `warded/derive` takes. */
export async function anyPbkdf2Sha256(options: AnyPbkdf2Options): Promise<Uint8Array> {
  const { password, salt, iterations, length = KEY_LENGTH } = optionsOf(options, [...PBKDF2, "length"]);
  return derive("warded_pbkdf2_sha256", [
    whole("length", length, 1, MAX_DERIVED),
    whole("iterations", iterations, 1, MAX_COUNT),
    piece("password", password),
    piece("salt", salt),
  ]);
}

const NOTHING = new Uint8Array(0);

/** Bytes of so many to so many; only a password may be text. */
function piece(argument: string, value: unknown, least = 0, most = MAX_PIECE): Uint8Array {
  const isText = argument === "password" && typeof value === "string";
  const data = isText ? new TextEncoder().encode(value) : bytes(argument, value);
  if (data.length < least || data.length > most) {
    throw new RangeError(`${argument}: expected ${least} to ${most} bytes, got ${data.length}`);
  }
  return data;
}

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly warded_buffer: (length: number) => number;
  readonly warded_argon2id: (length: number) => bigint;
  readonly warded_pbkdf2_sha256: (length: number) => bigint;
}

let module: WebAssembly.Module | undefined;

/** Lays numbers and pieces out, the pieces behind their lengths, and runs one derivation in an instance of its own. */
function derive(name: "warded_argon2id" | "warded_pbkdf2_sha256", parts: readonly (number | Uint8Array)[]): Uint8Array {
  module ??= load();
  const { exports } = new WebAssembly.Instance(module);
  const { memory, warded_buffer, [name]: run } = exports as unknown as Exports;
  const length = parts.reduce((sum: number, part) => sum + 4 + (typeof part === "number" ? 0 : part.length), 0);
  const address = warded_buffer(Math.max(length, MAX_DERIVED));
  write(new DataView(memory.buffer, address, length), parts);
  const result = run(length);
  // A big memory may have moved everything; the answer stands where the input stood.
  const buffer = new Uint8Array(memory.buffer, address, Math.max(length, MAX_DERIVED));
  const key = buffer.slice(0, Number(BigInt.asUintN(32, result)));
  buffer.fill(0);
  if (result >> 32n !== 0n) throw new RangeError("memory: this runtime does not give so much of it");
  return key;
}

function write(view: DataView, parts: readonly (number | Uint8Array)[]): void {
  const data = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, typeof part === "number" ? part : part.length, true);
    at += 4;
    if (typeof part === "number") continue;
    data.set(part, at);
    at += part.length;
  }
}
