// Verification of an audit export, line by line: the hashing is the engine's, the signatures are the runtime's.

import { bytes, exactly, optionsOf, wrongType } from "./argument.js";
import { bigEndian, fromHex, hexText } from "./bytes.js";
import { canonical, fieldsOf, type Json, read, type ReadLine } from "./canonical.js";
import {
  type CheckpointDocument,
  isCount,
  isSignedBy,
  readCheckpoint,
  type VerifyingKey,
  verifyingKey,
} from "./checkpoint.js";
import { answer, sendBytes, utf8 } from "./engine.js";

/** Why an export does not hold. */
export type ChainReason =
  | "checkpoint_mismatch"
  | "key_unknown"
  | "leaf_mismatch"
  | "link_mismatch"
  | "malformed"
  | "seq_gap"
  | "signature_invalid"
  | "truncated";

export interface VerifyChainOptions {
  /** The Ed25519 keys of the installation, 32 bytes each; without one, checkpoints are compared but signatures not checked. */
  readonly publicKey?: Uint8Array | readonly Uint8Array[];
  /** Checkpoints that were kept elsewhere: the export is held to them. */
  readonly checkpoints?: Iterable<CheckpointDocument>;
}

export interface VerifiedChain {
  readonly ok: boolean;
  /** How many records hold. */
  readonly checked: number;
  /** How many of them are known by their leaf only: erased, or left out by a filter. */
  readonly without_record: number;
  /** The newest record that a checkpoint covers, one whose signature was checked or that was kept elsewhere. */
  readonly signed_through: number | null;
  /** The first record that does not hold; absent where there is not even a header. */
  readonly first_bad?: number;
  readonly reason?: ChainReason;
}

/**
 * Verifies an audit export: whole or filtered, erased records included. It is read once, in order, and forgotten.
 *
 * @param lines the export's lines, or its whole text.
 */
export async function verifyChain(
  lines: string | Iterable<string> | AsyncIterable<string>,
  options: VerifyChainOptions = {},
): Promise<VerifiedChain> {
  const { publicKey, checkpoints = [] } = optionsOf(options, ["publicKey", "checkpoints"]);
  const verifier = new Verifier(await keysOf(publicKey), heldOf(checkpoints));
  try {
    await verifier.begin();
    for await (const line of typeof lines === "string" ? lines.split("\n") : lines) {
      if (typeof line !== "string") throw wrongType("lines", "strings", line);
      await verifier.line(line);
    }
    verifier.end();
    return { ok: true, ...verifier.counts() };
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    const { reason, seq } = error;
    return { ok: false, ...verifier.counts(), ...(seq === undefined ? {} : { first_bad: seq }), reason };
  }
}

async function keysOf(given: VerifyChainOptions["publicKey"]): Promise<readonly VerifyingKey[]> {
  if (given === undefined) return [];
  if (!Array.isArray(given)) return [await verifyingKey(exactly("publicKey", 32, bytes("publicKey", given)))];
  return Promise.all(given.map((key, index) => verifyingKey(exactly(`publicKey[${index}]`, 32, key))));
}

/** The checkpoints that are held, newest first. */
function heldOf(given: Iterable<CheckpointDocument>): CheckpointDocument[] {
  const held = Array.from(given, (document, index) => {
    const checkpoint = readCheckpoint(document as unknown as Json);
    if (checkpoint === undefined) throw new TypeError(`checkpoints[${index}]: expected a checkpoint document`);
    return { ...checkpoint };
  });
  return held.sort((a, b) => b.seq - a.seq);
}

/** Not an error for callers, but the way out of a verification. */
class Broken {
  constructor(
    readonly reason: ChainReason,
    readonly seq?: number,
  ) {}
}

const FIRST_PREVIOUS = "0".repeat(64);
const HEADER = ["format", "tenant", "start_seq", "previous_link", "filter"];
const RECORD = ["seq", "record", "salt", "leaf", "link"];

class Verifier {
  #tenant: string | undefined;
  #next = 0;
  #link = "";
  #checked = 0;
  #withoutRecord = 0;
  #signedThrough: number | null = null;

  constructor(
    readonly keys: readonly VerifyingKey[],
    readonly held: CheckpointDocument[],
  ) {}

