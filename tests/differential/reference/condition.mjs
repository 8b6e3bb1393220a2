// Conditions: true, false or "unknown".
import { address, contains, network } from "./address.mjs";

const UNKNOWN = "unknown";
const TIERS = ["standard", "sensitive", "critical"];
const DAYS = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"];
const DAY_MS = 86_400_000;

/** What a condition comes to for a request. */
export function evaluate(condition, request, policy) {
  if (condition.all) return all(condition.all.map((inner) => evaluate(inner, request, policy)));
  if (condition.any) return any(condition.any.map((inner) => evaluate(inner, request, policy)));
  if (condition.not) return not(evaluate(condition.not, request, policy));
  return leaf(condition, request, policy);
}

const all = (values) => (values.includes(false) ? false : values.includes(UNKNOWN) ? UNKNOWN : true);
const any = (values) => (values.includes(true) ? true : values.includes(UNKNOWN) ? UNKNOWN : false);
const not = (value) => (value === UNKNOWN ? UNKNOWN : !value);

/** Whether a condition asks about something that is known only when the credential is used. */
export function isOpen(condition) {
  const inner = condition.all ?? condition.any ?? (condition.not && [condition.not]);
  if (inner) return inner.some(isOpen);
  return !["ip", "time", "weekday", "trust", "tier"].includes(condition.attribute);
}

/** Whether the condition could come to `wanted` if the tests of the attributes in `free` came to whatever is best for that. */
export function couldBe(condition, wanted, free, request, policy) {
  const could = (inner, value = wanted) => couldBe(inner, value, free, request, policy);
  if (condition.all) return wanted ? condition.all.every((inner) => could(inner)) : condition.all.some((inner) => could(inner));
  if (condition.any) return wanted ? condition.any.some((inner) => could(inner)) : condition.any.every((inner) => could(inner));
  if (condition.not) return could(condition.not, !wanted);
  return free.includes(condition.attribute) || leaf(condition, request, policy) === wanted;
}

function leaf(test, request, policy) {
  if (request.issue && isOpen(test)) return UNKNOWN;
  if (test.attribute === "time") return betweenTimes(test, request.now);
  if (test.exists !== undefined) return test.exists === isGiven(test.attribute, request);
  const type = typeOf(test.attribute, policy);
  const value = valueOf(test, type, request);
  if (value === undefined) return UNKNOWN;
  return compare(test, type, value);
}

/** Whether there is a value, of whatever type. */
const isGiven = (name, request) => (name === "ip" ? request.ip : request.attributes?.[name]) !== undefined;

function typeOf(name, policy) {
  const builtIn = { ip: "address", weekday: "text", trust: "integer", tier: "tier", model: "text" };
  const egress = { host: "host", method: "text", port: "integer" };
  return builtIn[name] ?? egress[name] ?? policy.attributes[name].type;
}

/** The value of an attribute, `undefined` if it is missing or of another type. */
function valueOf(test, type, request) {
  switch (test.attribute) {
    case "ip":
      return request.ip;
    case "weekday":
      return DAYS[Math.floor(local(test, request.now) / DAY_MS) % 7];
    case "trust":
      return request.trust ?? 0;
    case "tier":
      return request.tier ?? "standard";
  }
  const value = request.attributes?.[test.attribute];
  return isOf(type, value) ? value : undefined;
}

function isOf(type, value) {
  if (type === "integer") return typeof value === "number";
  if (type === "boolean") return typeof value === "boolean";
  if (type === "address") return typeof value === "string" && looksLikeAddress(value);
  return typeof value === "string";
}

const looksLikeAddress = (text) => /^[0-9a-f.:]+$/.test(text) && /[.:]/.test(text);

function compare(test, type, value) {
  const order = (one) => (type === "tier" ? TIERS.indexOf(one) : one);
  if (test.eq !== undefined) return value === test.eq;
  if (test.in) return test.in.includes(value);
  if (test.prefix !== undefined) return value.startsWith(test.prefix);
  if (test.lt !== undefined) return order(value) < order(test.lt);
  if (test.lte !== undefined) return order(value) <= order(test.lte);
  if (test.gt !== undefined) return order(value) > order(test.gt);
  if (test.gte !== undefined) return order(value) >= order(test.gte);
  if (test.host) return test.host.some((name) => hostMatches(name, value));
  return inNetworks(test.cidr, value);
}

function hostMatches(name, host) {
  return name.startsWith("*.") ? host.endsWith(name.slice(1)) && host.length > name.length - 1 : host === name;
}

function inNetworks(networks, text) {
  // A host that is a name lies in no network.
  return looksLikeAddress(text) && networks.some((one) => contains(network(one), address(text)));
}

function local(test, now) {
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(test.offset ?? "+00:00");
  return now + (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

function betweenTimes(test, now) {
  const clock = (text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
  const [from, to] = [clock(test.from), clock(test.to)];
  const minute = Math.floor((local(test, now) % DAY_MS) / 60_000);
  return from < to ? from <= minute && minute < to : from <= minute || minute < to;
}
