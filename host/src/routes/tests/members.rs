use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use super::world::{Answer, World};
use crate::store::Role;

async fn invite(world: &World, email: &str, role: &str) -> Answer {
    world.post(&world.admin, "/v1/members", json!({ "email": email, "name": "Ada", "role": role })).await
}

async fn key(world: &World, by: &str, member: &str, change: Value) -> Answer {
    let mut body = json!({ "name": "laptop" });
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    world.post(by, &format!("/v1/members/{member}/keys"), body).await
}

/// The text of a new key of a new member.
async fn member(world: &World, email: &str, role: &str) -> (String, String) {
    let id = invite(world, email, role).await.text("id");
    let text = key(world, &world.admin, &id, json!({})).await.text("api_key");
    (id, text)
}

#[tokio::test]
async fn a_member_is_invited_given_a_key_and_removed() {
    let world = World::new().await;
    let invited = invite(&world, "Ada@Example.com", "editor").await;
    invited.assert(201, "");
    world.assert_recorded("member.invited", "allow", &[]).await;
    assert_eq!(invited.json["email"], "ada@example.com");
    assert_eq!((&invited.json["role"], &invited.json["status"]), (&json!("editor"), &json!("active")));
    let id = invited.text("id");
    let made = key(&world, &world.admin, &id, json!({ "approve": true })).await;
    made.assert(201, "");
    let event = world.assert_recorded("member.key_created", "allow", &[]).await;
    assert_eq!((&event["details"]["new_key_id"], &event["resource_id"]), (&made.json["id"], &json!(id)));
    let text = made.text("api_key");
    assert!(text.starts_with("wdk_"));
    assert_eq!(world.me(&text).await, id);
    world.put(&text, "a/KEY", json!({ "value": "v" })).await.assert(201, "");

    let keys = format!("/v1/members/{id}/keys");
    let listed = world.get(&text, &keys).await;
    let shown = &listed.assert_ok()["items"][0];
    assert_eq!((&shown["approve"], &shown["active"]), (&json!(true), &json!(true)));
    assert_eq!(shown["last_used_at"], "2026-01-01T00:00:00.000Z");
    assert!(shown.get("api_key").is_none());

    invite(&world, "ADA@example.com", "viewer").await.assert(409, "CONFLICT");
    world.assert_recorded("member.invited", "error", &["email_taken"]).await;
    world.delete(&world.admin, &format!("/v1/members/{id}")).await.assert(204, "");
    assert_eq!(world.assert_recorded("member.removed", "allow", &[]).await["details"]["keys"], 1);
    world.get(&text, "/v1/me").await.assert_denied(401, "UNAUTHORIZED", &["revoked"]);
    world.delete(&world.admin, &format!("/v1/members/{id}")).await.assert(204, "");
    key(&world, &world.admin, &id, json!({})).await.assert(409, "CONFLICT");
    world.patch(&world.admin, &format!("/v1/members/{id}"), json!({})).await.assert(409, "CONFLICT");
    let listed = world.get(&world.admin, "/v1/members").await;
    assert_eq!(listed.assert_ok()["items"][1]["status"], "removed");
    let back = invite(&world, "ada@example.com", "viewer").await;
    assert_eq!((back.status, back.text("id")), (201, id), "the same person has the same id");
    world.get(&text, "/v1/me").await.assert_denied(401, "UNAUTHORIZED", &["revoked"]);
}

