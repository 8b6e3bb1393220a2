// Token text that is well formed and was never issued, and text that is almost well formed.

import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** A token of the kind with a right checksum. */
export function forge(kind, bytes = randomBytes(32)) {
  const text = `wd${kind}_${base62(BigInt(`0x${bytes.toString("hex")}`), 43)}`;
  return text + base62(BigInt(crc32(text)), 6);
}

/** The same token with its last character changed, so that the checksum is wrong. */
export function miscount(token) {
  return token.slice(0, -1) + (token.endsWith("0") ? "1" : "0");
}

function base62(number, width) {
  let text = "";
  for (let rest = number; rest > 0n; rest /= 62n) text = ALPHABET[Number(rest % 62n)] + text;
  return text.padStart(width, "0");
}
