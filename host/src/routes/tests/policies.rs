use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use super::policy_shadow::stocked;
use super::world::{Answer, World};
use crate::config::SecondOperator;
use crate::store::Role;

pub(super) fn allow_all() -> Value {
    json!({ "version": 1, "rules": [{ "id": "grants", "effect": "allow" }] })
}

pub(super) fn deny(path: &str) -> Value {
    json!({ "version": 1, "rules": [
        { "id": "grants", "effect": "allow" },
        { "id": "kept-shut", "effect": "deny", "actions": ["secrets:read"], "resources": [path] },
    ] })
}

fn approvals(critical: u64) -> Value {
    json!({ "version": 1, "approvals": { "critical": critical }, "rules": [{ "id": "grants", "effect": "allow" }] })
}

pub(super) async fn create(world: &World, document: Value) -> u64 {
    let made = world.post(&world.admin, "/v1/policies", document).await;
    made.assert(201, "");
    made.json["version"].as_u64().unwrap()
}

async fn activate_as(world: &World, key: &str, version: u64, active: u64) -> Answer {
    world.post(key, &format!("/v1/policies/{version}/activate"), json!({ "active": active })).await
}

pub(super) async fn activate(world: &World, version: u64, active: u64) -> Answer {
    activate_as(world, &world.admin, version, active).await
}

pub(super) async fn roll_back(world: &World, active: u64) -> Answer {
    world.post(&world.admin, "/v1/policies/rollback", json!({ "active": active })).await
}

#[tokio::test]
async fn a_version_is_made_seen_activated_and_rolled_back() {
    let world = World::new().await;
    let made = world.post(&world.admin, "/v1/policies", deny("production/root/*")).await;
    made.assert(201, "");
    assert_eq!((&made.json["version"], &made.json["active"]), (&json!(1), &json!(false)));
    let event = world.assert_recorded("policy.changed", "allow", &[]).await;
    assert_eq!((&event["details"]["change"], &event["details"]["version"]), (&json!("created"), &json!(1)));
    assert_eq!(event["details"]["digest"], made.json["digest"]);

    let seen = world.get(&world.admin, "/v1/policies/1").await;
    assert_eq!(seen.assert_ok()["document"], deny("production/root/*"));
    let listed = world.get(&world.admin, "/v1/policies").await;
    let listed = listed.assert_ok();
    let versions: Vec<_> = listed["items"].as_array().unwrap().iter().map(|one| &one["version"]).collect();
    assert_eq!((versions, &listed["active"]), (vec![&json!(1), &json!(0)], &json!(0)));
    assert_eq!(
        (&listed["items"][1]["active"], &listed["items"][1]["created_by"]),
        (&json!(true), &Value::Null)
    );

    let state = json!({ "active": 1, "shadow": null, "revision": 1 });
    assert_eq!(activate(&world, 1, 0).await.assert_ok(), &state);
    let event = world.assert_recorded("policy.activated", "allow", &[]).await;
    assert_eq!((&event["details"]["version"], &event["details"]["replaced"]), (&json!(1), &json!(0)));
    assert_eq!(event["details"]["digest"], made.json["digest"]);

    assert_eq!(roll_back(&world, 1).await.assert_ok()["active"], 0);
    let event = world.assert_recorded("policy.activated", "allow", &[]).await;
    assert_eq!((&event["details"]["change"], &event["details"]["version"]), (&json!("rollback"), &json!(0)));
    roll_back(&world, 0).await.assert(409, "CONFLICT");
    world.assert_recorded("policy.activated", "error", &["nothing_before"]).await;
}

#[tokio::test]
async fn who_names_another_version_than_the_active_one_changes_nothing() {
    let world = World::new().await;
    create(&world, allow_all()).await;
    create(&world, deny("a/b")).await;
    activate(&world, 1, 0).await.assert_ok();
    for stale in [0, 2, 9] {
        activate(&world, 2, stale).await.assert(409, "CONFLICT");
        roll_back(&world, stale).await.assert(409, "CONFLICT");
    }
    world.assert_recorded("policy.activated", "error", &["not_active"]).await;
    assert_eq!(world.get(&world.admin, "/v1/policies").await.assert_ok()["active"], 1);
    let nothing = world.post(&world.admin, "/v1/policies/2/activate", json!({})).await;
    nothing.assert_invalid("active");
}

