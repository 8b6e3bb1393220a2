// What a token is looked up by: its SHA-256. Ours also checks the form and the checksum, so that what is no token is never looked up.

import { createHash } from "node:crypto";

import { sha256 } from "@noble/hashes/sha2.js";

import { cells, compare, HEADS, table } from "./measure.mjs";
import { warded } from "./package.mjs";

const NAMES = {
  ours: "warded: form, checksum, hash",
  node: "node:crypto: hash",
  noble: "@noble/hashes: hash",
  webcrypto: "WebCrypto: hash, asynchronous",
};

/** The section of the report. */
export async function hashes() {
  const { token } = warded.mintToken("s");
  const encoder = new TextEncoder();
  const times = await compare({
    ours: (calls) => {
      for (let call = 0; call < calls; call += 1) warded.hashToken(token);
    },
    node: (calls) => {
      for (let call = 0; call < calls; call += 1) createHash("sha256").update(token).digest();
    },
    noble: (calls) => {
      for (let call = 0; call < calls; call += 1) sha256(encoder.encode(token));
    },
    webcrypto: async (calls) => {
      for (let call = 0; call < calls; call += 1) await crypto.subtle.digest("SHA-256", encoder.encode(token));
    },
  });
  const rows = Object.entries(times).map(([key, time]) => [NAMES[key], ...cells(times.ours, time)]);
  return { title: "Hashing a token", text: table(["library", ...HEADS], rows) };
}
