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
  if (typeof text !== "string" || text.length !== 2 * length || !/^[0-9a-f]*$/.test(text)) return undefined;
  const bytes = new Uint8Array(length);
  putHex(text, bytes, 0);
  return bytes;
}

/** Writes the bytes that lower-case hex digits say, which have been checked, and returns the end. */
export function putHex(digits: string, bytes: Uint8Array, start: number): number {
  const end = start + digits.length / 2;
  for (let at = start, index = 0; at < end; at++, index += 2) {
    bytes[at] = (digit(digits.charCodeAt(index)) << 4) | digit(digits.charCodeAt(index + 1));
  }
  return end;
}

/** The value of a hex digit: `parseInt` of a piece of text would take longer than the AES of a short value. */
function digit(code: number): number {
  return code > 0x39 ? code - 0x61 + 10 : code - 0x30;
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
