//! From the records of the interface to documents, and from the core's answers back to records.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use warded_core::document::Value;

use crate::bindings::{
    Algorithm, Approval, Attribute, BucketState, Cost, Decision, Error, Grant, Issue, Limit, LimitState,
    Needed, Outcome, Per, Reason, Redaction, Request, Scalar, Standing, State, Subject, Tier, Unit, Usage,
    WindowState,
};

/// A document of the fields that are there.
fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    Value::Object(fields.into_iter().filter_map(|(name, value)| Some((name.into(), value?))).collect())
}

fn texts(list: Vec<String>) -> Value {
    Value::List(list.into_iter().map(Value::Text).collect())
}

impl From<Grant> for Value {
    fn from(grant: Grant) -> Self {
        object([
            ("id", grant.id.map(Self::Text)),
            ("scopes", Some(texts(grant.scopes))),
            ("namespaces", grant.namespaces.map(texts)),
            ("ip_allowlist", grant.ip_allowlist.map(texts)),
            ("not_before", grant.not_before.map(Self::Integer)),
            ("expires_at", grant.expires_at.map(Self::Integer)),
            ("max_uses", grant.max_uses.map(|most| Self::Integer(most.into()))),
            ("tier_ceiling", grant.tier_ceiling.map(Self::from)),
            ("trust_floor", grant.trust_floor.map(|level| Self::Integer(level.into()))),
            ("limits", grant.limits.map(|limits| Self::List(limits.into_iter().map(Self::from).collect()))),
        ])
    }
}

impl From<Tier> for Value {
    fn from(tier: Tier) -> Self {
        Self::text(match tier {
            Tier::Standard => "standard",
            Tier::Sensitive => "sensitive",
            Tier::Critical => "critical",
        })
    }
}

impl From<Limit> for Value {
    fn from(limit: Limit) -> Self {
        let unit = match limit.unit {
            Unit::Requests => "requests",
            Unit::Tokens => "tokens",
            Unit::Micros => "micros",
        };
        Self::object([
            ("id", Self::Text(limit.id)),
            ("unit", Self::text(unit)),
            ("algorithm", limit.algorithm.into()),
        ])
    }
}

impl From<Algorithm> for Value {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Bucket(bucket) => Self::object([(
                "bucket",
                Self::object([
                    ("capacity", Self::Integer(bucket.capacity)),
                    ("refill", Self::Integer(bucket.refill)),
                    ("per", bucket.per.into()),
                ]),
            )]),
            Algorithm::Window(window) => Self::object([(
                "window",
                Self::object([("limit", Self::Integer(window.limit)), ("per", window.per.into())]),
            )]),
        }
    }
}

impl From<Per> for Value {
    fn from(per: Per) -> Self {
        Self::text(match per {
            Per::Second => "second",
            Per::Minute => "minute",
            Per::Hour => "hour",
            Per::Day => "day",
            Per::Month => "month",
        })
    }
}

impl From<Usage> for Value {
    fn from(usage: Usage) -> Self {
        let states = |limits: Vec<LimitState>| {
            Self::Object(limits.into_iter().map(|limit| (limit.id, limit.state.into())).collect())
        };
        object([
            ("revision", Some(Self::Integer(usage.revision))),
            ("uses", Some(Self::Integer(usage.uses))),
            ("last", Some(Self::Integer(usage.last))),
            ("limits", usage.limits.map(states)),
        ])
    }
}

impl From<State> for Value {
    fn from(state: State) -> Self {
        match state {
            State::Bucket(bucket) => object([
                ("level", Some(Self::Integer(bucket.level))),
                ("at", Some(Self::Integer(bucket.at))),
                ("fraction", bucket.fraction.map(Self::Integer)),
                ("debt", bucket.debt.map(Self::Integer)),
            ]),
            State::Window(window) => object([
                ("used", Some(Self::Integer(window.used))),
                ("start", Some(Self::Integer(window.start))),
                ("debt", window.debt.map(Self::Integer)),
            ]),
        }
    }
}

impl From<Request> for Value {
    fn from(request: Request) -> Self {
        object([
            ("subject", request.subject.map(Self::from)),
            ("resource", Some(Self::Text(request.resource))),
            ("action", Some(Self::Text(request.action))),
            ("path", request.path.map(Self::Text)),
            ("listing", request.listing.map(Self::Text)),
            ("issue", request.issue.map(Self::from)),
            ("tier", request.tier.map(Self::from)),
            ("ip", request.ip.map(Self::Text)),
            ("now", Some(Self::Integer(request.now))),
            ("trust", request.trust.map(|level| Self::Integer(level.into()))),
            ("cost", request.cost.map(Self::from)),
            ("attributes", request.attributes.map(attributes)),
            ("approval", request.approval.map(Self::from)),
        ])
    }
}

impl From<Subject> for Value {
    fn from(subject: Subject) -> Self {
        Self::object([("kind", Self::Text(subject.kind)), ("id", Self::Text(subject.id))])
    }
}

impl From<Issue> for Value {
    fn from(issue: Issue) -> Self {
        object([
            ("scopes", Some(texts(issue.scopes))),
            ("ttl_ms", Some(Self::Integer(issue.ttl_ms))),
            ("max_uses", issue.max_uses.map(|most| Self::Integer(most.into()))),
            ("ip_allowlist", issue.ip_allowlist.map(texts)),
        ])
    }
}

