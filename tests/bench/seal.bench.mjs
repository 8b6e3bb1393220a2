// Sealing 64 and 256 bytes through the npm package, beside bare AES-256-GCM of WebCrypto and of `@noble/ciphers`.
// Theirs is encryption under one key; ours also derives a key per message, commits to it, and binds the context.

import { randomBytes } from "node:crypto";

import { gcm } from "@noble/ciphers/aes.js";

import { compare, nanoseconds, ratio, table } from "./measure.mjs";
import { warded } from "./package.mjs";

const AAD = new TextEncoder().encode("production/payments/stripe/KEY");

async function candidates(size) {
  const plaintext = new Uint8Array(randomBytes(size));
  const bytes = new Uint8Array(randomBytes(32));
  const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt"]);
  const keyring = new warded.Keyring([bytes]);
  const context = { purpose: "secret", path: "production/payments/stripe/KEY" };
  return {
    ours: (calls) => {
      for (let call = 0; call < calls; call += 1) keyring.seal(plaintext, context);
    },
    webcrypto: async (calls) => {
      for (let call = 0; call < calls; call += 1) {
        const iv = crypto.getRandomValues(new Uint8Array(12));
        await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: AAD }, key, plaintext);
      }
    },
    noble: (calls) => {
      for (let call = 0; call < calls; call += 1) gcm(bytes, crypto.getRandomValues(new Uint8Array(12)), AAD).encrypt(plaintext);
    },
  };
}

/** The section of the report. */
export async function seals() {
  const names = { ours: "warded: derive, commit, bind, encrypt", webcrypto: "WebCrypto: encrypt", noble: "@noble/ciphers: encrypt" };
  const rows = [];
  for (const size of [64, 256]) {
    const times = await compare(await candidates(size));
    for (const [key, time] of Object.entries(times))
      rows.push([names[key], `${size} B`, nanoseconds(time), key === "ours" ? "1" : ratio(times.ours, time)]);
  }
  return { title: "Sealing through the npm package", text: table(["library", "plaintext", "time per call", "beside warded"], rows) };
}
