// Bytes as hex digits and as one piece.

import { string } from "./argument.js";

const HEX = /^[0-9a-f]*$/;

/** Bytes as lower-case hex digits. */
export function hexText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** The bytes of lower-case hex digits, `undefined` for anything else. */
export function fromHex(text: unknown, length: number): Uint8Array | undefined {
  if (typeof text !== "string" || text.length !== 2 * length || !HEX.test(text)) return undefined;
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) {
    bytes[index] = Number.parseInt(text.slice(2 * index, 2 * index + 2), 16);
  }
  return bytes;
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

/** Pieces one after the other. */
export function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