impl From<Cost> for Value {
    fn from(cost: Cost) -> Self {
        object([
            ("requests", cost.requests.map(Self::Integer)),
            ("tokens", cost.tokens.map(Self::Integer)),
            ("micros", cost.micros.map(Self::Integer)),
        ])
    }
}

fn attributes(list: Vec<Attribute>) -> Value {
    let value = |scalar| match scalar {
        Scalar::Boolean(value) => Value::Bool(value),
        Scalar::Integer(number) => Value::Integer(number),
        Scalar::Text(text) => Value::Text(text),
    };
    Value::Object(list.into_iter().map(|attribute| (attribute.name, value(attribute.value))).collect())
}

impl From<Approval> for Value {
    fn from(approval: Approval) -> Self {
        Self::object([
            ("digest", Self::Text(approval.digest)),
            ("approvers", Self::Integer(approval.approvers.into())),
        ])
    }
}

/// The fields of a settlement.
pub(crate) fn settlement(
    usage: Option<Usage>,
    reserved: Cost,
    actual: Cost,
    reserved_at: Option<u64>,
    now: u64,
) -> Value {
    object([
        ("usage", usage.map(Value::from)),
        ("reserved", Some(reserved.into())),
        ("actual", Some(actual.into())),
        ("reserved_at", reserved_at.map(Value::Integer)),
        ("now", Some(Value::Integer(now))),
    ])
}

impl From<Redaction> for Value {
    fn from(redaction: Redaction) -> Self {
        object([("fields", redaction.fields.map(texts)), ("keep", redaction.keep.map(texts))])
    }
}

impl From<warded_core::Error> for Error {
    fn from(error: warded_core::Error) -> Self {
        Self {
            code: error.code().name().into(),
            number: error.code().number(),
            field: error.field().map(|field| field.as_str().into()),
            line: error.position().map(|position| position.line),
            column: error.position().map(|position| position.column),
            message: error.to_string(),
        }
    }
}

// The documents below are the core's own, so what a reader does not find is not there in any of them.

fn text(value: &Value, name: &str) -> Option<String> {
    match value.field(name) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

fn integer(value: &Value, name: &str) -> Option<u64> {
    match value.field(name) {
        Some(Value::Integer(number)) => Some(*number),
        _ => None,
    }
}

fn each<T>(value: &Value, name: &str, read: fn(&Value) -> T) -> Vec<T> {
    match value.field(name) {
        Some(Value::List(list)) => list.iter().map(read).collect(),
        _ => Vec::new(),
    }
}

impl From<&Value> for Decision {
    fn from(document: &Value) -> Self {
        let needed = document.field("approval").filter(|approval| **approval != Value::Null);
        Self {
            decision: outcome(document),
            reasons: each(document, "reasons", |reason| reason.into()),
            usages: each(document, "usages", |usage| usage.into()),
            limits: each(document, "limits", |limit| limit.into()),
            approval: needed.map(Needed::from),
        }
    }
}

fn outcome(document: &Value) -> Outcome {
    match text(document, "decision").as_deref() {
        Some("allow") => Outcome::Allow,
        Some("ask") => Outcome::Ask,
        _ => Outcome::Deny,
    }
}

fn small<T: TryFrom<u64>>(document: &Value, name: &str) -> Option<T> {
    integer(document, name).and_then(|number| number.try_into().ok())
}

impl From<&Value> for Reason {
    fn from(document: &Value) -> Self {
        Self {
            code: text(document, "code").unwrap_or_default(),
            link: small(document, "link"),
            rule: text(document, "rule"),
        }
    }
}

impl From<&Value> for Usage {
    fn from(document: &Value) -> Self {
        let counter = |name| integer(document, name).unwrap_or_default();
        let states = match document.field("limits") {
            Some(Value::Object(states)) => Some(states.iter().map(LimitState::from).collect()),
            _ => None,
        };
        Self { revision: counter("revision"), uses: counter("uses"), last: counter("last"), limits: states }
    }
}

impl From<&(String, Value)> for LimitState {
    fn from((id, state): &(String, Value)) -> Self {
        let (number, debt) = (|name| integer(state, name).unwrap_or_default(), integer(state, "debt"));
        let state = match integer(state, "level") {
            Some(level) => {
                let fraction = integer(state, "fraction");
                State::Bucket(BucketState { level, at: number("at"), fraction, debt })
            }
            None => State::Window(WindowState { used: number("used"), start: number("start"), debt }),
        };
        Self { id: id.clone(), state }
    }
}

impl From<&Value> for Standing {
    fn from(document: &Value) -> Self {
        Self {
            link: small(document, "link").unwrap_or_default(),
            id: text(document, "id").unwrap_or_default(),
            remaining: integer(document, "remaining").unwrap_or_default(),
            reset: integer(document, "reset").unwrap_or_default(),
            retry_after: integer(document, "retry_after"),
        }
    }
}

impl From<&Value> for Needed {
    fn from(document: &Value) -> Self {
        let tier = match text(document, "tier").as_deref() {
            Some("sensitive") => Tier::Sensitive,
            Some("critical") => Tier::Critical,
            _ => Tier::Standard,
        };
        let rule = |rule: &Value| if let Value::Text(id) = rule { id.clone() } else { String::new() };
        Self {
            digest: text(document, "digest").unwrap_or_default(),
            approvers: small(document, "approvers").unwrap_or_default(),
            tier,
            rules: each(document, "rules", rule),
        }
    }
}
