// What only the package offers: keys derived with parameters that are no published vector's, and the floors below which none is derived.

import { vectors } from "../../package/vectors.mjs";

const derive = vectors("derive");

/** Every case, as the Rust crate spells the others. */
export const derivations = [
  ...derive.argon2id.map(({ why, derived, ...rest }) => made(why, { op: "argon2id", ...rest, length: derived.length / 2 }, derived)),
  ...derive.pbkdf2_sha256.map(({ why, derived, ...rest }) => made(why, { op: "pbkdf2_sha256", ...rest, length: derived.length / 2 }, derived)),
  ...derive.argon2id_floors.map(({ why, derived, secret, associated_data, ...rest }) => made(why, { op: "argon2id_key", ...rest }, derived)),
  ...belowTheFloors(),
];

function made(id, call, derived) {
  return { id, call, expected: { derived } };
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
