// Bytes as hex digits and as one piece.

import { string } from "./argument.js";

const DIGITS = "0123456789abcdef";

/** Bytes as lower-case hex digits. */
export function hexText(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] as number;
    text += DIGITS.charAt(byte >> 4) + DIGITS.charAt(byte & 15);
  }
  return text;
}

/** The bytes of so many lower-case hex digits, `undefined` for anything else. */
export function fromHex(text: unknown, length: number): Uint8Array | undefined {
  if (typeof text !== "string" || text.length !== 2 * length) return undefined;
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) {
    const high = digit(text.charCodeAt(2 * index));
    const low = digit(text.charCodeAt(2 * index + 1));
    if (high < 0 || low < 0) return undefined;
    bytes[index] = 16 * high + low;
  }
  return bytes;
}

/** The value of a digit's code, negative for anything else. */
function digit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : -1;
}

/** The argument, which must be so many bytes in lower-case hex digits. */
export function hexBytes(argument: string, length: number, value: unknown): Uint8Array {
  const bytes = fromHex(string(argument, value), length);
  if (bytes === undefined) throw new RangeError(`${argument}: expected ${2 * length} lower-case hex digits`);
  return bytes;
}

/** Eight bytes, big-endian. */
export function bigEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** Pieces one after the other. A list, because a call takes some ten thousands of arguments only. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
