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

/// A decision is an allow exactly if nothing speaks against it, a refusal consumes nothing, and a link more never allows more.
pub fn decide(data: &[u8]) {
    let mut input = Input::new(data);
    let links: Vec<Value> = (0..input.byte() % 5).map(|_| link(&mut input)).collect();
    let request = request(&mut input);
    let Some(decision) = decided(&links, &request) else { return };
    assert_eq!(decided(&links, &request).as_ref(), Some(&decision), "the same question, the same answer");
    let is_allow = check(&decision, &links);
    assert!(!links.is_empty() || !is_allow, "nobody is allowed nothing");
    for without in 0..links.len() {
        let mut fewer = links.clone();
        fewer.remove(without);
        let decision = decided(&fewer, &request).expect("its links were read before");
        assert!(fewer.is_empty() || !is_allow || check(&decision, &fewer), "a link more allowed more");
    }
}

/// The decision; `None` where a document is refused.
fn decided(links: &[Value], request: &Value) -> Option<Value> {
    let chain = Value::List(links.to_vec());
    let call = Value::object([("op", Value::text("decide")), ("chain", chain), ("request", request.clone())]);
    call::run(&call).ok()
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

/// One to `most` and one more texts.
fn texts(input: &mut Input<'_>, from: &[&str], most: u8) -> Value {
    let count = input.byte() % most + 1;
    Value::List((0..count).map(|_| Value::text(input.pick(from))).collect())
}

fn request(input: &mut Input<'_>) -> Value {
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
    if parts & 4 != 0 {
        request.push(("ip".to_owned(), Value::text(input.pick(ADDRESSES))));
    }
    if parts & 8 != 0 {
        request.push(("tier".to_owned(), Value::text(input.pick(TIERS))));
    }
    Value::Object(request)
}
