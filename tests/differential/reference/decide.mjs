// The decision, one clause after the other, as docs/engine.md has them.
import { listed } from "./address.mjs";
import { issueDigest, useDigest } from "./ask.mjs";
import { more } from "./counter.mjs";
import { scopeAllows, scopeCovers } from "./pattern.mjs";
import { judge, narrowed } from "./policy.mjs";
import { charge } from "./quota.mjs";

const DAY = 86_400_000;
const TIERS = ["standard", "sensitive", "critical"];
const NONE = { revision: 0, uses: 0, last: 0 };

/** The whole decision document. */
export function decide({ chain, policy, request }) {
  const charged = chain.map(({ grant, usage = NONE }) => charge(grant.limits ?? [], usage, request));
  const reasons = chain.flatMap((link, index) => failed(link, charged[index], request).map((code) => ({ code, link: index })));
  const verdict = policy ? judge(policy, request) : { denied: [], asked: [], allowed: true };
  reasons.push(...verdict.denied.map((rule) => ({ code: "policy_denied", rule })));
  if (!verdict.allowed) {
    const near = narrowed(policy, request);
    reasons.push({ code: "no_rule_allows" }, ...(near ? [{ code: near }] : []));
  }
  const asked = policy && reasons.length === 0 ? ask(chain, policy, request, verdict.asked) : undefined;
  const decision = reasons.length > 0 ? "deny" : asked ? "ask" : "allow";
  return {
    decision,
    reasons: asked ? asked.reasons : reasons,
    usages: chain.map(({ usage = NONE, grant }, index) =>
      decision === "allow" ? spent(usage, request.now, charged[index]) : kept(usage, grant),
    ),
    limits: charged.flatMap(({ answers }, link) => answers(decision === "allow").map((answer) => ({ link, ...answer }))),
    approval: asked ? asked.approval : null,
  };
}

function failed({ grant, usage = NONE }, charged, request) {
  const now = Math.max(request.now, usage.last ?? 0);
  const { covered, inside } = reach(grant, request);
  const clauses = [
    ["usage_ahead", (usage.last ?? 0) > request.now + DAY],
    ["not_yet_valid", now < (grant.not_before ?? 0)],
    ["expired", grant.expires_at !== undefined && now >= grant.expires_at],
    ["uses_exhausted", grant.max_uses !== undefined && (usage.uses ?? 0) >= grant.max_uses],
    ["ip_unknown", grant.ip_allowlist && !request.ip],
    ["ip_not_allowed", grant.ip_allowlist && request.ip && !listed(grant.ip_allowlist, request.ip)],
    ["scope_missing", !covered],
    ["namespace_not_allowed", !inside],
    ["tier_exceeds_grant", TIERS.indexOf(request.tier ?? "standard") > TIERS.indexOf(grant.tier_ceiling ?? "standard")],
    ["trust_too_low", (request.trust ?? 0) < (grant.trust_floor ?? 0)],
    ["quota_exhausted", !charged.fits],
  ];
  return clauses.filter(([, fails]) => fails).map(([code]) => code);
}

function reach(grant, { resource, action, path, listing, issue }) {
  const inside = (text) =>
    !grant.namespaces || grant.namespaces.includes("*") || grant.namespaces.some((name) => text.startsWith(`${name}/`));
  const covers = (inner) => grant.scopes.some((scope) => scopeCovers(scope, inner));
  if (issue) {
    const patterns = issue.scopes.map((scope) => scope.split(":")[2]).filter((pattern) => pattern !== undefined);
    return { covered: issue.scopes.every(covers), inside: patterns.every(inside) };
  }
  if (listing !== undefined) return { covered: covers(`${resource}:${action}:${listing}`), inside: inside(listing) };
  const covered = grant.scopes.some((scope) => scopeAllows(scope, resource, action, path));
  return { covered, inside: path === undefined || inside(path) };
}

/** What people have to approve, unless they have. */
function ask(chain, policy, request, rules) {
  const tier = request.tier ?? "standard";
  const byTier = { standard: 0, sensitive: 1, critical: 2, ...policy.approvals }[tier];
  const approvers = request.issue
    ? Math.max(byTier, rules.length > 0 ? 1 : 0)
    : rules.length > 0 ? Math.max(1, byTier) : 0;
  if (approvers === 0) return undefined;
  const digest = request.issue ? issueDigest(request) : useDigest(chain, request, rules);
  const given = request.approval;
  if (given?.digest === digest && given.approvers >= approvers) return undefined;
  const reasons = rules.length > 0 ? rules.map((rule) => ({ code: "approval_required", rule })) : [{ code: "approval_required" }];
  if (given && given.digest !== digest) reasons.push({ code: "approval_mismatch" });
  return { reasons, approval: { digest, approvers, tier, rules: [...rules].sort() } };
}

function spent(usage, now, charged) {
  const next = {
    revision: more(usage.revision),
    uses: more(usage.uses),
    last: Math.max(now, usage.last ?? 0),
  };
  return charged.next ? { ...next, limits: charged.next } : next;
}

function kept(usage, grant) {
  const same = { revision: usage.revision ?? 0, uses: usage.uses ?? 0, last: usage.last ?? 0 };
  if (!grant.limits) return same;
  const known = grant.limits.filter(({ id }) => usage.limits?.[id]);
  return { ...same, limits: Object.fromEntries(known.map(({ id }) => [id, usage.limits[id]])) };
}
