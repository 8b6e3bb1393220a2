//! Decisions: total, deny by default, and never wider for a longer chain.

use warded_core::call;
use warded_core::document::Value;

use crate::input::Input;

const SCOPES: &[&str] = &[
    "secrets:read:a/*",
    "secrets:read:a/b",
    "secrets:*:a/+/c",
    "secrets:*:*",
    "secrets:write:a*",
    "llm:request:*",
    "namespaces:read",
    "secrets:read:+/b",
    "secrets:read:b/*",
    "egress:call:a/b/c",
];
const PATHS: &[&str] = &["a/b", "a/x/c", "a", "b/KEY", "a-old/b", "a/b/c"];
const NETWORKS: &[&str] =
    &["10.0.0.0/8", "10.1.2.3", "::1", "2001:db8::/32", "0.0.0.0/0", "::ffff:10.0.0.0/104"];
const ADDRESSES: &[&str] = &["10.1.2.3", "::1", "192.168.0.1", "2001:db8::7", "::ffff:10.1.2.3"];
const TIERS: &[&str] = &["standard", "sensitive", "critical"];
const NAMESPACES: &[&str] = &["a", "b", "a/b", "*"];
const TIMES: &[u64] = &[0, 1, 1_000, 999, 1_001, 86_400_000, 86_401_001, (1 << 53) - 1];
const RESOURCES: &[&str] = &["secrets", "llm", "namespaces", "egress"];
const ACTIONS: &[&str] = &["read", "write", "request", "call"];

/// A decision is an allow exactly if nothing speaks against it, a refusal consumes nothing, and neither a link more nor a rule against it ever
/// allows more. Explaining and filtering say the same.
pub fn decide(data: &[u8]) {
    let mut input = Input::new(data);
    let links: Vec<Value> = (0..input.byte() % 5).map(|_| link(&mut input)).collect();
    let question = Question { request: request(&mut input), policy: policy(&mut input) };
    let Some(decision) = question.put("decide", &links) else { return };
    assert_eq!(
        question.put("decide", &links).as_ref(),
        Some(&decision),
        "the same question, the same answer"
    );
    let is_allow = check(&decision, &links);
    assert!(!links.is_empty() || !is_allow, "nobody is allowed nothing");
    for without in 0..links.len() {
        let mut fewer = links.clone();
        fewer.remove(without);
        let decision = question.put("decide", &fewer).expect("its links were read before");
        assert!(fewer.is_empty() || !is_allow || check(&decision, &fewer), "a link more allowed more");
    }
    let explained = question.put("explain", &links).expect("what is decided is explained");
    assert_eq!(explained.field("decision"), Some(&decision));
    let forbidden = Question { policy: Some(with_rule(question.policy.as_ref())), ..question.clone() };
    let decision = forbidden.put("decide", &links).expect("a rule more is a policy");
    assert_eq!(decision.field("decision"), Some(&Value::text("deny")), "a rule against everything");
    filtered(&question, &links);
}

/// What is asked of a chain, and under which policy.
#[derive(Clone)]
struct Question {
    request: Vec<(String, Value)>,
    policy: Option<Vec<Value>>,
}

impl Question {
    /// The answer of an operation; `None` where a document is refused.
    fn put(&self, op: &str, links: &[Value]) -> Option<Value> {
        call::run(&self.call(op, links)).ok()
    }

    fn call(&self, op: &str, links: &[Value]) -> Value {
        let mut call = vec![
            ("op".to_owned(), Value::text(op)),
            ("chain".to_owned(), Value::List(links.to_vec())),
            ("request".to_owned(), Value::Object(self.request.clone())),
        ];
        if let Some(rules) = &self.policy {
            let policy =
                Value::object([("version", Value::Integer(1)), ("rules", Value::List(rules.clone()))]);
            call.push(("policy".to_owned(), policy));
        }
        Value::Object(call)
    }
}

