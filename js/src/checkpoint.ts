import { bigEndian, fromHex, hexText, joined } from "./bytes.js";
import { fieldsOf, type Json } from "./canonical.js";
import { utf8 } from "./engine.js";
import { sha256 } from "./primitive.js";

/** A signed statement that an installation's chain has this link at this seq. Bytes are lower-case hex digits. */
export interface CheckpointDocument {
  readonly tenant: string;
  readonly seq: number;
  readonly link: string;
  /** When it was signed, in milliseconds since the Unix epoch. */
  readonly time: number;
  /** Which key signed it. */
  readonly key_id: string;
  readonly signature: string;
}

const NAMES = ["tenant", "seq", "link", "time", "key_id", "signature"];

/** A key that verifies checkpoints, and the id that they carry. */
export interface VerifyingKey {
  readonly id: string;
  readonly key: CryptoKey;
}

/** Takes in the 32 bytes of an Ed25519 key. */
export async function verifyingKey(bytes: Uint8Array): Promise<VerifyingKey> {
  const id = hexText(sha256(joined([utf8("warded/checkpoint-key/v1"), bytes])).subarray(0, 8));
  return { id, key: await crypto.subtle.importKey("raw", bytes as BufferSource, "Ed25519", false, ["verify"]) };
}

/** The document, if it is one. */
export function readCheckpoint(value: Json | undefined): CheckpointDocument | undefined {
  const fields = fieldsOf(value, NAMES);
  if (fields === undefined) return undefined;
  const { tenant, seq, link, time, key_id, signature } = fields;
  const areBytes = [fromHex(tenant, 16), fromHex(link, 32), fromHex(key_id, 8), fromHex(signature, 64)];
  if (areBytes.includes(undefined) || !isCount(seq, 1) || !isCount(time, 0)) return undefined;
  return fields as unknown as CheckpointDocument;
}

/** Whether a value is a whole number from `least` to 2^53-1. */
export function isCount(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

/** Whether the key signed it. */
export function isSignedBy(checkpoint: CheckpointDocument, { key }: VerifyingKey): Promise<boolean> {
  const bytes = (text: string): Uint8Array => fromHex(text, text.length / 2) as Uint8Array;
  const { tenant, seq, link, time, key_id, signature } = checkpoint;
  const parts = [bytes(tenant), bigEndian(seq), bytes(link), bigEndian(time), bytes(key_id)];
  const signed = joined([utf8("warded/checkpoint/v1"), ...parts]);
  return crypto.subtle.verify("Ed25519", key, bytes(signature) as BufferSource, signed as BufferSource);
}
