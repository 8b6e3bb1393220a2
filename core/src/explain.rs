//! Why a decision is what it is: which clause decided, and of a refusal by the policy, which rule came nearest to allowing.

use alloc::string::String;
use alloc::vec::Vec;

use crate::decide::{Link, decide};
use crate::decision::{Decision, Outcome};
use crate::document::Value;
use crate::error::ErrorCode;
use crate::json::push_decimal;
use crate::policy::condition::{Condition, Test};
use crate::policy::evaluate::{Facts, Truth};
use crate::policy::rule::Rule;
use crate::policy::{Effect, Policy};
use crate::request::{Request, Target};
use crate::scope::Scope;

#[cfg(test)]
mod tests;

/// The decision of a request and why it is so, as a document: `decision`, `decided_by`, `nearest` and `rules`.
///
/// A clause is a place in a grant (`link`), in a rule (`rule`) or, with neither, in the policy.
#[must_use]
pub fn explain(chain: &[Link<'_>], policy: Option<&Policy>, request: &Request<'_>) -> Value {
    let decision = decide(chain, policy, request);
    let mut decided_by: Vec<Value> = Vec::new();
    for reason in decision.reasons() {
        let rule =
            reason.rule.as_deref().zip(policy).and_then(|(id, policy)| policy.rule(id).zip(Some(policy)));
        match (reason.link, rule) {
            (Some(link), _) => decided_by.push(of_link(link.into(), clause_of(reason.code))),
            (None, Some((rule, policy))) => decided_by.push(of_rule(rule, &policy.facts(request))),
            (None, None) => decided_by.push(clause(clause_of(reason.code))),
        }
    }
    if decision.outcome() == Outcome::Allow {
        decided_by = allowed_by(chain, policy, request);
    }
    Value::object([
        ("decision", decision.to_document(chain)),
        ("decided_by", Value::List(decided_by)),
        ("nearest", policy.and_then(|policy| nearest(policy, &decision, request)).unwrap_or(Value::Null)),
        ("rules", Value::List(policy.map(|policy| rules(policy, request)).unwrap_or_default())),
    ])
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

fn clause(clause: &str) -> Value {
    Value::object([("clause", Value::text(clause))])
}

fn of_link(link: u64, clause: &str) -> Value {
    Value::object([("link", Value::Integer(link)), ("clause", Value::text(clause))])
}

/// A rule and the clause of it that decided.
fn of_rule(rule: &Rule, facts: &Facts<'_>) -> Value {
    Value::object([("rule", Value::text(&rule.id)), ("clause", Value::Text(deciding(rule, facts)))])
}

/// The rules that allowed, or without a policy the scopes of each link.
fn allowed_by(chain: &[Link<'_>], policy: Option<&Policy>, request: &Request<'_>) -> Vec<Value> {
    let Some(policy) = policy else {
        return (0..).zip(chain).map(|(link, _)| of_link(link, "scopes")).collect();
    };
    let facts = policy.facts(request);
    matched(policy, request)
        .filter(|rule| rule.effect == Effect::Allow && rule.fires(rule.truth(&facts), facts.is_issue()))
        .map(|rule| of_rule(rule, &facts))
        .collect()
}

/// The rules that are for the request, their conditions aside.
fn matched<'p>(policy: &'p Policy, request: &'p Request<'_>) -> impl Iterator<Item = &'p Rule> {
    policy.rules().iter().filter(|rule| rule.parts(request) != 0)
}

/// Every rule, whether it is for the request, and what its condition then comes to.
fn rules(policy: &Policy, request: &Request<'_>) -> Vec<Value> {
    let facts = policy.facts(request);
    let document = |rule: &Rule| {
        let is_matched = rule.parts(request) != 0;
        let truth = rule.when.as_ref().filter(|_| is_matched).map(|when| truth(when.evaluate(&facts)));
        Value::object([
            ("id", Value::text(&rule.id)),
            ("effect", Value::text(rule.effect.word())),
            ("matched", Value::Bool(is_matched)),
            ("when", truth.unwrap_or(Value::Null)),
        ])
    };
    policy.rules().iter().map(document).collect()
}

fn truth(truth: Truth) -> Value {
    match truth {
        Truth::False => Value::Bool(false),
        Truth::Unknown => Value::text("unknown"),
        Truth::True => Value::Bool(true),
    }
}

/// The clause that made a rule fire: the smallest part of its condition that decided, or what it is for.
fn deciding(rule: &Rule, facts: &Facts<'_>) -> String {
    let Some(when) = &rule.when else {
        let narrowest = if rule.resources.is_some() {
            "resources"
        } else if rule.actions.is_some() {
            "actions"
        } else if rule.subjects.is_some() {
            "subjects"
        } else {
            "effect"
        };
        return narrowest.into();
    };
    let mut place = String::from("when");
    let mut condition = when;
    loop {
        let truth = condition.evaluate(facts);
        let (name, inner, least) = match condition {
            Condition::All(inner) => ("all", inner.as_slice(), Truth::True),
            Condition::Any(inner) => ("any", inner.as_slice(), Truth::False),
            Condition::Not(inner) => {
                place.push_str(".not");
                condition = inner;
                continue;
            }
            Condition::Test(_) => return place,
        };
        // Where all of them made it so, none is to be named.
        let one = inner.iter().position(|inner| inner.evaluate(facts) == truth).filter(|_| truth != least);
        let Some((index, inner)) = one.and_then(|index| inner.get(index).map(|inner| (index, inner))) else {
            return place;
        };
        push_index(&mut place, name, index);
        condition = inner;
    }
}

fn push_index(place: &mut String, name: &str, index: usize) {
    for part in [".", name, "["] {
        place.push_str(part);
    }
    push_decimal(place, u64::try_from(index).unwrap_or(u64::MAX));
    place.push(']');
}

/// The rule that lacked least to allow what no rule allowed.
fn nearest(policy: &Policy, decision: &Decision, request: &Request<'_>) -> Option<Value> {
    decision.reasons().iter().find(|reason| reason.code == ErrorCode::NoRuleAllows)?;
    let scope = unallowed(policy, request);
    let facts = policy.facts(request);
    let allowing = policy.rules().iter().filter(|rule| rule.effect == Effect::Allow);
    let (rule, missing) = allowing
        .map(|rule| (rule, missing(rule, &scope, &facts)))
        .min_by_key(|(_, missing)| missing.len())?;
    let missing = missing.into_iter().map(|lack| lack.to_document(&facts)).collect();
    Some(Value::object([("rule", Value::text(&rule.id)), ("missing", Value::List(missing))]))
}

/// What no rule allowed: of a token to be issued, the first of its scopes.
fn unallowed<'a>(policy: &Policy, request: &Request<'a>) -> Scope<'a> {
    let scope = |pattern| Scope::new(request.resource, request.action, pattern);
    match &request.target {
        Target::None => scope(None),
        Target::Path(path) => scope(Some((*path).into())),
        Target::Listing(pattern) => scope(Some(*pattern)),
        Target::Issue(issue) => {
            let facts = policy.facts(request);
            let allows = |rule: &Rule, asked: &Scope<'a>| missing(rule, asked, &facts).is_empty();
            let is_allowed = |asked: &Scope<'a>| {
                policy.rules().iter().any(|rule| rule.effect == Effect::Allow && allows(rule, asked))
            };
            issue.scopes.iter().copied().find(|asked| !is_allowed(asked)).unwrap_or_else(|| scope(None))
        }
    }
}

