// Sealing through the npm package, beside bare AES-256-GCM of WebCrypto, of `node:crypto` and of `@noble/ciphers`.
// Theirs is encryption under one key; ours also derives a key per message, commits to it, and binds the context.

import assert from "node:assert/strict";
import { createCipheriv, randomBytes, randomFillSync } from "node:crypto";

import { gcm } from "@noble/ciphers/aes.js";

import { cells, compare, HEADS, table } from "./measure.mjs";
import { warded } from "./package.mjs";

const AAD = new TextEncoder().encode("production/payments/stripe/KEY");
const CONTEXT = { purpose: "secret", path: "production/payments/stripe/KEY" };

/** Encrypts with the runtime's own AES, a fresh nonce each time. */
function webcrypto(key, plaintext) {
  return async (calls) => {
    for (let call = 0; call < calls; call += 1) {
      const iv = crypto.getRandomValues(new Uint8Array(12));
      await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: AAD }, key, plaintext);
    }
  };
}

async function small(size) {
  const plaintext = new Uint8Array(randomBytes(size));
  const bytes = new Uint8Array(randomBytes(32));
  const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt"]);
  const keyring = new warded.Keyring([bytes]);
  return {
    ours: (calls) => {
      for (let call = 0; call < calls; call += 1) keyring.seal(plaintext, CONTEXT);
    },
    webcrypto: webcrypto(key, plaintext),
    node: (calls) => {
      for (let call = 0; call < calls; call += 1) {
        const cipher = createCipheriv("aes-256-gcm", bytes, randomFillSync(new Uint8Array(12)));
        cipher.setAAD(AAD);
        const sealed = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
        if (sealed.length !== size + 16) throw new Error("not sealed");
      }
    },
    noble: (calls) => {
      for (let call = 0; call < calls; call += 1) gcm(bytes, crypto.getRandomValues(new Uint8Array(12)), AAD).encrypt(plaintext);
    },
  };
}

/** `sealAsync` beside the runtime's own encryption of the same bytes. */
async function large(size) {
  const plaintext = new Uint8Array(randomBytes(size));
  const bytes = new Uint8Array(randomBytes(32));
  const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt"]);
  const keyring = new warded.Keyring([bytes]);
  assert.deepEqual(keyring.open(await keyring.sealAsync(plaintext, CONTEXT), CONTEXT), plaintext);
  return {
    ours: async (calls) => {
      for (let call = 0; call < calls; call += 1) await keyring.sealAsync(plaintext, CONTEXT);
    },
    webcrypto: webcrypto(key, plaintext),
  };
}

const NAMES = {
  ours: "warded: derive, commit, bind, encrypt",
  webcrypto: "WebCrypto: encrypt",
  node: "node:crypto: encrypt",
  noble: "@noble/ciphers: encrypt",
};

/** The section of the report. */
export async function seals() {
  const rows = [];
  const add = async (what, candidates) => {
    const times = await compare(await candidates);
    for (const [key, time] of Object.entries(times)) rows.push([NAMES[key], what, ...cells(times.ours, time)]);
  };
  await add("64 B", small(64));
  await add("256 B", small(256));
  await add("64 KiB, asynchronous", large(65_536));
  await add("1 MiB, asynchronous", large(1_048_576));
  return { title: "Sealing through the npm package", text: table(["library", "plaintext", ...HEADS], rows) };
}