#[tokio::test]
async fn a_change_of_role_holds_at_once() {
    let world = World::new().await;
    let (id, text) = member(&world, "ada@example.com", "editor").await;
    world.put(&text, "a/KEY", json!({ "value": "v" })).await.assert(201, "");
    let path = format!("/v1/members/{id}");
    let changed = world.patch(&world.admin, &path, json!({ "role": "viewer", "name": "Ada L." })).await;
    assert_eq!(changed.assert_ok()["role"], "viewer");
    let recorded = world.recorded(2).await;
    let types: Vec<_> = recorded.iter().map(|event| event["event_type"].as_str().unwrap()).collect();
    assert_eq!(types, ["member.updated", "member.role_changed"]);
    assert_eq!(recorded[1]["details"]["old_role"], "editor");
    world.put(&text, "a/KEY", json!({ "value": "v" })).await.assert_denied(
        403,
        "SCOPE_DENIED",
        &["scope_missing"],
    );
    world.read(&text, "a/KEY").await.assert(403, "SCOPE_DENIED");
    world.read(&text, "a/KEY?view=metadata").await.assert_ok();
    world.patch(&world.admin, &path, json!({ "role": "admin" })).await.assert_ok();
    world.get(&text, "/v1/members").await.assert_ok();
    // Nothing changes, so nothing is recorded.
    world.patch(&text, &path, json!({ "role": "admin", "name": "Ada L." })).await.assert_ok();
    world.assert_recorded("member.role_changed", "allow", &[]).await;
}

#[tokio::test]
async fn somebody_can_always_manage_members() {
    let world = World::new().await;
    let first = world.me(&world.admin).await;
    let path = format!("/v1/members/{first}");
    let own_key = world.get(&world.admin, &format!("{path}/keys")).await.json["items"][0]["id"].clone();
    let key_path = format!("{path}/keys/{}", own_key.as_str().unwrap());
    // Another admin who has no key, or one that has ended, manages nothing.
    let other = invite(&world, "ada@example.com", "admin").await.text("id");
    let ending = json!({ "expires_at": "2026-01-01T00:00:01Z" });
    key(&world, &world.admin, &other, ending).await.assert(201, "");
    world.advance(1_000);
    world.patch(&world.admin, &path, json!({ "role": "editor" })).await.assert(409, "CONFLICT");
    world.assert_recorded("member.role_changed", "error", &["last_admin"]).await;
    world.delete(&world.admin, &path).await.assert(409, "CONFLICT");
    world.delete(&world.admin, &key_path).await.assert(409, "CONFLICT");
    world.get(&world.admin, "/v1/members").await.assert_ok();
    key(&world, &world.admin, &other, json!({})).await.assert(201, "");
    world.delete(&world.admin, &key_path).await.assert(204, "");
    world.assert_recorded("member.key_revoked", "allow", &[]).await;
    world.get(&world.admin, "/v1/me").await.assert_denied(401, "UNAUTHORIZED", &["revoked"]);
}

#[tokio::test]
async fn admins_who_remove_each_other_at_once_leave_one() {
    let world = World::new().await;
    let (other, text) = member(&world, "ada@example.com", "admin").await;
    let first = world.me(&world.admin).await;
    for round in 0..20 {
        let (one, two) = (format!("/v1/members/{first}"), format!("/v1/members/{other}"));
        let demote = || Body::from(json!({ "role": "editor" }).to_string());
        let (a, b) = tokio::join!(
            world.send(Some(&text), Method::PATCH, &one, demote()),
            world.send(Some(&world.admin), Method::PATCH, &two, demote()),
        );
        let statuses = [a.status, b.status];
        assert!(statuses.contains(&200) && statuses.contains(&403), "round {round}: {statuses:?}");
        let (by, of) = if a.status == 200 { (&text, &first) } else { (&world.admin, &other) };
        world.patch(by, &format!("/v1/members/{of}"), json!({ "role": "admin" })).await.assert_ok();
    }
}

