// Other people's vectors of the primitives, as calls. The document boundary has no such operations: these cases are the package's alone.

import { bytes, hex, vectors } from "../../package/vectors.mjs";

const primitives = vectors("primitives");
const derive = vectors("derive");

/** Every case, as the Rust crate spells the others. */
export const published = [
  ...primitives.sha256.map(({ source, data, digest }) => made(source, { op: "sha256", data }, digest)),
  ...primitives.hmac_sha256.map(({ source, key, data, tag }) => made(source, { op: "hmac_sha256", key, data }, tag)),
  ...primitives.aes_256_gcm.flatMap(sealed),
  ...primitives.kbkdf_counter.map(({ source, derived, ...rest }) => made(source, { op: "kbkdf_counter", ...rest, length: derived.length / 2 }, derived)),
  ...derive.argon2id.map(({ why, derived, ...rest }) => made(why, { op: "argon2id", ...rest, length: derived.length / 2 }, derived)),
  ...derive.pbkdf2_sha256.map(({ why, derived, ...rest }) => made(why, { op: "pbkdf2_sha256", ...rest, length: derived.length / 2 }, derived)),
  ...derive.argon2id_floors.map(({ why, derived, secret, associated_data, ...rest }) => made(why, { op: "argon2id_key", ...rest }, derived)),
  ...belowTheFloors(),
];

function made(id, call, bytes) {
  return { id, call, expected: { made: bytes } };
}

/** Seals, opens, and does not open with one bit changed. */
function sealed({ source, sealed, plaintext, ...rest }) {
  const changed = bytes(sealed);
  changed[changed.length - 1] ^= 1;
  return [
    made(source, { op: "aes_gcm_seal", ...rest, plaintext }, sealed),
    made(source, { op: "aes_gcm_open", ...rest, sealed }, plaintext),
    { id: `${source}, changed`, call: { op: "aes_gcm_open", ...rest, sealed: hex(changed) }, expected: { error: { code: "seal_rejected" } } },
  ];
}

function belowTheFloors() {
  const [password, salt] = ["70", "07".repeat(16)];
  const calls = [
    { op: "argon2id_key", password, salt, memory: 19_455 },
    { op: "argon2id_key", password, salt, iterations: 1 },
    { op: "argon2id_key", password, salt: salt.slice(2) },
    { op: "pbkdf2_sha256_key", password, salt, iterations: 99_999 },
  ];
  return calls.map((call) => ({ id: "below the floor", call, expected: { error: { code: "RangeError" } } }));
}
