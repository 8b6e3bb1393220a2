// Answers calls of the primitives as compiled in, and of the derivations of keys. Like operations.mjs it uses nothing that some runtime lacks.

import { bytes, hex } from "./hex.mjs";

/** The operations, each of which answers with the bytes that it makes, by their name in the answer of the document boundary. */
export function primitivesOf(hazmat, derive) {
  const made = (name, primitive) => async (call) => ({ [name]: hex(await primitive(call)) });
  const derivation = ({ password, salt, secret, associated_data, op, ...rest }) => ({
    password: bytes(password), salt: bytes(salt), ...rest,
    ...(secret === undefined ? {} : { secret: bytes(secret), associatedData: bytes(associated_data) }),
  });
  return {
    sha256: made("digest", ({ data }) => hazmat.sha256(bytes(data))),
    hmac_sha256: made("tag", ({ key, data }) => hazmat.hmacSha256(bytes(key), bytes(data))),
    aes_gcm_seal: made("sealed", ({ key, nonce, aad, plaintext }) => hazmat.aesGcmSeal(bytes(key), bytes(nonce), bytes(aad), bytes(plaintext))),
    aes_gcm_open: made("plaintext", ({ key, nonce, aad, sealed }) => hazmat.aesGcmOpen(bytes(key), bytes(nonce), bytes(aad), bytes(sealed))),
    kbkdf: made("derived", ({ key, label, context, length }) => hazmat.kbkdfCounter(bytes(key), bytes(label), bytes(context), length)),
    argon2id: made("derived", (call) => hazmat.argon2id(derivation(call))),
    pbkdf2_sha256: made("derived", (call) => hazmat.pbkdf2Sha256(derivation(call))),
    argon2id_key: made("derived", (call) => derive.argon2id(derivation(call))),
    pbkdf2_sha256_key: made("derived", (call) => derive.pbkdf2Sha256(derivation(call))),
  };
}
