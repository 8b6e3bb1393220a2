// Answers the calls of published vectors with the primitives as compiled in. Like operations.mjs it uses nothing that some runtime lacks.

import { bytes, hex } from "./hex.mjs";

/** The operations, each of which answers with the bytes that it makes. */
export function primitivesOf(hazmat, derive) {
  const made = (primitive) => async (call) => ({ made: hex(await primitive(call)) });
  const derivation = ({ password, salt, secret, associated_data, op, ...rest }) => ({
    password: bytes(password), salt: bytes(salt), ...rest,
    ...(secret === undefined ? {} : { secret: bytes(secret), associatedData: bytes(associated_data) }),
  });
  return {
    sha256: made(({ data }) => hazmat.sha256(bytes(data))),
    hmac_sha256: made(({ key, data }) => hazmat.hmacSha256(bytes(key), bytes(data))),
    aes_gcm_seal: made(({ key, nonce, aad, plaintext }) => hazmat.aesGcmSeal(bytes(key), bytes(nonce), bytes(aad), bytes(plaintext))),
    aes_gcm_open: made(({ key, nonce, aad, sealed }) => hazmat.aesGcmOpen(bytes(key), bytes(nonce), bytes(aad), bytes(sealed))),
    kbkdf_counter: made(({ key, label, context, length }) => hazmat.kbkdfCounter(bytes(key), bytes(label), bytes(context), length)),
    argon2id: made((call) => hazmat.argon2id(derivation(call))),
    pbkdf2_sha256: made((call) => hazmat.pbkdf2Sha256(derivation(call))),
    argon2id_key: made((call) => derive.argon2id(derivation(call))),
    pbkdf2_sha256_key: made((call) => derive.pbkdf2Sha256(derivation(call))),
  };
}