  counts(): Pick<VerifiedChain, "checked" | "without_record" | "signed_through"> {
    return { checked: this.#checked, without_record: this.#withoutRecord, signed_through: this.#signedThrough };
  }

  async begin(): Promise<void> {
    for (const checkpoint of this.held) await this.#checkSignature(checkpoint);
  }

  async line(text: string): Promise<void> {
    if (text.trim() === "") return;
    const line = read(text);
    if (line === undefined) throw this.#malformed();
    if (this.#tenant === undefined) {
      this.#header(line);
      return;
    }
    const around = fieldsOf(line.value, ["checkpoint"]);
    if (around === undefined) this.#record(line);
    else await this.#checkpoint(readCheckpoint(line.isPlain ? around["checkpoint"] : undefined));
  }

  end(): void {
    if (this.#tenant === undefined) throw this.#malformed();
    if (this.held.length > 0) throw new Broken("truncated", this.#next);
  }

  #malformed(): Broken {
    return new Broken("malformed", this.#tenant === undefined ? undefined : this.#next);
  }

  #header({ value }: ReadLine): void {
    const fields = fieldsOf(value, HEADER);
    if (fields === undefined || fields["format"] !== "warded-audit/1") throw this.#malformed();
    const { tenant, start_seq, previous_link } = fields;
    if (!fromHex(tenant, 16) || !fromHex(previous_link, 32) || !isCount(start_seq, 1)) throw this.#malformed();
    if (start_seq === 1 && previous_link !== FIRST_PREVIOUS) throw new Broken("link_mismatch", 1);
    this.#tenant = tenant as string;
    this.#next = start_seq;
    this.#link = previous_link as string;
    // What lies before this export, nothing here can be held to.
    while (this.#oldestHeld() + 1 < start_seq) this.held.pop();
    this.#meetHeld();
  }

  #oldestHeld(): number {
    return this.held.at(-1)?.seq ?? Number.POSITIVE_INFINITY;
  }

  #record({ value, isPlain }: ReadLine): void {
    const fields = fieldsOf(value, RECORD);
    if (fields === undefined) throw this.#malformed();
    const { seq, record, salt, leaf, link } = fields as { [name: string]: Json };
    const [saltBytes, leafBytes] = [fromHex(salt, 16), fromHex(leaf, 32)];
    const hasContent = record !== null || salt !== null;
    const isObject = typeof record === "object" && record !== null && !Array.isArray(record);
    if (!isCount(seq, 1) || !leafBytes || !fromHex(link, 32) || (!hasContent && !isPlain)) throw this.#malformed();
    if (hasContent && (!saltBytes || !isObject)) throw this.#malformed();
    if (seq !== this.#next) throw new Broken("seq_gap", this.#next);
    if (saltBytes && hash("warded/leaf/v1", saltBytes, isPlain ? utf8(canonical(record as Json)) : NOTHING) !== leaf) {
      throw new Broken("leaf_mismatch", seq);
    }
    const previous = fromHex(this.#link, 32) as Uint8Array;
    if (hash("warded/link/v1", previous, bigEndian(seq), leafBytes) !== link) throw new Broken("link_mismatch", seq);
    this.#link = link as string;
    this.#next = seq + 1;
    this.#checked++;
    const says = isObject ? (record as { seq?: Json }).seq : undefined;
    if (typeof says === "number" && says !== seq) throw new Broken("malformed", seq);
    if (!hasContent) this.#withoutRecord++;
    this.#meetHeld();
  }

  /** Compares the checkpoints that are held for the record that was just checked. */
  #meetHeld(): void {
    while (this.#oldestHeld() < this.#next) {
      const held = this.held.pop() as CheckpointDocument;
      this.#compare(held);
      this.#signedThrough = held.seq;
    }
  }

  /** A checkpoint stands behind the record that it covers. */
  async #checkpoint(checkpoint: CheckpointDocument | undefined): Promise<void> {
    if (checkpoint === undefined || checkpoint.seq < this.#next - 1) throw this.#malformed();
    if (checkpoint.seq >= this.#next) throw new Broken("seq_gap", this.#next);
    await this.#checkSignature(checkpoint);
    this.#compare(checkpoint);
    if (this.keys.length > 0) this.#signedThrough = checkpoint.seq;
  }

  async #checkSignature(checkpoint: CheckpointDocument): Promise<void> {
    if (this.keys.length === 0) return;
    const key = this.keys.find(({ id }) => id === checkpoint.key_id);
    if (key === undefined) throw new Broken("key_unknown", checkpoint.seq);
    if (!(await isSignedBy(checkpoint, key))) throw new Broken("signature_invalid", checkpoint.seq);
  }

  #compare({ tenant, link, seq }: CheckpointDocument): void {
    if (tenant !== this.#tenant || link !== this.#link) throw new Broken("checkpoint_mismatch", seq);
  }
}

const NOTHING = new Uint8Array(0);

function hash(label: string, ...pieces: Uint8Array[]): string {
  return hexText(answer(sendBytes("sha256", utf8(label), ...pieces)));
}
