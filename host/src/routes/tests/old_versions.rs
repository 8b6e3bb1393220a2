//! Databases that earlier versions wrote.

use rusqlite::{Connection, params};
use serde_json::json;
use tempfile::TempDir;
use warded_core::crypto::hash::sha256;
use warded_core::crypto::token::{TokenKind, mint};

use super::world::World;
use crate::store::Role;

const SCHEMA: &str = include_str!("../../store/sqlite/schema/1.sql");
const SECOND: [&str; 8] = [
    include_str!("../../store/sqlite/schema/2/agents.sql"),
    include_str!("../../store/sqlite/schema/2/approvals.sql"),
    include_str!("../../store/sqlite/schema/2/audit.sql"),
    include_str!("../../store/sqlite/schema/2/members.sql"),
    include_str!("../../store/sqlite/schema/2/policies.sql"),
    include_str!("../../store/sqlite/schema/2/secrets.sql"),
    include_str!("../../store/sqlite/schema/2/tokens.sql"),
    include_str!("../../store/sqlite/schema/2/webhooks.sql"),
];

/// A key of each role, its text made of the role's place; version 1 kept with each the grant that its role had then.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let file = Connection::open(data.join("warded.db")).unwrap();
    file.execute_batch(SCHEMA).unwrap();
    file.pragma_update(None, "application_id", 0x5772_6464).unwrap();
    file.pragma_update(None, "user_version", 1).unwrap();
    file.execute("INSERT INTO meta (key, value) VALUES ('tenant', ?1)", [[7_u8; 16]]).unwrap();
    for (place, role) in Role::ALL.into_iter().enumerate() {
        let member = "INSERT INTO members (id, email, name, role, created_at) VALUES (?1, ?2, 'Old', ?3, 1)";
        let id = format!("mem_{place}");
        file.execute(member, params![id, format!("{}@Example.com", role.word()), role.word()]).unwrap();
        let key = "INSERT INTO api_keys (id, member_id, name, hash, display, grant_bytes, grant_digest, created_at) \
            VALUES (?1, ?2, 'first', ?3, 'wdk_', x'00', ?3, 1)";
        file.execute(key, params![format!("key_{place}"), id, sha256(text(role).as_bytes())]).unwrap();
    }
    let agent = "INSERT INTO agents (id, name, allowed_namespaces, allowed_scopes, token_tier_ceiling, key_hash, key_display, \
        grant_bytes, grant_digest, owner, created_at) VALUES ('agt_1', 'old', '[]', '[]', 2, ?1, 'wda_', x'00', ?1, 'mem_0', 1)";
    file.execute(agent, [[1_u8; 32]]).unwrap();
    folder
}

fn text(role: Role) -> String {
    let place = Role::ALL.iter().position(|one| *one == role).unwrap();
    mint(TokenKind::ApiKey, &[u8::try_from(place).unwrap(); 32]).expose().to_owned()
}

#[tokio::test]
async fn its_keys_hold_what_their_roles_hold_now() {
    let world = World::over(folder(), |_| {});
    for role in Role::ALL {
        let me = world.get(&text(role), "/v1/me").await;
        assert_eq!(me.assert_ok()["role"], role.word());
        assert_eq!(me.json["email"], format!("{}@example.com", role.word()), "in lower case");
    }
    let body = json!({ "value": "new" });
    world.put(&text(Role::Editor), "a/KEY", body.clone()).await.assert(201, "");
    world.put(&text(Role::Viewer), "a/KEY", body).await.assert(403, "SCOPE_DENIED");
    world.get(&text(Role::Auditor), "/v1/audit").await.assert_ok();
    world.get(&text(Role::Editor), "/v1/audit").await.assert(403, "SCOPE_DENIED");
}

#[tokio::test]
async fn its_admins_and_editors_may_approve() {
    let world = World::over(folder(), |_| {});
    let approvers = crate::store::query(&*world.app.store, |read| read.approvers()).unwrap();
    let of = |role| format!("mem_{}", Role::ALL.iter().position(|one| *one == role).unwrap());
    assert_eq!(approvers, [of(Role::Admin), of(Role::Editor)]);
}

#[tokio::test]
async fn its_agents_keys_were_shown_to_their_owners() {
    let world = World::over(folder(), |_| {});
    let agent = crate::store::query(&*world.app.store, |read| read.agent("old")).unwrap().unwrap();
    assert_eq!((agent.owner.as_str(), agent.key_owner.as_str()), ("mem_0", "mem_0"));
    assert_eq!((agent.former_key_owner, agent.former_key_until), (None, None));
}

#[tokio::test]
async fn both_keys_of_an_agent_of_version_2_were_shown_to_its_owner() {
    let folder = folder();
    let file = Connection::open(folder.path().join("data/warded.db")).unwrap();
    for part in SECOND {
        file.execute_batch(part).unwrap();
    }
    file.execute("UPDATE agents SET former_key_hash = ?1, former_key_until = 9000000000000", [[2_u8; 32]])
        .unwrap();
    file.pragma_update(None, "user_version", 2).unwrap();
    drop(file);
    let world = World::over(folder, |_| {});
    let agent = crate::store::query(&*world.app.store, |read| read.agent("old")).unwrap().unwrap();
    assert_eq!((agent.key_owner.as_str(), agent.former_key_owner.as_deref()), ("mem_0", Some("mem_0")));
    assert_eq!(world.get(&text(Role::Admin), "/v1/agents/old").await.assert_ok()["key_owner"], "mem_0");
}
