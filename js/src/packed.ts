// The hot path: a decision through the packed layout of docs/abi.md (`warded_decide`), without a document and with next to no garbage.
// It takes only what is certainly right. Everything else goes to the engine as a document, so that there is one judge of what is wrong.

import { REASONS } from "./codes.js";
import type { Decision, Reason, ReadLink } from "./decide.js";
import { address, enter, FAILED, leave, memory, reserve, STALE, status, view, write } from "./engine.js";
import { Loaded } from "./grant.js";
import type { ReadRequest } from "./request.js";
import { isCounter, type Usage } from "./usage.js";

const MAX_LINKS = 4;
const HEAD_LENGTH = 24;
const LINK_LENGTH = 40;
const HANDLE_LENGTH = 16;
const MAX_WORD = 255;
const MAX_TARGET = 65_535;
/** Once more for a grant that is not loaded, and for each that loading another has pushed out. */
const ATTEMPTS = MAX_LINKS + 1;

/** The decision, or `undefined` if the packed layout is not the way to take it. */
export function decidePacked(links: readonly ReadLink[], asked: ReadRequest): Decision | undefined {
  if (!isOrdinary(links, asked)) return undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const end = writeRequest(links, asked);
    if (end === 0) return undefined;
    const result = leave(enter().decide(end - address));
    if (result < FAILED) return readDecision();
    if (status(result) !== STALE) return undefined;
    for (const link of links) Loaded.load(link.grant);
  }
  return undefined;
}

function isOrdinary(links: readonly ReadLink[], asked: ReadRequest): boolean {
  if (links.length === 0 || links.length > MAX_LINKS) return false;
  for (const link of links) if (link.usage.odd !== undefined) return false;
  return (
    asked.issue === undefined &&
    asked.unknown === undefined &&
    (asked.path === undefined || asked.listing === undefined) &&
    tierByte(asked.tier) >= 0 &&
    isTrust(asked.trust) &&
    isCounter(asked.now) &&
    asked.hasOrdinarySubject
  );
}

function isTrust(trust: unknown): trust is number | undefined {
  return trust === undefined || trust === 0 || trust === 1 || trust === 2 || trust === 3;
}

function tierByte(tier: unknown): number {
  switch (tier) {
    case undefined:
    case "standard":
      return 0;
    case "sensitive":
      return 1;
    case "critical":
      return 2;
    default:
      return -1;
  }
}

/** Writes the request and returns its end; 0 if a field is no text or too long for the layout. */
function writeRequest(links: readonly ReadLink[], asked: ReadRequest): number {
  const { resource, action, ip = "" } = asked;
  const target = asked.path ?? asked.listing ?? "";
  if (typeof resource !== "string" || typeof action !== "string") return 0;
  if (typeof target !== "string" || typeof ip !== "string") return 0;
  const texts = 3 * (resource.length + action.length + target.length + ip.length);
  reserve(HEAD_LENGTH + LINK_LENGTH * links.length + texts);
  const start = writeLinks(links, address + HEAD_LENGTH);
  const afterResource = write(resource, start);
  const afterAction = write(action, afterResource);
  const afterTarget = write(target, afterAction);
  const end = write(ip, afterTarget);
  if (afterResource - start > MAX_WORD || afterAction - afterResource > MAX_WORD) return 0;
  if (afterTarget - afterAction > MAX_TARGET || end - afterTarget > MAX_WORD) return 0;
  const head = address;
  const bytes = memory;
  bytes[head] = 1;
  bytes[head + 1] = links.length;
  bytes[head + 2] = tierByte(asked.tier);
  bytes[head + 3] = asked.path !== undefined ? 1 : asked.listing !== undefined ? 2 : 0;
  bytes[head + 4] = afterResource - start;
  bytes[head + 5] = afterAction - afterResource;
  bytes[head + 6] = afterTarget - afterAction;
  bytes[head + 7] = (afterTarget - afterAction) >> 8;
  bytes[head + 8] = asked.ip === undefined ? 0 : 1;
  bytes[head + 9] = end - afterTarget;
  bytes[head + 10] = (asked.trust as number | undefined) ?? 0;
  bytes[head + 11] = 0;
  view.setUint32(head + 12, 0);
  writeInteger(view, asked.now as number, head + 16);
  return end;
}

function writeLinks(links: readonly ReadLink[], start: number): number {
  const data = view;
  let at = start;
  for (const { grant, usage } of links) {
    Loaded.writeHandle(grant, data, at);
    data.setUint32(at + 12, 0);
    writeInteger(data, usage.uses, at + HANDLE_LENGTH);
    writeInteger(data, usage.last, at + HANDLE_LENGTH + 8);
    writeInteger(data, usage.revision, at + HANDLE_LENGTH + 16);
    at += LINK_LENGTH;
  }
  return at;
}

function writeInteger(data: DataView, value: number, at: number): void {
  data.setUint32(at, value, true);
  data.setUint32(at + 4, value / 2 ** 32, true);
}

function readInteger(data: DataView, at: number): number {
  return data.getUint32(at, true) + data.getUint32(at + 4, true) * 2 ** 32;
}

// The answer: outcome, numbers of links and reasons, usages, reasons.
const ANSWER_HEAD = 8;
const USAGE_LENGTH = 24;
const REASON_LENGTH = 4;

function readDecision(): Decision {
  const [bytes, data, head] = [memory, view, address];
  const decision = bytes[head] === 1 ? "allow" : "deny";
  const end = head + ANSWER_HEAD + USAGE_LENGTH * (bytes[head + 1] as number);
  const usages: Usage[] = [];
  for (let at = head + ANSWER_HEAD; at < end; at += USAGE_LENGTH) {
    const [uses, last, revision] = [readInteger(data, at), readInteger(data, at + 8), readInteger(data, at + 16)];
    usages.push({ revision, uses, last });
  }
  const reasons: Reason[] = [];
  const last = end + REASON_LENGTH * (bytes[head + 2] as number);
  for (let at = end; at < last; at += REASON_LENGTH) {
    reasons.push({ code: REASONS[data.getUint16(at, true)] as Reason["code"], link: bytes[at + 2] as number });
  }
  return { decision, reasons, usages, limits: [], approval: null };
}
