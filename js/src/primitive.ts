import { bytes, exactly, whole } from "./argument.js";
import { answer, integer, sendBytes } from "./engine.js";

const KEY_LENGTH = 32;
const NONCE_LENGTH = 12;
/** The longest output of `kbkdfCounter`: its counter and length field allow more, nobody needs it. */
const MAX_DERIVED = 1024;

/** SHA-256 (FIPS 180-4). */
export function sha256(data: Uint8Array): Uint8Array {
  return answer(sendBytes("sha256", bytes("data", data)));
}

/** HMAC-SHA-256 (RFC 2104), with a key of any length. */
export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  return answer(sendBytes("hmac_sha256", ...prefixed(bytes("key", key)), bytes("data", data)));
}

/** AES-256-GCM (SP 800-38D), the tag at the end. Safe only if a nonce is never used twice with one key. */
export function aesGcmSeal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
  return answer(sendBytes("aes_gcm_seal", ...gcm(key, nonce, aad), bytes("plaintext", plaintext)));
}

/**
 * Opens what `aesGcmSeal` made. The tag does not commit to the key: another key may open the same bytes to something else.
 *
 * @throws {WardedError} `seal_rejected`.
 */
export function aesGcmOpen(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
  return answer(sendBytes("aes_gcm_open", ...gcm(key, nonce, aad), bytes("sealed", sealed)));
}

/** The key derivation of SP 800-108r1 in counter mode with HMAC-SHA-256: `length` bytes. */
export function kbkdfCounter(key: Uint8Array, label: Uint8Array, context: Uint8Array, length: number): Uint8Array {
  exactly("key", KEY_LENGTH, key);
  whole("length", length, 1, MAX_DERIVED);
  return answer(sendBytes("kbkdf", integer(length), key, ...prefixed(bytes("label", label)), bytes("context", context)));
}

function gcm(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array): Uint8Array[] {
  exactly("key", KEY_LENGTH, key);
  exactly("nonce", NONCE_LENGTH, nonce);
  return [key, nonce, ...prefixed(bytes("aad", aad))];
}

function prefixed(data: Uint8Array): [Uint8Array, Uint8Array] {
  return [integer(data.length), data];
}
