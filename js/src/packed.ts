// The hot path: a decision through the packed layout of docs/abi.md (`warded_decide`), without a document and with next to no garbage.
// It takes only what is certainly right. Everything else goes to the engine as a document, so that there is one judge of what is wrong.

import { REASONS } from "./codes.js";
import type { Asked, Decision, NeededApproval, Reason, ReadLink, Standing } from "./decide.js";
import { address, enter, FAILED, leave, memory, reserve, STALE, status, view, write } from "./engine.js";
import { Loaded } from "./grant.js";
import { hexText, putHex } from "./bytes.js";
import { LoadedPolicy } from "./policy.js";
import { ReadApproval, ReadAttributes, type ReadCost, type ReadRequest, ReadSubject } from "./request.js";
import { append, type BucketState, isCounter, NEITHER, type ReadState, stateOf, type Usage, type WindowState } from "./usage.js";

/** How many links a chain may have. */
export const MAX_LINKS = 4;
const HEAD_LENGTH = 24;
const COST_LENGTH = 24;
const LINK_LENGTH = 40;
const STATE_LENGTH = 32;
const MAX_LIMITS = 8;
/** The most that a link takes. */
const LINK_ROOM = LINK_LENGTH + MAX_LIMITS * STATE_LENGTH;
const POLICY_LENGTH = 16;
const APPROVAL_LENGTH = 40;
/** Before its name and value, and the longest value that is no text. */
const ATTRIBUTE_ROOM = 4 + 8;
const HAS_COST = 1;
const HAS_POLICY = 2;
const HAS_APPROVAL = 4;
const HANDLE_LENGTH = 16;
const MAX_WORD = 255;
const MAX_TARGET = 65_535;
/** Once more for a grant that is not loaded, and for each that loading another has pushed out. */
const ATTEMPTS = MAX_LINKS + 1;
const NO_LINK = 255;

/** The decision, or `undefined` if the packed layout is not the way to take it. */
export function decidePacked({ links, policy, request: asked }: Asked): Decision | undefined {
  if (!isOrdinary(links, asked)) return undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const end = writeRequest(links, policy, asked);
    if (end === 0) return undefined;
    const result = leave(enter().decide(end - address));
    if (result < FAILED) return readDecision(links);
    if (status(result) !== STALE) return undefined;
    for (const link of links) Loaded.load(link.grant);
    if (policy !== undefined) LoadedPolicy.load(policy);
  }
  return undefined;
}