#[tokio::test]
async fn everybody_manages_their_own_keys_and_admins_all() {
    let world = World::new().await;
    let (stranger, _) = member(&world, "ada@example.com", "viewer").await;
    for role in [Role::Editor, Role::Viewer, Role::Auditor] {
        let own = world.operator(role).await;
        let id = world.me(&own).await;
        let made = key(&world, &own, &id, json!({})).await;
        made.assert(201, "");
        let path = format!("/v1/members/{id}/keys/{}", made.text("id"));
        world.get(&own, &format!("/v1/members/{id}/keys")).await.assert_ok();
        for member in [&stranger, "mem_unknown"] {
            key(&world, &own, member, json!({})).await.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
            world.get(&own, &format!("/v1/members/{member}/keys")).await.assert(403, "SCOPE_DENIED");
            world.delete(&own, &format!("/v1/members/{member}/keys/key_0")).await.assert(403, "SCOPE_DENIED");
        }
        for (method, path) in
            [(Method::GET, "/v1/members".to_owned()), (Method::DELETE, format!("/v1/members/{id}"))]
        {
            world.send(Some(&own), method, &path, Body::empty()).await.assert(403, "SCOPE_DENIED");
        }
        world
            .patch(&own, &format!("/v1/members/{id}"), json!({ "role": "admin" }))
            .await
            .assert(403, "SCOPE_DENIED");
        world.delete(&own, &path).await.assert(204, "");
        world.get(&made.text("api_key"), "/v1/me").await.assert_denied(401, "UNAUTHORIZED", &["revoked"]);
    }
    key(&world, &world.admin, "mem_unknown", json!({})).await.assert(404, "NOT_FOUND");
    world.delete(&world.admin, &format!("/v1/members/{stranger}/keys/key_0")).await.assert(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_key_ends_and_stays_within_its_networks() {
    let world = World::new().await;
    let id = world.me(&world.admin).await;
    let bounds = json!({ "expires_at": "2026-01-01T01:00:00+01:00", "ip_allowlist": ["127.0.0.1"] });
    key(&world, &world.admin, &id, bounds).await.assert_invalid("expires_at");
    let bounds = json!({ "expires_at": "2026-01-01T01:01:00+01:00", "ip_allowlist": ["127.0.0.0/8"] });
    let bound = key(&world, &world.admin, &id, bounds).await;
    assert_eq!(bound.json["expires_at"], "2026-01-01T00:01:00.000Z");
    let bound = bound.text("api_key");
    let elsewhere = json!({ "ip_allowlist": ["10.0.0.0/8"] });
    let elsewhere = key(&world, &world.admin, &id, elsewhere).await.text("api_key");
    world.get(&bound, "/v1/me").await.assert_ok();
    world.get(&elsewhere, "/v1/me").await.assert_denied(403, "IP_NOT_ALLOWED", &["ip_not_allowed"]);
    world.advance(60_000);
    world.get(&bound, "/v1/me").await.assert_denied(401, "UNAUTHORIZED", &["expired"]);
}

#[tokio::test]
async fn a_key_is_revoked_also_where_no_admin_has_a_live_one() {
    let world = World::new().await;
    let admin = world.me(&world.admin).await;
    let (editor, own) = member(&world, "ada@example.com", "editor").await;
    let bound = key(&world, &world.admin, &admin, json!({ "expires_at": "2026-01-01T00:01:00Z" })).await;
    let keys = world.get(&bound.text("api_key"), &format!("/v1/members/{admin}/keys")).await;
    let first = keys.assert_ok()["items"][0]["id"].as_str().unwrap();
    let path = format!("/v1/members/{admin}/keys/{first}");
    world.delete(&bound.text("api_key"), &path).await.assert(204, "");
    world.advance(60_000);
    let keys = world.get(&own, &format!("/v1/members/{editor}/keys")).await;
    let lost = keys.assert_ok()["items"][0]["id"].as_str().unwrap();
    world.delete(&own, &format!("/v1/members/{editor}/keys/{lost}")).await.assert(204, "");
    world.get(&own, "/v1/me").await.assert_denied(401, "UNAUTHORIZED", &["revoked"]);
}

#[tokio::test]
async fn no_key_makes_one_that_may_more_than_itself() {
    let world = World::new().await;
    let id = world.me(&world.admin).await;
    let bounds =
        json!({ "expires_at": "2026-01-02T00:00:00Z", "ip_allowlist": ["127.0.0.0/8", "10.0.0.0/8"] });
    let bound = key(&world, &world.admin, &id, bounds).await.text("api_key");
    let (other, _) = member(&world, "ada@example.com", "admin").await;
    for member in [&id, &other] {
        for (change, reason) in [
            (json!({ "approve": true }), "approve_not_held"),
            (json!({ "expires_at": "2026-01-02T00:00:00.001Z" }), "expires_after_maker"),
            (json!({ "ip_allowlist": ["10.0.0.0/7"] }), "ip_not_allowed"),
            (json!({ "ip_allowlist": ["10.1.0.0/16", "::1"] }), "ip_not_allowed"),
        ] {
            key(&world, &bound, member, change).await.assert_denied(403, "SCOPE_DENIED", &[reason]);
            world.assert_recorded("member.key_created", "deny", &[reason]).await;
        }
    }
    let made = key(&world, &bound, &other, json!({})).await;
    assert_eq!(made.assert_ok()["expires_at"], "2026-01-02T00:00:00.000Z");
    assert_eq!(made.json["ip_allowlist"], json!(["127.0.0.0/8", "10.0.0.0/8"]));
    let less = json!({ "expires_at": "2026-01-01T12:00:00Z", "ip_allowlist": ["10.1.0.0/16"] });
    key(&world, &bound, &other, less).await.assert(201, "");
}

#[tokio::test]
async fn what_is_malformed_is_refused_by_name() {
    let world = World::new().await;
    for (change, field) in [
        (json!({ "email": "ada" }), "email"),
        (json!({ "email": "a b@c" }), "email"),
        (json!({ "name": "" }), "name"),
        (json!({ "name": "a\u{202e}b" }), "name"),
        (json!({ "role": "owner" }), "role"),
        (json!({ "role": null }), "role"),
        (json!({ "status": "active" }), "status"),
    ] {
        let mut body = json!({ "email": "ada@example.com", "name": "Ada", "role": "viewer" });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        world.post(&world.admin, "/v1/members", body).await.assert_invalid(field);
    }
    let id = world.me(&world.admin).await;
    for (body, field) in [
        (json!({ "email": "b@c" }), "email"),
        (json!({ "role": "owner" }), "role"),
        (json!({ "name": " a" }), "name"),
        (json!({ "name": null }), "name"),
    ] {
        world.patch(&world.admin, &format!("/v1/members/{id}"), body).await.assert_invalid(field);
    }
    for (change, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "approve": "yes" }), "approve"),
        (json!({ "expires_at": "tomorrow" }), "expires_at"),
        (json!({ "expires_at": "2026-01-02T00:00:00" }), "expires_at"),
        (json!({ "expires_at": 1 }), "expires_at"),
        (json!({ "ip_allowlist": [] }), "ip_allowlist"),
        (json!({ "ip_allowlist": ["10.0.0.1/8"] }), "ip_allowlist[0]"),
        (json!({ "role": "admin" }), "role"),
    ] {
        key(&world, &world.admin, &id, change).await.assert_invalid(field);
    }
    world.patch(&world.admin, "/v1/members/unknown", json!({})).await.assert(404, "NOT_FOUND");
    world.delete(&world.admin, "/v1/members/unknown").await.assert(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_member_has_a_hundred_live_keys_at_most() {
    let world = World::new().await;
    let (id, text) = member(&world, "ada@example.com", "viewer").await;
    for _ in 1..100 {
        key(&world, &text, &id, json!({})).await.assert(201, "");
    }
    key(&world, &text, &id, json!({})).await.assert(409, "CONFLICT");
    let newest = world.get(&text, &format!("/v1/members/{id}/keys")).await;
    let newest = newest.json["items"][99]["id"].as_str().unwrap().to_owned();
    world.delete(&text, &format!("/v1/members/{id}/keys/{newest}")).await.assert(204, "");
    key(&world, &text, &id, json!({})).await.assert(201, "");
}
