/**
 * The primitives as compiled in and the unchecked doors, for interoperability and test vectors.
 * Every function here is safe only under the condition that its comment names.
 */
export {
  aesGcmOpen,
  aesGcmSeal,
  audienceKey,
  hmacSha256,
  kbkdfCounter,
  loadGrant,
  loadPolicy,
  makeBundle,
  sealWithSalt,
  sha256,
} from "./internal.js";
export type { BundleDocument } from "./internal.js";
export { anyArgon2id as argon2id, anyPbkdf2Sha256 as pbkdf2Sha256 } from "./derivation.js";
export type { AnyArgon2idOptions, AnyPbkdf2Options } from "./derivation.js";