function isOrdinary(links: readonly ReadLink[], asked: ReadRequest): boolean {
  if (links.length === 0 || links.length > MAX_LINKS) return false;
  for (const link of links) if (!link.usage.isOrdinary) return false;
  return (
    asked.issue === undefined &&
    asked.unknown === undefined &&
    (asked.path === undefined || asked.listing === undefined) &&
    tierByte(asked.tier) >= 0 &&
    isTrust(asked.trust) &&
    asked.hasOrdinaryCost &&
    isCounter(asked.now) &&
    asked.hasOrdinarySubject &&
    asked.hasOrdinaryRest
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
function writeRequest(links: readonly ReadLink[], policy: LoadedPolicy | undefined, asked: ReadRequest): number {
  const { resource, action, ip = "" } = asked;
  const target = asked.path ?? asked.listing ?? "";
  if (typeof resource !== "string" || typeof action !== "string") return 0;
  if (typeof target !== "string" || typeof ip !== "string") return 0;
  // Only a policy looks at the rest.
  const rest = policy === undefined ? undefined : asked;
  const texts = 3 * (resource.length + action.length + target.length + ip.length);
  const parts = COST_LENGTH + POLICY_LENGTH + APPROVAL_LENGTH + LINK_ROOM * links.length;
  reserve(HEAD_LENGTH + parts + texts + (rest === undefined ? 0 : roomOfRest(rest)));
  const afterCost = writeCost(asked.cost as ReadCost | undefined, address + HEAD_LENGTH);
  const start = writeLinks(links, policy === undefined ? afterCost : writePolicy(policy, asked, afterCost));
  const afterResource = write(resource, start);
  const afterAction = write(action, afterResource);
  const afterTarget = write(target, afterAction);
  const afterIp = write(ip, afterTarget);
  if (afterResource - start > MAX_WORD || afterAction - afterResource > MAX_WORD) return 0;
  if (afterTarget - afterAction > MAX_TARGET || afterIp - afterTarget > MAX_WORD) return 0;
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
  bytes[head + 9] = afterIp - afterTarget;
  bytes[head + 10] = (asked.trust as number | undefined) ?? 0;
  bytes[head + 11] =
    (asked.cost === undefined ? 0 : HAS_COST) |
    (policy === undefined ? 0 : HAS_POLICY) |
    (rest?.approval === undefined ? 0 : HAS_APPROVAL);
  view.setUint32(head + 12, 0);
  writeInteger(view, asked.now as number, head + 16);
  return rest === undefined ? afterIp : writeRest(rest, afterIp);
}

function roomOfRest({ subject, attributes }: ReadRequest): number {
  let room = subject instanceof ReadSubject ? 3 * (subject.id as string).length : 0;
  if (attributes instanceof ReadAttributes) {
    for (const name of attributes.names) room += ATTRIBUTE_ROOM + name.length;
    for (const value of attributes.values) if (typeof value === "string") room += 3 * value.length;
  }
  return room;
}

/** The policy's handle and the approval, before the links. */
function writePolicy(policy: LoadedPolicy, { approval }: ReadRequest, at: number): number {
  LoadedPolicy.writeHandle(policy, view, at);
  view.setUint32(at + HANDLE_LENGTH - 4, 0);
  const end = at + POLICY_LENGTH;
  if (!(approval instanceof ReadApproval)) return end;
  putHex(approval.digest as string, memory, end);
  view.setUint32(end + 32, approval.approvers as number, true);
  view.setUint32(end + 36, 0);
  return end + APPROVAL_LENGTH;
}

/** The subject and the attributes, behind the texts; both are known to fit. */
function writeRest({ subject, attributes }: ReadRequest, start: number): number {
  const bytes = memory;
  const end = subject instanceof ReadSubject ? write(subject.id as string, start) : start;
  bytes[address + 12] = end - start;
  if (!(attributes instanceof ReadAttributes)) return end;
  const { names, values } = attributes;
  bytes[address + 13] = names.length;
  let at = end;
  for (let index = 0; index < names.length; index++) {
    const begin = at;
    const value = values[index];
    const behindName = write(names[index] as string, begin + 4);
    if (typeof value === "string") at = write(value, behindName);
    else if (typeof value === "number") {
      writeInteger(view, value, behindName);
      at = behindName + 8;
    } else {
      bytes[behindName] = value === true ? 1 : 0;
      at = behindName + 1;
    }
    bytes[begin] = behindName - begin - 4;
    bytes[begin + 1] = typeof value === "string" ? 0 : typeof value === "number" ? 1 : 2;
    bytes[begin + 2] = at - behindName;
    bytes[begin + 3] = (at - behindName) >> 8;
  }
  return at;
}

function writeLinks(links: readonly ReadLink[], start: number): number {
  const data = view;
  let at = start;
  for (const { grant, usage } of links) {
    Loaded.writeHandle(grant, data, at);
    const limits = Loaded.limitsOf(grant);
    const count = usage.limits === undefined ? 0 : limits.length;
    data.setUint32(at + 12, count, true);
    writeInteger(data, usage.uses, at + HANDLE_LENGTH);
    writeInteger(data, usage.last, at + HANDLE_LENGTH + 8);
    writeInteger(data, usage.revision, at + HANDLE_LENGTH + 16);
    at += LINK_LENGTH;
    for (let index = 0; index < count; index++) {
      writeState(data, find(usage.limits as ReadState[], limits[index] as string), at);
      at += STATE_LENGTH;
    }
  }
  return at;
}

function writeCost(cost: ReadCost | undefined, at: number): number {
  if (cost === undefined) return at;
  writeInteger(view, (cost.requests as number | undefined) ?? 0, at);
  writeInteger(view, (cost.tokens as number | undefined) ?? 0, at + 8);
  writeInteger(view, (cost.micros as number | undefined) ?? 0, at + 16);
  return at + COST_LENGTH;
}

function find(states: readonly ReadState[], id: string): ReadState | undefined {
  for (const state of states) if (state.id === id) return state;
  return undefined;
}

function writeState(data: DataView, state: ReadState | undefined, at: number): void {
  if (state === undefined) {
    memory.fill(0, at, at + STATE_LENGTH);
    return;
  }
  data.setUint32(at, state.kind, true);
  data.setUint32(at + 4, state.fraction, true);
  writeInteger(data, state.amount, at + 8);
  writeInteger(data, state.time, at + 16);
  writeInteger(data, state.debt, at + 24);
}

function writeInteger(data: DataView, value: number, at: number): void {
  data.setUint32(at, value, true);
  data.setUint32(at + 4, value / 2 ** 32, true);
}

function readInteger(data: DataView, at: number): number {
  return data.getUint32(at, true) + data.getUint32(at + 4, true) * 2 ** 32;
}

// The answer: outcome, numbers of links, reasons and limits; usages, reasons, limits.
const ANSWER_HEAD = 8;
const USAGE_LENGTH = 24;
const REASON_LENGTH = 4;
const LIMIT_LENGTH = 56;
const OUTCOMES = ["deny", "allow", "ask"] as const;

/** A usage while its limits are being filled in. */
interface NextUsage extends Usage {
  readonly limits?: { [id: string]: BucketState | WindowState };
}

function readDecision(links: readonly ReadLink[]): Decision {
  const [bytes, data, head] = [memory, view, address];
  let usages: NextUsage[] | undefined;
  let at = head + ANSWER_HEAD;
  for (const { grant } of links) {
    const [uses, last, revision] = [readInteger(data, at), readInteger(data, at + 8), readInteger(data, at + 16)];
    const hasLimits = Loaded.limitsOf(grant).length > 0;
    usages = append<NextUsage>(usages, hasLimits ? { revision, uses, last, limits: {} } : { revision, uses, last });
    at += USAGE_LENGTH;
  }
  const reasons: Reason[] = [];
  const reasonsAt = at;
  for (let count = bytes[head + 2] as number; count > 0; count--) {
    const code = REASONS[data.getUint16(at, true)] as Reason["code"];
    const link = bytes[at + 2] as number;
    reasons.push(link === NO_LINK ? { code } : { code, link });
    at += REASON_LENGTH;
  }
  let limits: Standing[] | undefined;
  for (let count = bytes[head + 3] as number; count > 0; count--) {
    limits = append(limits, readLimit(links, usages as NextUsage[], data, at));
    at += LIMIT_LENGTH;
  }
  for (let index = 0; index < reasons.length; index++) {
    const length = bytes[reasonsAt + REASON_LENGTH * index + 3] as number;
    if (length === 0) continue;
    // Ids of rules are ASCII.
    reasons[index] = { ...(reasons[index] as Reason), rule: String.fromCharCode(...bytes.subarray(at, at + length)) };
    at += length;
  }
  const decision = OUTCOMES[bytes[head] as number] as Decision["decision"];
  return { decision, reasons, usages: usages ?? [], limits: limits ?? [], approval: decision === "ask" ? readApproval(reasons, at) : null };
}

const TIERS = ["standard", "sensitive", "critical"] as const;

/** Reads what people have to approve; the rules that ask are those of the reasons. */
function readApproval(reasons: readonly Reason[], at: number): NeededApproval {
  const rules: string[] = [];
  for (const { code, rule } of reasons) if (code === "approval_required" && rule !== undefined) rules.push(rule);
  const tier = TIERS[memory[at + 33] as number] as NeededApproval["tier"];
  return { digest: hexText(memory.subarray(at, at + 32)), approvers: memory[at + 32] as number, tier, rules };
}

/** Reads how a limit stands, and puts its state into the usage of its link. */
function readLimit(links: readonly ReadLink[], usages: readonly NextUsage[], data: DataView, at: number): Standing {
  const link = data.getUint8(at);
  const id = Loaded.limitsOf((links[link] as ReadLink).grant)[data.getUint8(at + 1)] as string;
  const kind = data.getUint8(at + 2);
  if (kind !== NEITHER) {
    const [amount, time, debt] = [readInteger(data, at + 8), readInteger(data, at + 16), readInteger(data, at + 24)];
    const state = stateOf(kind, amount, time, data.getUint32(at + 4, true), debt);
    const states = (usages[link] as NextUsage).limits as { [id: string]: BucketState | WindowState };
    // Not always an assignment: the id can be `__proto__`.
    if (id !== "__proto__") states[id] = state;
    else Object.defineProperty(states, id, { value: state, enumerable: true, configurable: true, writable: true });
  }
  const retry = readInteger(data, at + 48);
  return { link, id, remaining: readInteger(data, at + 32), reset: readInteger(data, at + 40), retry_after: retry === 0 ? null : retry };
}