/// The rules, and one that denies everything.
fn with_rule(rules: Option<&Vec<Value>>) -> Vec<Value> {
    let deny = Value::object([("id", Value::text("nothing")), ("effect", Value::text("deny"))]);
    rules.into_iter().flatten().cloned().chain([deny]).collect()
}

/// Of many paths, those that would be allowed one by one.
fn filtered(question: &Question, links: &[Value]) {
    let mut without = question.clone();
    without.request.retain(|(name, _)| !["path", "listing", "issue"].contains(&name.as_str()));
    let one = |path: &&str| {
        let mut asked = without.clone();
        asked.request.push(("path".to_owned(), Value::text(path)));
        asked.put("decide", links).is_some_and(|decision| check(&decision, links))
    };
    let expected =
        (0..).zip(PATHS).filter(|(_, path)| one(path)).map(|(index, _)| Value::Integer(index)).collect();
    let Value::Object(mut call) = without.call("filter", links) else { panic!("a call is an object") };
    call.push(("paths".to_owned(), Value::List(PATHS.iter().map(|path| Value::text(path)).collect())));
    let answer = call::run(&Value::Object(call)).expect("its parts were read before");
    assert_eq!(answer.field("indices"), Some(&Value::List(expected)));
}

/// Whether it is an allow, of the form that any decision has.
fn check(decision: &Value, links: &[Value]) -> bool {
    let is_allow = decision.field("decision") == Some(&Value::text("allow"));
    let reasons = list(decision, "reasons");
    assert_eq!(is_allow, reasons.is_empty(), "reasons against an allow, or none against a refusal");
    let usages = list(decision, "usages");
    assert_eq!(usages.len(), links.len());
    for (link, next) in links.iter().zip(usages) {
        for counter in ["uses", "revision"] {
            let before = integer(link.field("usage").and_then(|usage| usage.field(counter)));
            assert_eq!(integer(next.field(counter)), before + u64::from(is_allow), "{counter}");
        }
    }
    is_allow
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    let Some(Value::List(list)) = value.field(name) else { panic!("{name} is a list") };
    list
}

fn integer(value: Option<&Value>) -> u64 {
    match value {
        Some(Value::Integer(value)) => *value,
        _ => 0,
    }
}

fn link(input: &mut Input<'_>) -> Value {
    let mut grant = vec![("scopes".to_owned(), texts(input, SCOPES, 3))];
    let parts = input.byte();
    let mut add = |bit: u8, name: &str, value: Value| {
        if parts & (1 << bit) != 0 {
            grant.push((name.to_owned(), value));
        }
    };
    add(0, "ip_allowlist", texts(input, NETWORKS, 2));
    add(1, "namespaces", texts(input, NAMESPACES, 1));
    add(2, "not_before", Value::Integer(input.pick(TIMES)));
    add(3, "expires_at", Value::Integer(input.pick(TIMES)));
    add(4, "max_uses", Value::Integer(u64::from(input.byte() % 4)));
    add(5, "tier_ceiling", Value::text(input.pick(TIERS)));
    add(7, "trust_floor", Value::Integer(u64::from(input.byte() % 4)));
    add(7, "limits", Value::List(vec![limit(input)]));
    let mut link = vec![("grant".to_owned(), Value::Object(grant))];
    if parts & (1 << 6) != 0 {
        let usage = Value::object([
            ("uses", Value::Integer(u64::from(input.byte() % 4))),
            ("last", Value::Integer(input.pick(TIMES))),
            ("revision", Value::Integer(u64::from(input.byte()))),
        ]);
        link.push(("usage".to_owned(), usage));
    }
    Value::Object(link)
}

