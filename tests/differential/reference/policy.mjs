// The operator's rules: which of them speak about a request, and what they say together.
import { couldBe, evaluate, isOpen } from "./condition.mjs";
import { covers, matches, overlaps, parts } from "./pattern.mjs";

/** The ids of the rules that fire, by effect; `allowed` is whether everything asked has an allow. */
export function judge(policy, request) {
  const firing = (effect) => policy.rules.filter((rule) => rule.effect === effect && fires(rule, request, policy));
  const ids = (rules) => rules.map((rule) => rule.id);
  return {
    denied: ids(firing("deny")),
    asked: ids(firing("require_approval")),
    allowed: wanted(request).every((scope) =>
      policy.rules.some((rule) => rule.effect === "allow" && speaksOf(rule, request, scope) && holds(rule, request, policy)),
    ),
  };
}

/** The code of the attribute that alone keeps a rule from allowing the request, if there is one. */
export function narrowed(policy, request) {
  const [code, free] = { llm: ["model_not_allowed", ["model"]], egress: ["egress_not_allowed", ["host", "method", "port"]] }[request.resource] ?? [];
  if (code === undefined) return undefined;
  const isNear = ({ when }) => when !== undefined && couldBe(when, true, free, request, policy);
  const speaks = (rule) => rule.effect === "allow" && wanted(request).some((scope) => speaksOf(rule, request, scope));
  return policy.rules.some((rule) => speaks(rule) && isNear(rule)) ? code : undefined;
}

/** What is asked for, one by one: each scope of a token to be issued, or the one use. */
const wanted = (request) => (request.issue ? [...new Set(request.issue.scopes)] : [undefined]);

const fires = (rule, request, policy) =>
  wanted(request).some((scope) => speaksOf(rule, request, scope)) && holds(rule, request, policy);

function speaksOf(rule, request, scope) {
  if (rule.subjects && !rule.subjects.includes(request.subject?.id)) return false;
  return scope === undefined ? meansUse(rule, request) : meansScope(rule, parts(scope));
}

function meansUse(rule, { resource, action, path, listing }) {
  if (rule.actions && !rule.actions.some((one) => [`${resource}:${action}`, `${resource}:*`].includes(one))) return false;
  if (!rule.resources) return true;
  if (path !== undefined) return rule.resources.some((pattern) => matches(pattern, path));
  if (listing !== undefined) return rule.resources.some((pattern) => meets(rule)(pattern, listing));
  return false;
}

function meansScope(rule, { resource, action, pattern }) {
  const isWider = rule.effect === "deny";
  const names = (one) => {
    const [ruleResource, ruleAction] = one.split(":");
    if (ruleResource !== resource) return false;
    return ruleAction === "*" || ruleAction === action || (!isWider && action === "*");
  };
  if (rule.actions && !rule.actions.some(names)) return false;
  if (!rule.resources) return true;
  return pattern !== undefined && rule.resources.some((one) => (isWider ? covers : overlaps)(one, pattern));
}

/** A listing is only forbidden or asked about as a whole; its items are decided one by one. */
const meets = (rule) => (rule.effect === "allow" ? overlaps : covers);

function holds(rule, request, policy) {
  const value = rule.when ? evaluate(rule.when, request, policy) : true;
  if (value !== "unknown") return value;
  const open = request.issue !== undefined && isOpen(rule.when);
  return rule.effect === "allow" ? open : !open;
}
