// What must not be found, in every spelling in which it could hide.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Finds planted texts in bytes, whatever common encoding they have there. */
export class Canaries {
  needles = [];

  /** A text, or bytes, under a name for the failure message. */
  plant(name, secret) {
    const bytes = Buffer.from(secret);
    const spellings = {
      plain: bytes,
      hex: Buffer.from(bytes.toString("hex")),
      HEX: Buffer.from(bytes.toString("hex").toUpperCase()),
      "UTF-16": Buffer.from(bytes.toString("latin1"), "utf16le"),
      url: Buffer.from(encodeURIComponent(bytes.toString("latin1"))),
      "decimal list": Buffer.from([...bytes].join(", ")),
    };
    // Base64 of a text inside another one depends on its offset modulo 3; the characters at either end hold foreign bits.
    for (const offset of [0, 1, 2]) {
      const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
      for (const alphabet of ["base64", "base64url"]) {
        const text = padded.toString(alphabet).replace(/=+$/, "");
        spellings[`${alphabet} at ${offset}`] = Buffer.from(text.slice(offset === 0 ? 0 : 4, -2));
      }
    }
    for (const [spelling, needle] of Object.entries(spellings)) this.needles.push({ name: `${name} (${spelling})`, needle });
    return secret;
  }

  /** A token: what follows the 12 characters that may be shown. */
  plantToken(name, token) {
    this.plant(name, token.slice(12));
    return token;
  }

  /** The names of what was found in `bytes`. */
  found(bytes) {
    const haystack = Buffer.from(bytes);
    return this.needles.filter(({ needle }) => haystack.includes(needle)).map(({ name }) => name);
  }
}

/** Every file below a folder, with its bytes. */
export function* files(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else yield { path, bytes: readFileSync(path) };
  }
}

/** The master keys of a keyring file: whatever in it reads as 32 bytes. */
export function masterKeys(text) {
  const words = text.match(/[A-Za-z0-9+/_-]{43,64}=?/g) ?? [];
  const read = (word) => (/^[0-9a-fA-F]{64}$/.test(word) ? Buffer.from(word, "hex") : Buffer.from(word, "base64"));
  return words.map(read).filter((key) => key.length === 32);
}