fn limit(input: &mut Input<'_>) -> Value {
    let number = |input: &mut Input<'_>| Value::Integer(u64::from(input.byte()) + 1);
    let per = |input: &mut Input<'_>| Value::text(input.pick(&["second", "minute", "hour", "day"]));
    let algorithm = if input.flag() {
        let bucket = [("capacity", number(input)), ("refill", number(input)), ("per", per(input))];
        ("bucket", Value::object(bucket))
    } else {
        ("window", Value::object([("limit", number(input)), ("per", per(input))]))
    };
    let unit = Value::text(input.pick(&["requests", "tokens", "micros"]));
    Value::object([("id", Value::text("a")), ("unit", unit), ("algorithm", Value::object([algorithm]))])
}

/// One to `most` and one more texts.
fn texts(input: &mut Input<'_>, from: &[&str], most: u8) -> Value {
    let count = input.byte() % most + 1;
    Value::List((0..count).map(|_| Value::text(input.pick(from))).collect())
}

fn request(input: &mut Input<'_>) -> Vec<(String, Value)> {
    let mut request = vec![
        ("resource".to_owned(), Value::text(input.pick(RESOURCES))),
        ("action".to_owned(), Value::text(input.pick(ACTIONS))),
        ("now".to_owned(), Value::Integer(input.pick(TIMES))),
    ];
    let parts = input.byte();
    let target = match parts & 3 {
        0 => Some(("path", Value::text(input.pick(PATHS)))),
        1 => Some(("listing", Value::text(input.pick(&["a/*", "a/b", "*", "+/b"])))),
        2 => {
            let ttl = Value::Integer(input.pick(TIMES));
            Some(("issue", Value::object([("scopes", texts(input, SCOPES, 3)), ("ttl_ms", ttl)])))
        }
        _ => None,
    };
    request.extend(target.map(|(name, value)| (name.to_owned(), value)));
    let mut add = |bit: u8, name: &str, value: Value| {
        if parts & (1 << bit) != 0 {
            request.push((name.to_owned(), value));
        }
    };
    add(2, "ip", Value::text(input.pick(ADDRESSES)));
    add(3, "tier", Value::text(input.pick(TIERS)));
    add(4, "trust", Value::Integer(u64::from(input.byte() % 4)));
    add(5, "cost", Value::object([("tokens", Value::Integer(u64::from(input.byte())))]));
    request
}

const CONDITIONS: &[&str] = &[
    r#"{"attribute":"ip","cidr":["10.0.0.0/8"]}"#,
    r#"{"not":{"attribute":"ip","cidr":["2001:db8::/32"]}}"#,
    r#"{"attribute":"trust","gte":2}"#,
    r#"{"any":[{"attribute":"weekday","in":["thu"]},{"attribute":"trust","lt":1}]}"#,
    r#"{"attribute":"time","from":"22:00","to":"06:00"}"#,
    r#"{"all":[{"attribute":"ip","exists":true},{"not":{"attribute":"trust","eq":0}}]}"#,
];

/// No policy, or one of up to three rules.
fn policy(input: &mut Input<'_>) -> Option<Vec<Value>> {
    let count = input.byte() % 5;
    count.checked_sub(1).map(|rules| (0..rules).map(|number| rule(input, number)).collect())
}

fn rule(input: &mut Input<'_>, number: u8) -> Value {
    let effect = input.pick(&["allow", "allow", "deny", "require_approval"]);
    let mut rule = vec![
        ("id".to_owned(), Value::Text(format!("r{number}"))),
        ("effect".to_owned(), Value::text(effect)),
    ];
    let parts = input.byte();
    let mut add = |bit: u8, name: &str, value: Value| {
        if parts & (1 << bit) != 0 {
            rule.push((name.to_owned(), value));
        }
    };
    add(0, "actions", texts(input, &["secrets:read", "secrets:*", "llm:request"], 1));
    add(1, "resources", texts(input, &["a/*", "a/+/c", "b/KEY"], 1));
    let when = Value::parse(input.pick(CONDITIONS).as_bytes()).expect("a condition");
    add(2, "when", when);
    Value::Object(rule)
}
