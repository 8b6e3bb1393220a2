// The digest of exactly what people are asked to approve.
import { createHash } from "node:crypto";
import { merged } from "./address.mjs";

const number = (value, bytes) => {
  const buffer = Buffer.alloc(bytes);
  if (bytes === 4) buffer.writeUInt32BE(value);
  else buffer.writeBigUInt64BE(BigInt(value));
  return buffer;
};
const long = (bytes) => Buffer.concat([number(bytes.length, 4), bytes]);
const text = (value) => long(Buffer.from(value, "utf8"));
const list = (values) => Buffer.concat([number(values.length, 4), ...values.map(text)]);
const unique = (values) => [...new Set(values)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
const digest = (...pieces) => createHash("sha256").update(Buffer.concat(pieces)).digest("hex");

/** Of a token to be issued. */
export function issueDigest({ subject, issue, tier = "standard" }) {
  return digest(
    Buffer.from("warded/ask/v1"),
    text(subject?.id ?? ""),
    long(list(unique(issue.scopes))),
    long(number(issue.ttl_ms, 8)),
    long(number(issue.max_uses ?? 0, 8)),
    issue.ip_allowlist ? long(list(merged(issue.ip_allowlist))) : number(0, 4),
    text(tier),
  );
}

/** Of one use, by the rules that ask. */
export function useDigest(chain, { subject, resource, action, path, listing }, rules) {
  return digest(
    Buffer.from("warded/ask-use/v1"),
    text(subject?.id ?? ""),
    text(chain.at(-1)?.grant.id ?? ""),
    text(`${resource}:${action}`),
    text(listing === undefined ? (path ?? "") : `listing:${listing}`),
    list(unique(rules)),
  );
}
