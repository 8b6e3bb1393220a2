//! Why a decision is what it is: which clause decided, and of a refusal by the policy, which rule came nearest to allowing.

use alloc::string::String;

use crate::decide::{Link, decide};
use crate::decision::{Decision, Outcome};
use crate::error::ErrorCode;
use crate::json::push_decimal;
use crate::policy::condition::Condition;
use crate::policy::evaluate::{Facts, Truth};
use crate::policy::rule::Rule;
use crate::policy::{Effect, Policy};
use crate::request::{Request, Target};
use crate::scope::Scope;

#[cfg(test)]
mod tests;

/// The decision of a request and why it is so, as JSON text: `decision`, `decided_by`, `nearest` and `rules`.
///
/// A clause is a place in a grant (`link`), in a rule (`rule`) or, with neither, in the policy or the request.
#[must_use]
pub fn explain(chain: &[Link<'_>], policy: Option<&Policy>, request: &Request<'_>) -> String {
    let decision = decide(chain, policy, request);
    // Text and not a tree: ids, names and places need no escapes, and it takes a third of the room in Wasm.
    let mut out = String::from("{\"decision\":");
    out.push_str(&String::from_utf8(decision.to_document(chain).to_json()).unwrap_or_default());
    out.push_str(",\"decided_by\":[");
    decided_by(&mut out, chain, policy, request, &decision);
    out.push_str(",\"nearest\":");
    match policy.and_then(|policy| nearest(policy, &decision, request)) {
        Some(rule) => out.push_str(&rule),
        None => out.push_str("null"),
    }
    out.push_str(",\"rules\":[");
    if let Some(policy) = policy {
        rules(&mut out, policy, request);
    }
    close(&mut out);
    out.push('}');
    out
}

/// Ends a list whose entries each end in a comma.
fn close(out: &mut String) {
    if out.ends_with(',') {
        out.pop();
    }
    out.push(']');
}

#[inline(never)]
fn push(out: &mut String, parts: &[&str]) {
    parts.iter().for_each(|part| out.push_str(part));
}

fn decided_by(
    out: &mut String,
    chain: &[Link<'_>],
    policy: Option<&Policy>,
    request: &Request<'_>,
    decision: &Decision,
) {
    for reason in decision.reasons() {
        let rule =
            reason.rule.as_deref().zip(policy).and_then(|(id, policy)| policy.rule(id).zip(Some(policy)));
        match rule {
            Some((rule, policy)) => of_rule(out, rule, &policy.facts(request)),
            None => of_link(out, reason.link.map(u64::from), clause_of(reason.code)),
        }
    }
    match policy {
        _ if decision.outcome() != Outcome::Allow => {}
        None => (0..).zip(chain).for_each(|(link, _)| of_link(out, Some(link), "scopes")),
        Some(policy) => {
            let facts = policy.facts(request);
            for rule in policy.rules() {
                let allows = rule.effect == Effect::Allow && rule.parts(request) != 0;
                if allows && rule.fires(rule.truth(&facts), facts.is_issue()) {
                    of_rule(out, rule, &facts);
                }
            }
        }
    }
    close(out);
}

/// The field of a grant, or of a policy, that a code is about.
const fn clause_of(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::ApprovalMismatch => "approval",
        ErrorCode::ApprovalRequired => "approvals",
        ErrorCode::ChainEmpty | ErrorCode::ChainTooLong => "chain",
        ErrorCode::Expired => "expires_at",
        ErrorCode::IpNotAllowed | ErrorCode::IpUnknown => "ip_allowlist",
        ErrorCode::NamespaceNotAllowed => "namespaces",
        ErrorCode::NotYetValid => "not_before",
        ErrorCode::QuotaExhausted => "limits",
        ErrorCode::ScopeMissing => "scopes",
        ErrorCode::TierExceedsGrant => "tier_ceiling",
        ErrorCode::TrustTooLow => "trust_floor",
        ErrorCode::UsageAhead => "usage",
        ErrorCode::UsesExhausted => "max_uses",
        _ => "rules",
    }
}

/// A clause of a link, or with none of the policy or the request.
fn of_link(out: &mut String, link: Option<u64>, clause: &str) {
    out.push('{');
    if let Some(link) = link {
        out.push_str("\"link\":");
        push_decimal(out, link);
        out.push(',');
    }
    push(out, &["\"clause\":\"", clause, "\"},"]);
}

/// A rule and the clause of it that decided.
fn of_rule(out: &mut String, rule: &Rule, facts: &Facts<'_>) {
    push(out, &["{\"rule\":\"", &rule.id, "\",\"clause\":\"", &deciding(rule, facts), "\"},"]);
}

/// Every rule, whether it is for the request, and what its condition then comes to.
fn rules(out: &mut String, policy: &Policy, request: &Request<'_>) {
    let facts = policy.facts(request);
    for rule in policy.rules() {
        let is_matched = rule.parts(request) != 0;
        let truth = match &rule.when {
            Some(when) if is_matched => word(when.evaluate(&facts)),
            _ => "null",
        };
        let matched = if is_matched { "true" } else { "false" };
        push(out, &["{\"id\":\"", &rule.id, "\",\"effect\":\"", rule.effect.word()]);
        push(out, &["\",\"matched\":", matched, ",\"when\":", truth, "},"]);
    }
}

const fn word(truth: Truth) -> &'static str {
    match truth {
        Truth::False => "false",
        Truth::Unknown => "\"unknown\"",
        Truth::True => "true",
    }
}

