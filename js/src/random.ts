import { WardedError } from "./error.js";

/** The bytes, filled with random ones by the runtime's own generator. To be drawn before anything else is written into the engine's buffer. */
export function drawn<Bytes extends Uint8Array<ArrayBuffer>>(bytes: Bytes): Bytes {
  try {
    return crypto.getRandomValues(bytes);
  } catch {
    // There is none, or it has failed; on a full stack it fails too.
    throw new WardedError("internal", "this runtime has no randomness");
  }
}
