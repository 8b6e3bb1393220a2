import { exactly, string } from "./argument.js";
import { address, answer, enter, FAILED, failure, leave, memory, reserve, run, text, write } from "./engine.js";
import { drawn } from "./random.js";

const KINDS = {
  a: "agent key",
  d: "device",
  k: "API key",
  n: "narrowed",
  p: "proxy",
  r: "registration",
  s: "scoped",
} as const;

/** A token's kind: `a` agent key, `d` device, `k` API key, `n` narrowed, `p` proxy, `r` registration, `s` scoped. */
export type TokenKind = keyof typeof KINDS;

export interface MintedToken {
  /** The whole text, to be handed out once and never stored. */
  readonly token: string;
  /** What is stored: SHA-256 of the text. */
  readonly hash: Uint8Array;
  /** What may be shown later: the first 12 characters. */
  readonly display: string;
}

export interface ParsedToken {
  readonly kind: TokenKind;
  /** What may be shown: the first 12 characters. */
  readonly display: string;
}

/** A token's length, and how much of it may be shown. */
const LENGTH = 53;
const DISPLAYED = 12;
/** A text of more characters is no token, and need not be copied to find that out. */
const ENOUGH = LENGTH + 1;

/** A new token of 32 random bytes from the runtime's own generator. */
export function mintToken(kind: TokenKind): MintedToken {
  if (!Object.hasOwn(KINDS, string("kind", kind))) {
    throw new RangeError(`kind: expected one of ${Object.keys(KINDS).join(", ")}`);
  }
  reserve(LENGTH + 32);
  drawn(memory.subarray(address + 1, address + 33));
  memory[address] = kind.charCodeAt(0);
  const result = run("mint_token", 33);
  if (result >= FAILED) throw failure(result);
  const token = text(LENGTH);
  const hash = memory.slice(address + LENGTH, address + LENGTH + 32);
  // The text stands in the buffer until something else does.
  memory.fill(0, address, address + LENGTH);
  return { token, hash, display: token.slice(0, DISPLAYED) };
}

/** Leaves a token's kind letter and hash in the buffer. */
function hashed(token: string): void {
  string("token", token);
  reserve(3 * ENOUGH);
  const end = write(token.length > ENOUGH ? token.slice(0, ENOUGH) : token, address);
  const result = leave(enter().hash_token(end - address));
  if (result >= FAILED) throw failure(result);
}

/**
 * Checks a token's form and checksum.
 *
 * @throws {WardedError} `invalid_token`.
 */
export function parseToken(token: string): ParsedToken {
  hashed(token);
  return { kind: String.fromCharCode(memory[address] as number) as TokenKind, display: token.slice(0, DISPLAYED) };
}

/**
 * What a token is stored and looked up by: SHA-256 of its text, 32 bytes.
 *
 * @throws {WardedError} `invalid_token`: the form or checksum is wrong, so no look-up is needed.
 */
export function hashToken(token: string): Uint8Array {
  hashed(token);
  return memory.slice(address + 1, address + 33);
}

/** Whether a text is the token of a hash, compared in constant time. */
export function verifyToken(token: string, hash: Uint8Array): boolean {
  string("token", token);
  exactly("hash", 32, hash);
  reserve(32 + 3 * ENOUGH);
  memory.set(hash, address);
  const end = write(token.length > ENOUGH ? token.slice(0, ENOUGH) : token, address + 32);
  return answer(leave(enter().verify_token(end - address)))[0] === 1;
}
