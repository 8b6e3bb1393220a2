/** Keys from passphrases, with floors below which nothing is derived. */
export { argon2id, pbkdf2Sha256 } from "./derivation.js";
export type { Argon2idOptions, Pbkdf2Options } from "./derivation.js";
