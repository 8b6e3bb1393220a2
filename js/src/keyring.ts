import { bytes, exactly, wrongType } from "./argument.js";
import { decrypt, encrypt, isThere } from "./bulk.js";
import { BoundContext, type Context } from "./context.js";
import { address, answer, FAILED, memory, type OperationName, reserve, run, sendBytes, STALE, status, view } from "./engine.js";
import { drawn } from "./random.js";

const KEY_LENGTH = 32;
const MAX_KEYS = 64;
const HANDLE_LENGTH = 12;
const SALT_LENGTH = 32;
/** A sealed value is a head, ciphertext as long as the plaintext, and a tag. */
const HEAD_LENGTH = 74;
const TAG_LENGTH = 16;
const MAX_PLAINTEXT = 16 * 1024 * 1024;
/** From how many bytes on the runtime's AES is faster. */
const BULK = 2048;
const NOTHING = new Uint8Array(0);

function isBulk(length: number): boolean {
  return length >= BULK && isThere();
}

/** Master keys: the first seals, all open. The keys can't be read back. */
export class Keyring {
  /** The keys one after the other, for when the engine's cache has dropped them. */
  readonly #keys: Uint8Array;
  #slot = 0;
  #low = 0;
  #high = 0;

  /**
   * @param keys 1 to 64 keys of 32 bytes, the current one first.
   * @throws {WardedError} `duplicate_key_id`.
   */
  constructor(keys: readonly Uint8Array[]) {
    if (!Array.isArray(keys)) throw wrongType("keys", "an array", keys);
    const { length } = keys;
    if (length < 1 || length > MAX_KEYS) throw new RangeError(`keys: expected 1 to ${MAX_KEYS} keys, got ${length}`);
    const all = new Uint8Array(length * KEY_LENGTH);
    for (let index = 0; index < length; index++) {
      all.set(exactly(`keys[${index}]`, KEY_LENGTH, keys[index]), index * KEY_LENGTH);
    }
    this.#keys = all;
    this.#load();
  }

  /** A new key of 32 random bytes from the runtime's own generator. */
  static generate(): Uint8Array {
    return drawn(new Uint8Array(KEY_LENGTH));
  }

  /** Seals a value, up to 16 MiB, under the first key: it opens with the same context only. */
  seal(plaintext: Uint8Array, context: Context = {}): Uint8Array {
    const data = bytes("plaintext", plaintext);
    return this.#run("seal", SALT_LENGTH, undefined, new BoundContext(context), data);
  }

  /**
   * Opens a sealed value.
   *
   * @throws {WardedError} `key_unknown`: no key of this keyring has sealed it; `seal_rejected`: anything else.
   */
  open(sealed: Uint8Array, context: Context = {}): Uint8Array {
    const data = bytes("sealed", sealed);
    const plaintext = this.#run("open", 0, undefined, new BoundContext(context), data);
    memory.fill(0, address, address + plaintext.length);
    return plaintext;
  }

  /**
   * Seals again, under the first key, what any key of this keyring has sealed: after a new master key, for every data key.
   *
   * @throws {WardedError} as `open`.
   */
  reseal(sealed: Uint8Array, context: Context = {}): Uint8Array {
    const data = bytes("sealed", sealed);
    return this.#run("reseal", SALT_LENGTH, undefined, new BoundContext(context), data);
  }

  /** `seal` for large values: the runtime's own AES does the bulk of the work. The bytes are such that `open` opens them too. */
  async sealAsync(plaintext: Uint8Array, context: Context = {}): Promise<Uint8Array> {
    const data = bytes("plaintext", plaintext);
    // Over the limit too: the engine refuses it.
    if (!isBulk(data.length) || data.length > MAX_PLAINTEXT) return this.seal(data, context);
    const parts = this.#key("seal_head", SALT_LENGTH, new BoundContext(context), NOTHING);
    return encrypt(parts.subarray(0, HEAD_LENGTH), parts.subarray(HEAD_LENGTH), data);
  }

  /**
   * `open` for large values.
   *
   * @throws {WardedError} as `open`.
   */
  async openAsync(sealed: Uint8Array, context: Context = {}): Promise<Uint8Array> {
    const data = bytes("sealed", sealed);
    const length = data.length - HEAD_LENGTH - TAG_LENGTH;
    if (!isBulk(length) || length > MAX_PLAINTEXT) return this.open(data, context);
    const key = this.#key("open_head", 0, new BoundContext(context), data.subarray(0, HEAD_LENGTH));
    return decrypt(key, data.subarray(HEAD_LENGTH));
  }

  /** As `#run`, for an answer that holds a key. */
  #key(name: OperationName, gap: number, context: BoundContext, data: Uint8Array): Uint8Array {
    const parts = this.#run(name, gap, undefined, context, data);
    memory.fill(0, address, address + parts.length);
    return parts;
  }

  /** Seals with a given salt; see `sealWithSalt`. */
  static withSalt(keyring: Keyring, salt: Uint8Array, plaintext: Uint8Array, context: Context): Uint8Array {
    return keyring.#run("seal", SALT_LENGTH, salt, new BoundContext(context), plaintext);
  }

  /** Handle, salt (a fresh one if none is given), context and data, through an operation; once more if the keys have to be loaded again. */
  #run(
    name: OperationName,
    gap: number,
    salt: Uint8Array | undefined,
    context: BoundContext,
    data: Uint8Array,
  ): Uint8Array {
    for (;;) {
      reserve(HANDLE_LENGTH + gap + context.room + data.length);
      const saltAt = address + HANDLE_LENGTH;
      if (salt !== undefined) memory.set(salt, saltAt);
      else if (gap > 0) drawn(memory.subarray(saltAt, saltAt + gap));
      view.setInt32(address, this.#slot, true);
      view.setInt32(address + 4, this.#low, true);
      view.setInt32(address + 8, this.#high, true);
      const end = context.write(saltAt + gap);
      memory.set(data, end);
      const result = run(name, end + data.length - address);
      if (result < FAILED || status(result) !== STALE) return answer(result);
      this.#load();
    }
  }

  #load(): void {
    answer(sendBytes("load_keyring", this.#keys));
    this.#slot = view.getInt32(address, true);
    this.#low = view.getInt32(address + 4, true);
    this.#high = view.getInt32(address + 8, true);
  }
}

/**
 * Seals with a salt that the caller gives, for test vectors: safe only if the salt is 32 fresh random bytes, never used before.
 */
export function sealWithSalt(
  keyring: Keyring,
  salt: Uint8Array,
  plaintext: Uint8Array,
  context: Context = {},
): Uint8Array {
  if (!(keyring instanceof Keyring)) throw wrongType("keyring", "a Keyring", keyring);
  return Keyring.withSalt(keyring, exactly("salt", SALT_LENGTH, salt), bytes("plaintext", plaintext), context);
}
