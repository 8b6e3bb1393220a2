use std::io::Cursor;

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};
use warded_core::audit::checkpoint::PublicKey;

use super::world::{Answer, World};
use crate::audit::verify::{Trust, Verified, VerifyError, verify_export};
use crate::store::Role;

async fn export(world: &World, key: &str, query: &str, accept: &str) -> Answer {
    let mut request = world.build(Some(key), Method::GET, &format!("/v1/audit/export{query}"), Body::empty());
    request.headers_mut().insert("accept", accept.parse().unwrap());
    world.request(request).await
}

fn verify(text: &Value, keys: &[PublicKey]) -> Result<Verified, VerifyError> {
    let trust = Trust { keys: keys.to_vec(), checkpoints: Vec::new() };
    verify_export(&mut Cursor::new(text.as_str().unwrap()), trust, &mut |_, _| {})
}

async fn public_key(world: &World) -> PublicKey {
    let answer = world.get(&world.admin, "/v1/audit/checkpoints").await;
    answer.assert_ok();
    let bytes: [u8; 32] = hex::decode(answer.text("public_key")).unwrap().try_into().unwrap();
    PublicKey::new(&bytes).unwrap()
}

/// Secrets at two paths, one of which begins like a formula.
async fn world() -> World {
    let world = World::new().await;
    world.secret("a/KEY", "v").await;
    world.secret("=cmd/KEY", "v").await;
    world.read(&world.admin, "a/ABSENT").await.assert(404, "SECRET_NOT_FOUND");
    world
}