/// The clause that made a rule fire: the smallest part of its condition that decided, or what it is for.
fn deciding(rule: &Rule, facts: &Facts<'_>) -> String {
    let Some(when) = &rule.when else {
        let parts = [
            ("resources", rule.resources.is_some()),
            ("actions", rule.actions.is_some()),
            ("subjects", rule.subjects.is_some()),
        ];
        return parts.iter().find(|(_, is_there)| *is_there).map_or("effect", |(part, _)| part).into();
    };
    let mut place = String::from("when");
    let mut condition = when;
    loop {
        let truth = condition.evaluate(facts);
        let (name, inner, together) = match condition {
            Condition::All(inner) => (".all[", inner, Truth::True),
            Condition::Any(inner) => (".any[", inner, Truth::False),
            Condition::Not(inner) => {
                place.push_str(".not");
                condition = inner;
                continue;
            }
            Condition::Test(_) => return place,
        };
        let one = inner.iter().position(|inner| inner.evaluate(facts) == truth);
        match one.and_then(|index| inner.get(index).zip(Some(index))) {
            // Where all of them made it so, none is to be named.
            Some((inner, index)) if truth != together => {
                push_index(&mut place, name, index);
                condition = inner;
            }
            _ => return place,
        }
    }
}

fn push_index(place: &mut String, name: &str, index: usize) {
    place.push_str(name);
    push_decimal(place, u64::try_from(index).unwrap_or_default());
    place.push(']');
}

/// The rule that lacked least to allow what no rule allowed.
fn nearest(policy: &Policy, decision: &Decision, request: &Request<'_>) -> Option<String> {
    decision.reasons().iter().find(|reason| reason.code == ErrorCode::NoRuleAllows)?;
    let facts = policy.facts(request);
    let scope = unallowed(policy, request);
    let mut nearest: Option<(usize, String)> = None;
    for rule in policy.rules().iter().filter(|rule| rule.effect == Effect::Allow) {
        let mut out = String::new();
        push(&mut out, &["{\"rule\":\"", &rule.id, "\",\"missing\":["]);
        let count = missing(&mut out, rule, &scope, &facts);
        if nearest.as_ref().is_none_or(|(least, _)| count < *least) {
            nearest = Some((count, out));
        }
    }
    let (_, mut rule) = nearest?;
    close(&mut rule);
    rule.push('}');
    Some(rule)
}

/// What no rule allowed: of a token to be issued, the first of its scopes.
fn unallowed<'a>(policy: &Policy, request: &Request<'a>) -> Scope<'a> {
    let pattern = match &request.target {
        Target::None => None,
        Target::Path(path) => Some((*path).into()),
        Target::Listing(pattern) => Some(*pattern),
        Target::Issue(issue) => {
            let facts = policy.facts(request);
            let allows = |rule: &Rule, asked: &Scope<'a>| {
                rule.effect == Effect::Allow && missing(&mut String::new(), rule, asked, &facts) == 0
            };
            let asked = |asked: &&Scope<'a>| !policy.rules().iter().any(|rule| allows(rule, asked));
            if let Some(asked) = issue.scopes.iter().find(asked) {
                return *asked;
            }
            None
        }
    };
    Scope::new(request.resource, request.action, pattern)
}

/// Writes what an allowing rule lacks to allow this scope, and counts it.
fn missing(out: &mut String, rule: &Rule, scope: &Scope<'_>, facts: &Facts<'_>) -> usize {
    let parts = [
        ("subjects", rule.has_subject(facts.request.subject.map(|subject| subject.id))),
        ("actions", rule.meets_action(scope)),
        ("resources", rule.meets_resource(scope)),
    ];
    let mut count = 0_usize;
    for (part, _) in parts.iter().filter(|(_, holds)| !holds) {
        of_link(out, None, part);
        count = count.saturating_add(1);
    }
    if let Some(when) = &rule.when
        && !rule.fires(when.evaluate(facts), facts.is_issue())
    {
        count = count.saturating_add(lacking(out, when, true, facts, &mut String::from("when")));
    }
    count
}

/// Writes the fewest tests that would have to come out otherwise for the condition to come to `wanted`, and counts them.
fn lacking(
    out: &mut String,
    condition: &Condition,
    wanted: bool,
    facts: &Facts<'_>,
    place: &mut String,
) -> usize {
    let truth = condition.evaluate(facts);
    if truth == Truth::from(wanted) {
        return 0;
    }
    let length = place.len();
    let (name, inner, needs_each) = match condition {
        Condition::All(inner) => (".all[", inner, wanted),
        Condition::Any(inner) => (".any[", inner, !wanted),
        Condition::Not(inner) => {
            place.push_str(".not");
            let count = lacking(out, inner, !wanted, facts, place);
            place.truncate(length);
            return count;
        }
        Condition::Test(test) => {
            push(out, &["{\"clause\":\"", place, "\",\"attribute\":\"", test.attribute.name(facts.declared)]);
            push(out, &["\",\"is\":", word(truth), "},"]);
            return 1;
        }
    };
    let (mut count, mut best) = (0_usize, None);
    for (index, inner) in inner.iter().enumerate() {
        push_index(place, name, index);
        if needs_each {
            count = count.saturating_add(lacking(out, inner, wanted, facts, place));
        } else {
            let mut text = String::new();
            let needed = lacking(&mut text, inner, wanted, facts, place);
            if best.as_ref().is_none_or(|(least, _)| needed < *least) {
                best = Some((needed, text));
            }
        }
        place.truncate(length);
    }
    if let Some((least, text)) = best {
        out.push_str(&text);
        count = least;
    }
    count
}
