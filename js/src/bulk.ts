// The runtime's own AES-256-GCM, for values so large that the engine's would take longer: the same bytes.
// Each message has a key of its own, so the nonce is always twelve zero bytes.

import { rejected } from "./error.js";

const NONCE = new Uint8Array(12);
const TAG_LENGTH = 16;
/** What is worked on at a time: it stays in the processor's cache until it has been copied to its place. */
const PIECE = 2 ** 16;
/** After how much of it others get their turn: a third of a millisecond. */
const TURN = 2 ** 20;

/** What is used of Node's `crypto`: WebCrypto answers in a buffer of its own, and the copy from that would cost a quarter of the time. */
interface Cipher {
  update(data: Uint8Array): Uint8Array;
  final(): Uint8Array;
}
interface NodeCrypto {
  createCipheriv(name: string, key: Uint8Array, nonce: Uint8Array): Cipher & { getAuthTag(): Uint8Array };
  createDecipheriv(name: string, key: Uint8Array, nonce: Uint8Array): Cipher & { setAuthTag(tag: Uint8Array): void };
}

/** Node's `crypto`, where it can be had without an import. */
function nodeCrypto(): NodeCrypto | undefined {
  // Deno's imitation of it is slower than its WebCrypto.
  if ("Deno" in globalThis) return undefined;
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  return process?.getBuiltinModule?.("node:crypto") as NodeCrypto | undefined;
}

/** Whether this runtime has an AES of its own. */
export function isThere(): boolean {
  return globalThis.crypto?.subtle !== undefined;
}

/** Encrypts behind a head, and returns both. Wipes the key. */
export async function encrypt(head: Uint8Array, key: Uint8Array, plaintext: Uint8Array): Promise<Uint8Array> {
  const end = head.length + plaintext.length;
  const node = nodeCrypto();
  if (node !== undefined) {
    const cipher = node.createCipheriv("aes-256-gcm", key, NONCE);
    key.fill(0);
    const sealed = new Uint8Array(end + TAG_LENGTH);
    await transform(cipher, plaintext, sealed, head.length);
    cipher.final();
    sealed.set(head);
    sealed.set(cipher.getAuthTag(), end);
    return sealed;
  }
  const aes = await imported(key, "encrypt");
  const encrypted = crypto.subtle.encrypt({ name: "AES-GCM", iv: NONCE }, aes, plaintext as BufferSource);
  // Made while another thread encrypts.
  const sealed = new Uint8Array(end + TAG_LENGTH);
  sealed.set(head);
  sealed.set(new Uint8Array(await encrypted), head.length);
  return sealed;
}

/** Decrypts ciphertext and tag; nothing of a plaintext whose tag is wrong gets out. Wipes the key. */
export async function decrypt(key: Uint8Array, body: Uint8Array): Promise<Uint8Array> {
  const node = nodeCrypto();
  try {
    if (node === undefined) {
      const aes = await imported(key, "decrypt");
      return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: NONCE }, aes, body as BufferSource));
    }
    return await decryptHere(node.createDecipheriv("aes-256-gcm", key, NONCE), body);
  } catch {
    throw rejected();
  } finally {
    key.fill(0);
  }
}

async function decryptHere(
  decipher: ReturnType<NodeCrypto["createDecipheriv"]>,
  body: Uint8Array,
): Promise<Uint8Array> {
  const length = body.length - TAG_LENGTH;
  const plaintext = new Uint8Array(length);
  decipher.setAuthTag(body.slice(length));
  try {
    await transform(decipher, body.subarray(0, length), plaintext, 0);
    decipher.final();
  } catch (error) {
    plaintext.fill(0);
    throw error;
  }
  return plaintext;
}

async function transform(cipher: Cipher, from: Uint8Array, to: Uint8Array, start: number): Promise<void> {
  for (let at = 0; at < from.length; at += PIECE) {
    if (at > 0 && at % TURN === 0) await turn();
    to.set(cipher.update(from.subarray(at, at + PIECE)), start + at);
  }
}

/** Lets others run. */
function turn(): Promise<void> {
  const { setImmediate = setTimeout } = globalThis as { setImmediate?: (run: () => void) => unknown };
  return new Promise((resolve) => void setImmediate(resolve));
}

async function imported(key: Uint8Array, use: "encrypt" | "decrypt"): Promise<CryptoKey> {
  const aes = await crypto.subtle.importKey("raw", key as BufferSource, "AES-GCM", false, [use]);
  key.fill(0);
  return aes;
}