#[tokio::test]
async fn both_formats_verify_whole_and_signed_to_the_end() {
    let world = world().await;
    for (accept, kind) in [
        ("application/x-ndjson", "application/x-ndjson"),
        ("*/*", "application/x-ndjson"),
        ("text/csv;q=0.9", "text/csv"),
    ] {
        let seen = world.recorded(1).await.remove(0);
        let answer = export(&world, &world.admin, "", accept).await;
        let verified = verify(answer.assert_ok(), &[public_key(&world).await]).unwrap();
        assert_eq!(verified.checked, seen["seq"].as_u64().unwrap(), "{accept}");
        assert_eq!(verified.signed_through, Some(verified.checked));
        assert_eq!((verified.without_record, verified.is_filtered), (0, false));
        assert_eq!(answer.response.headers["content-type"], kind);
        assert!(answer.response.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
        let event = world.assert_recorded("audit.exported", "allow", &[]).await;
        assert_eq!(event["details"]["last_seq"], verified.checked);
    }
    for accept in ["application/json", "", "text/html, image/png"] {
        export(&world, &world.admin, "", accept).await.assert_invalid("Accept");
    }
}

#[tokio::test]
async fn a_filtered_export_keeps_the_places_of_what_it_leaves_out() {
    let world = world().await;
    let answer = export(&world, &world.admin, "?path=a/KEY", "application/x-ndjson").await;
    let text = answer.assert_ok();
    let verified = verify(text, &[public_key(&world).await]).unwrap();
    assert!(verified.is_filtered && verified.without_record == verified.checked - 1, "{verified:?}");
    assert!(!text.as_str().unwrap().contains("=cmd"));
    assert!(text.as_str().unwrap().starts_with(r#"{"format":"warded-audit/1","#));
    assert!(text.as_str().unwrap().contains(r#""filter":{"path":"a/KEY"}"#));
    let nothing =
        export(&world, &world.admin, "?resource_type=token&event_type=secret.read", "text/csv").await;
    assert_eq!(
        verify(nothing.assert_ok(), &[]).unwrap().checked,
        world.recorded(1).await[0]["seq"].as_u64().unwrap() - 1
    );
    for (query, field) in [("?limit=1", "limit"), ("?page=1", "page"), ("?outcome=maybe", "outcome")] {
        export(&world, &world.admin, query, "*/*").await.assert_invalid(field);
    }
}

#[tokio::test]
async fn a_time_range_is_a_piece_of_the_chain() {
    let world = world().await;
    world.advance(1_000);
    world.secret("later/KEY", "v").await;
    world.advance(1_000);
    world.secret("last/KEY", "v").await;
    let query = "?start_time=2026-01-01T00:00:01Z&end_time=2026-01-01T00:00:02Z";
    for accept in ["text/csv", "application/x-ndjson"] {
        let answer = export(&world, &world.admin, query, accept).await;
        let verified = verify(answer.assert_ok(), &[]).unwrap();
        assert_eq!((verified.checked, verified.without_record), (1, 0), "{}", answer.json);
        assert_eq!(verified.start_seq, 5);
    }
    let none = export(&world, &world.admin, "?start_time=2027-01-01T00:00:00Z", "*/*").await;
    assert_eq!(verify(none.assert_ok(), &[]).unwrap().checked, 0);
}

#[tokio::test]
async fn formulas_are_text_and_what_people_read_is_verified() {
    let world = world().await;
    let answer = export(&world, &world.admin, "", "text/csv").await;
    let text = answer.assert_ok().as_str().unwrap();
    assert!(text.contains("\"'=cmd/KEY\"") && !text.contains("\"=cmd"), "{text}");
    let changed = Value::from(text.replacen("\"secret.created\"", "\"secret.read\"", 1));
    match verify(&changed, &[]) {
        Err(VerifyError::Broken(broken)) => assert_eq!(broken.fault.name(), "column_mismatch"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn checkpoints_are_listed_newest_first() {
    let world = World::new().await;
    let empty = world.get(&world.admin, "/v1/audit/checkpoints").await;
    assert_eq!(empty.assert_ok(), &json!({ "items": [], "public_key": null }));
    for _ in 0..3 {
        export(&world, &world.admin, "", "*/*").await.assert_ok();
    }
    let all = world.get(&world.admin, "/v1/audit/checkpoints").await;
    let seqs = |answer: &Value| -> Vec<u64> {
        answer["items"].as_array().unwrap().iter().map(|item| item["seq"].as_u64().unwrap()).collect()
    };
    assert_eq!(seqs(all.assert_ok()), [3, 2, 1]);
    let first = &all.json["items"][0];
    assert_eq!(first["created_at"], "2026-01-01T00:00:00.000Z");
    assert_eq!(first["checkpoint"]["tenant"], hex::encode(world.app.tenant));
    let page = world.get(&world.admin, "/v1/audit/checkpoints?limit=2").await;
    assert_eq!((seqs(page.assert_ok()), page.text("next_cursor")), (vec![3, 2], "2".to_owned()));
    let rest = world.get(&world.admin, "/v1/audit/checkpoints?limit=2&cursor=2").await;
    assert_eq!(seqs(rest.assert_ok()), [1]);
    world.get(&world.admin, "/v1/audit/checkpoints?limit=0").await.assert_invalid("limit");
}

#[tokio::test]
async fn erasure_is_for_admins_and_says_what_it_took() {
    let world = world().await;
    let erase = async |key: &str, body: Value| world.post(key, "/v1/audit/erase", body).await;
    for role in [Role::Auditor, Role::Editor, Role::Viewer] {
        let key = world.operator(role).await;
        erase(&key, json!({ "path": "a/KEY" })).await.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
        world.assert_recorded("audit.erased", "deny", &["scope_missing"]).await;
    }
    let answer = erase(&world.admin, json!({ "path": "a/KEY", "reason": "a wish" })).await;
    assert_eq!(answer.assert_ok(), &json!({ "erased": 1 }));
    let event = world.assert_recorded("audit.erased", "allow", &[]).await;
    assert_eq!(
        (&event["details"]["seqs"], &event["details"]["path"], &event["details"]["reason"]),
        (&json!(["2"]), &json!("a/KEY"), &json!("a wish"))
    );
    let found = world.get(&world.admin, "/v1/audit?path=a/KEY").await;
    assert_eq!(found.assert_ok()["total"], 0);
    let whole = export(&world, &world.admin, "", "*/*").await;
    assert_eq!(verify(whole.assert_ok(), &[]).unwrap().without_record, 1);
    let before = erase(&world.admin, json!({ "before": "2026-01-01T00:00:00Z" })).await;
    assert_eq!(before.assert_ok(), &json!({ "erased": 0 }));
    for (body, field) in [
        (json!({}), "before"),
        (json!({ "reason": "x" }), "before"),
        (json!({ "before": "yesterday" }), "before"),
        (json!({ "path": "/a" }), "path"),
        (json!({ "actor_id": "a\u{202e}" }), "actor_id"),
        (json!({ "actor_id": null }), "actor_id"),
        (json!({ "actor": "agt_1" }), "actor"),
    ] {
        erase(&world.admin, body).await.assert_invalid(field);
    }
}

#[tokio::test]
async fn an_auditor_exports_and_others_do_not() {
    let world = world().await;
    let auditor = world.operator(Role::Auditor).await;
    export(&world, &auditor, "", "*/*").await.assert_ok();
    for role in [Role::Editor, Role::Viewer] {
        let key = world.operator(role).await;
        export(&world, &key, "", "*/*").await.assert_denied(403, "SCOPE_DENIED", &["scope_missing"]);
        world.assert_recorded("audit.exported", "deny", &["scope_missing"]).await;
    }
}