#[tokio::test]
async fn a_version_that_does_not_exist_is_404_and_a_malformed_one_400() {
    let world = World::new().await;
    for path in ["", "/diff", "/diff?from=0"] {
        world.get(&world.admin, &format!("/v1/policies/7{path}")).await.assert(404, "NOT_FOUND");
    }
    world.get(&world.admin, "/v1/policies/0/diff?from=7").await.assert(404, "NOT_FOUND");
    activate(&world, 7, 0).await.assert(404, "NOT_FOUND");
    world.post(&world.admin, "/v1/policies/7/shadow", json!({})).await.assert(404, "NOT_FOUND");
    for version in ["x", "01", "-1", "+1", "1.0", "99999999999999999999", "%20"] {
        world.get(&world.admin, &format!("/v1/policies/{version}")).await.assert_invalid("version");
    }
    world.get(&world.admin, "/v1/policies/18446744073709551615").await.assert(404, "NOT_FOUND");
}

#[tokio::test]
async fn what_is_wrong_in_a_document_is_told_with_its_place() {
    let world = World::new().await;
    let text = "{\n  \"version\": 1,\n  \"rules\": [\n    { \"id\": \"a\", \"effect\": \"allow\", \"action\": [] }\n  ]\n}";
    for path in ["/v1/policies", "/v1/policies/lint"] {
        let refused = world.send(Some(&world.admin), Method::POST, path, Body::from(text)).await;
        refused.assert_invalid("rules[0].action");
        let position = refused.error.as_ref().unwrap().errors[0].position.unwrap();
        assert_eq!((position.line, position.column), (4, 37));
        let broken =
            world.send(Some(&world.admin), Method::POST, path, Body::from("{\n \"version\": }")).await;
        broken.assert_invalid("body");
        assert_eq!(broken.error.as_ref().unwrap().errors[0].position.unwrap().line, 2);
        world.send(Some(&world.admin), Method::POST, path, Body::empty()).await.assert_invalid("body");
    }
    assert_eq!(
        world.get(&world.admin, "/v1/policies").await.assert_ok()["items"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test]
async fn warnings_come_back_and_store_nothing_by_themselves() {
    let world = World::new().await;
    let document =
        json!({ "version": 1, "rules": [{ "id": "a", "effect": "allow", "resources": ["a/b*"] }] });
    let looked = world.post(&world.admin, "/v1/policies/lint", document.clone()).await;
    let warning = &looked.assert_ok()["warnings"][0];
    assert_eq!(
        (&warning["code"], &warning["field"]),
        (&json!("star_without_slash"), &json!("rules[0].resources[0]"))
    );
    assert_eq!(warning["line"], 1);
    assert_eq!(
        world.get(&world.admin, "/v1/policies").await.assert_ok()["items"].as_array().unwrap().len(),
        1
    );
    let made = world.post(&world.admin, "/v1/policies", document).await;
    assert_eq!(made.assert_ok()["warnings"], looked.json["warnings"]);
}

#[tokio::test]
async fn a_diff_says_what_one_version_adds_to_another() {
    let world = World::new().await;
    create(&world, deny("a/b")).await;
    create(&world, approvals(3)).await;
    let against_active = world.get(&world.admin, "/v1/policies/1/diff").await;
    assert_eq!(against_active.assert_ok()["rules"]["added"][0]["id"], "kept-shut");
    let between = world.get(&world.admin, "/v1/policies/2/diff?from=1").await;
    let between = between.assert_ok();
    assert_eq!(between["approvals"], json!([{ "tier": "critical", "from": 2, "to": 3 }]));
    assert_eq!(between["rules"]["removed"][0]["id"], "kept-shut");
    assert_eq!((&between["from"], &between["to"]), (&json!(1), &json!(2)));
}

#[tokio::test]
async fn cases_are_decided_and_what_differs_is_said() {
    let world = World::new().await;
    let agent = world.agent(&["production"], &["secrets:read:production/*"]).await;
    let version = create(&world, deny("production/root/*")).await;
    let case = |change: Value| {
        let mut case = json!({ "agent": agent.id, "expect": "allow",
            "request": { "resource": "secrets", "action": "read", "path": "production/app/KEY" } });
        case.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        case
    };
    let root = json!({ "resource": "secrets", "action": "read", "path": "production/root/KEY" });
    let body = json!({ "version": version, "cases": [
        case(json!({ "name": "app" })),
        case(json!({ "request": root, "expect": "deny", "reasons": ["policy_denied"] })),
        case(json!({ "name": "wrong", "request": root, "reasons": ["expired"] })),
        { "grants": [{ "scopes": ["secrets:read:*"] }], "expect": "allow", "request": { "resource": "secrets", "action": "read", "path": "x/KEY" } },
    ] });
    let tested = world.post(&world.admin, "/v1/policies/test", body).await;
    let tested = tested.assert_ok();
    assert_eq!((&tested["passed"], &tested["failed"]), (&json!(3), &json!(1)));
    let wrong = &tested["results"][2];
    assert_eq!((&wrong["name"], &wrong["passed"]), (&json!("wrong"), &json!(false)));
    assert_eq!(
        wrong["differs"],
        json!([
            { "what": "decision", "expected": "allow", "actual": "deny" },
            { "what": "reasons", "expected": ["expired"], "actual": ["policy_denied"] },
        ])
    );
    assert_eq!(wrong["decided_by"], json!([{ "rule": "kept-shut", "clause": "resources" }]));
    let audit = world.recorded(1).await;
    assert_eq!(audit[0]["event_type"], "policy.changed", "a test changes and records nothing");
}

#[tokio::test]
async fn an_agent_is_tested_with_its_addresses_and_limits() {
    let world = World::new().await;
    let agent = json!({ "name": "limited", "allowed_namespaces": ["a"], "allowed_scopes": ["read:secrets"], "ip_policy": ["10.0.0.0/8"],
        "limits": [{ "id": "rpm", "unit": "requests", "algorithm": { "window": { "limit": 5, "per": "minute" } } }] });
    world.post(&world.admin, "/v1/agents", agent).await.assert(201, "");
    let case = |ip: &str, expect: &str| {
        json!({ "agent": "limited", "expect": expect,
            "request": { "resource": "secrets", "action": "read", "path": "a/KEY", "ip": ip } })
    };
    let cases = json!({ "cases": [case("10.1.2.3", "allow"), case("127.0.0.1", "deny")] });
    let tested = world.post(&world.admin, "/v1/policies/test", cases).await;
    let tested = tested.assert_ok();
    assert_eq!(tested["failed"], 0, "{tested}");
    let limit = &tested["results"][0]["decision"]["limits"][0];
    assert_eq!((&limit["id"], &limit["remaining"]), (&json!("rpm"), &json!(4)));
    assert_eq!(tested["results"][1]["decision"]["reasons"][0]["code"], "ip_not_allowed");
}

#[tokio::test]
async fn a_malformed_case_is_refused_by_name() {
    let world = World::new().await;
    let good = json!({ "grants": [{ "scopes": [] }], "expect": "deny", "request": { "resource": "secrets", "action": "read" } });
    for (change, field) in [
        (json!({ "grants": [{ "scopes": ["secrets"] }] }), "cases[0].grants[0].scopes[0]"),
        (json!({ "request": { "resource": "secrets", "action": "read", "ip": "1" } }), "cases[0].request.ip"),
        (json!({ "request": { "resource": "secrets" } }), "cases[0].request.action"),
        (json!({ "request": [] }), "cases[0].request"),
        (json!({ "agent": "agt_1" }), "cases[0].grants"),
        (json!({ "expect": "maybe" }), "cases[0].expect"),
        (json!({ "expected": "deny" }), "cases[0].expected"),
    ] {
        let mut case = good.clone();
        case.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = world.post(&world.admin, "/v1/policies/test", json!({ "cases": [case] })).await;
        answer.assert_invalid(field);
    }
    let unknown = json!({ "cases": [{ "agent": "nobody", "expect": "deny", "request": { "resource": "secrets", "action": "read" } }] });
    world.post(&world.admin, "/v1/policies/test", unknown).await.assert_invalid("cases[0].agent");
    let bad_document = json!({ "document": { "version": 1, "rules": [{ "id": "a" }] }, "cases": [good] });
    world
        .post(&world.admin, "/v1/policies/test", bad_document)
        .await
        .assert_invalid("document.rules[0].effect");
    let both = json!({ "version": 0, "document": allow_all(), "cases": [good] });
    world.post(&world.admin, "/v1/policies/test", both).await.assert_invalid("document");
    world.post(&world.admin, "/v1/policies/test", json!({ "cases": [] })).await.assert_invalid("cases");
    let many = json!({ "cases": vec![good.clone(); 201] });
    world.post(&world.admin, "/v1/policies/test", many).await.assert_invalid("cases");
    let foreign = json!({ "version": 9, "cases": [good] });
    world.post(&world.admin, "/v1/policies/test", foreign).await.assert(404, "NOT_FOUND");
}

#[tokio::test]
async fn fewer_approvals_are_recorded_with_who_stood_by() {
    let world = World::new().await;
    let editor = world.operator(Role::Editor).await;
    create(&world, approvals(1)).await;
    activate(&world, 1, 0).await.assert_ok();
    let event = world.assert_recorded("policy.activated", "allow", &[]).await;
    let details = &event["details"];
    assert_eq!(
        (&details["approvals_lowered"], &details["second_operator"]),
        (&json!(["critical"]), &json!("nobody"))
    );
    create(&world, approvals(0)).await;
    activate_as(&world, &editor, 2, 1).await.assert_ok();
    let event = world.assert_recorded("policy.activated", "allow", &[]).await;
    assert_ne!(event["details"]["second_operator"], "nobody");
    assert_ne!(event["details"]["second_operator"], event["actor"]["id"]);
    roll_back(&world, 2).await.assert_ok();
    let event = world.assert_recorded("policy.activated", "allow", &[]).await;
    assert!(event["details"].get("second_operator").is_none(), "more approvals need nobody");
}

#[tokio::test]
async fn where_a_second_operator_is_required_one_alone_is_refused() {
    let world = World::with(|config| config.second_operator = SecondOperator::Required).await;
    let editor = world.operator(Role::Editor).await;
    create(&world, approvals(1)).await;
    let refused = activate(&world, 1, 0).await;
    refused.assert_denied(403, "APPROVAL_REQUIRED", &["second_operator_required"]);
    world.assert_recorded("policy.activated", "deny", &["second_operator_required"]).await;
    activate_as(&world, &editor, 1, 0).await.assert_ok();
    create(&world, approvals(3)).await;
    activate(&world, 2, 1).await.assert_ok();
    roll_back(&world, 2).await.assert_denied(403, "APPROVAL_REQUIRED", &["second_operator_required"]);
    assert_eq!(
        world.get(&world.admin, "/v1/policies").await.assert_ok()["active"],
        2,
        "nothing is left of it"
    );
}

#[tokio::test]
async fn roles_may_do_what_the_table_says() {
    let world = World::new().await;
    create(&world, allow_all()).await;
    let readable = ["/v1/policies", "/v1/policies/1", "/v1/policies/1/diff", "/v1/policies/shadow"];
    for (role, reads, manages) in [
        (Role::Admin, true, true),
        (Role::Editor, true, true),
        (Role::Viewer, true, false),
        (Role::Auditor, false, false),
    ] {
        let key = world.operator(role).await;
        for path in readable {
            let status = world.get(&key, path).await.status;
            assert_eq!(status, if reads { 200 } else { 403 }, "{role:?} {path}");
        }
        let looked = world.post(&key, "/v1/policies/lint", allow_all()).await;
        assert_eq!(looked.status, if reads { 200 } else { 403 }, "{role:?}");
        let made = world.post(&key, "/v1/policies", allow_all()).await;
        assert_eq!(made.status, if manages { 201 } else { 403 }, "{role:?}");
        for path in ["/v1/policies/1/activate", "/v1/policies/rollback", "/v1/policies/1/shadow"] {
            let body = if path.ends_with("shadow") { json!({}) } else { json!({ "active": 99 }) };
            let status = world.post(&key, path, body).await.status;
            assert_eq!(status == 403, !manages, "{role:?} {path}");
        }
        let ended = world.delete(&key, "/v1/policies/shadow").await.status;
        assert_eq!(ended, if manages { 204 } else { 403 }, "{role:?}");
    }
}

#[tokio::test]
async fn pages_of_versions_end_at_the_first_policy() {
    let world = World::new().await;
    for n in 0..4 {
        create(&world, approvals(n)).await;
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = world.get(&world.admin, &format!("/v1/policies?limit=2{cursor}")).await;
        let page = page.assert_ok().clone();
        seen.extend(page["items"].as_array().unwrap().iter().map(|one| one["version"].as_u64().unwrap()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, [4, 3, 2, 1, 0]);
}

#[tokio::test]
async fn no_policy_locks_out_those_who_would_repair_it() {
    let world = stocked().await;
    let version =
        create(&world, json!({ "version": 1, "rules": [{ "id": "emergency", "effect": "deny" }] })).await;
    activate(&world, version, 0).await.assert_ok();
    let shut = world.read(&world.admin, "a/open").await;
    shut.assert_denied(403, "SCOPE_DENIED", &["policy_denied", "no_rule_allows"]);
    world.get(&world.admin, "/v1/policies").await.assert_ok();
    roll_back(&world, version).await.assert_ok();
    world.read(&world.admin, "a/open").await.assert_ok();
}

#[tokio::test]
async fn a_policy_as_large_as_allowed_is_made_and_tested() {
    let world = World::new().await;
    let rule = |n: usize| {
        let resources: Vec<_> = (0..30).map(|m| format!("p/n{n}/m{m}/*")).collect();
        json!({ "id": format!("r{n}"), "effect": "allow", "actions": ["secrets:read"], "resources": resources })
    };
    let document = json!({ "version": 1, "rules": (0..1_000).map(rule).collect::<Vec<_>>() });
    let version = create(&world, document).await;
    let case = json!({ "grants": [{ "scopes": ["secrets:read:*"] }], "expect": "allow",
        "request": { "resource": "secrets", "action": "read", "path": "p/n7/m7/KEY" } });
    let test = |cases: usize| json!({ "version": version, "cases": vec![case.clone(); cases] });
    let tested = world.post(&world.admin, "/v1/policies/test", test(2)).await;
    assert_eq!(tested.assert_ok()["passed"], 2);
    world.post(&world.admin, "/v1/policies/test", test(100)).await.assert_invalid("cases");
    activate(&world, version, 0).await.assert_ok();
    let unnamed = world.put(&world.admin, "q/KEY", json!({ "value": "x" })).await;
    unnamed.assert_denied(403, "SCOPE_DENIED", &["no_rule_allows"]);
}

#[tokio::test]
async fn warnings_of_a_thousand_rules_come_and_those_of_more_are_left_to_the_command() {
    let world = World::new().await;
    let rules = |resources: usize| -> Vec<_> {
        let of = |n: usize| (0..resources).map(|m| format!("p/n{n}/m{m}")).collect::<Vec<_>>();
        (0..1_000).map(|n| json!({ "id": format!("r{n}"), "effect": "allow", "resources": of(n) })).collect()
    };
    for (resources, warnings) in [(1, json!([])), (8, json!("too_large"))] {
        let document = json!({ "version": 1, "rules": rules(resources) });
        let looked = world.post(&world.admin, "/v1/policies/lint", document).await;
        let found = &looked.assert_ok()["warnings"];
        assert_eq!(if resources == 1 { found } else { &found[0]["code"] }, &warnings);
    }
}