/// What a rule lacked: a part of it, or a test of its condition.
struct Lack<'p> {
    clause: String,
    test: Option<&'p Test>,
}

impl<'p> Lack<'p> {
    fn part(clause: &str) -> Self {
        Self { clause: clause.into(), test: None }
    }

    fn to_document(&self, facts: &Facts<'_>) -> Value {
        let clause = Value::text(&self.clause);
        let Some(test) = self.test else { return Value::object([("clause", clause)]) };
        let attribute = Value::text(test.attribute.name(facts.declared));
        Value::object([("clause", clause), ("attribute", attribute), ("is", truth(test.evaluate(facts)))])
    }
}

/// What an allowing rule lacks to allow this scope.
fn missing<'p>(rule: &'p Rule, scope: &Scope<'_>, facts: &Facts<'_>) -> Vec<Lack<'p>> {
    let mut missing = Vec::new();
    if !rule.has_subject(facts.request.subject.map(|subject| subject.id)) {
        missing.push(Lack::part("subjects"));
    }
    if !rule.meets_action(scope) {
        missing.push(Lack::part("actions"));
    }
    if !rule.meets_resource(scope) {
        missing.push(Lack::part("resources"));
    }
    if let Some(when) = &rule.when
        && !rule.fires(when.evaluate(facts), facts.is_issue())
    {
        missing.extend(lacking(when, true, facts, "when"));
    }
    missing
}

/// The fewest tests that would have to come out otherwise for the condition to come to `wanted`.
fn lacking<'p>(condition: &'p Condition, wanted: bool, facts: &Facts<'_>, place: &str) -> Vec<Lack<'p>> {
    if condition.evaluate(facts) == Truth::from(wanted) {
        return Vec::new();
    }
    let (name, inner, needs_each) = match condition {
        Condition::All(inner) => ("all", inner, wanted),
        Condition::Any(inner) => ("any", inner, !wanted),
        Condition::Not(inner) => {
            let mut place = String::from(place);
            place.push_str(".not");
            return lacking(inner, !wanted, facts, &place);
        }
        Condition::Test(test) => return Vec::from([Lack { clause: place.into(), test: Some(test) }]),
    };
    let each = inner.iter().enumerate().map(|(index, inner)| {
        let mut place = String::from(place);
        push_index(&mut place, name, index);
        lacking(inner, wanted, facts, &place)
    });
    if needs_each { each.flatten().collect() } else { each.min_by_key(Vec::len).unwrap_or_default() }
}
