//! Approvals from asking to using, and everything that must not come of them.

use serde_json::{Value, json};

use super::world::{Answer, NewAgent, World};
use crate::approval::expire_overdue;
use crate::store::{Role, Tx, Verdict, transact};

mod lowering;
mod misuse;
mod uses;

const MINUTE: u64 = 60_000;

/// A server with a sensitive and a critical secret, an agent of the admin's, and two editors.
struct Scene {
    world: World,
    agent: NewAgent,
    one: String,
    two: String,
}

impl Scene {
    async fn new() -> Self {
        Self::of(World::new().await).await
    }

    async fn of(world: World) -> Self {
        for (path, tier) in
            [("a/SENSITIVE", "sensitive"), ("c/CRITICAL", "critical"), ("b/PLAIN", "standard")]
        {
            let body = json!({ "value": path, "access_tier": tier });
            world.put(&world.admin, path, body).await.assert(201, "");
        }
        let agent = world.agent(&["*"], &["secrets:*:*"]).await;
        let (one, two) = (world.operator(Role::Editor).await, world.operator(Role::Editor).await);
        Self { world, agent, one, two }
    }

    async fn ask(&self, body: Value) -> Answer {
        self.world.post(&self.agent.key, "/v1/tokens", body).await
    }

    /// Asks, and answers the id of the approval that this waits for.
    async fn asked(&self, body: Value) -> String {
        let answer = self.ask(body).await;
        answer.assert(202, "");
        answer.text("approval_id")
    }

    async fn approve(&self, key: &str, id: &str) -> Answer {
        self.world.post(key, &format!("/v1/approvals/{id}/approve"), json!({})).await
    }

    async fn deny(&self, key: &str, id: &str) -> Answer {
        self.world.post(key, &format!("/v1/approvals/{id}/deny"), json!({ "reason": "not today" })).await
    }

    async fn status(&self, id: &str) -> Value {
        self.world.get(&self.world.admin, &format!("/v1/approvals/{id}")).await.assert_ok().clone()
    }

    async fn member(&self, key: &str) -> String {
        self.world.get(key, "/v1/me").await.text("id")
    }

    /// Changes something behind the routes, as another route would.
    async fn change(&self, change: impl Fn(&mut dyn Tx) + Send + 'static) {
        transact(&*self.world.app.store, move |tx| {
            change(tx);
            Ok(Verdict::Done { answer: (), events: Vec::new() })
        })
        .await
        .unwrap();
    }

    async fn demote(&self, key: &str) {
        let id = self.member(key).await;
        self.change(move |tx| tx.change_member(&id, "demoted", Role::Viewer).unwrap()).await;
    }

    async fn live_tokens(&self) -> usize {
        let tokens = self.world.get(&self.agent.key, "/v1/tokens").await;
        let items = tokens.assert_ok()["items"].as_array().unwrap();
        items.iter().filter(|token| token["active"] == true).count()
    }

    /// Lets this policy decide from now on.
    async fn activate(&self, policy: &Value) {
        let text = policy.to_string();
        let compiled = self.world.app.guest.compile_policy(&text).unwrap();
        self.change(move |tx| {
            let info = tx.add_policy(&text, &compiled, "mem_test").unwrap();
            tx.activate_policy(info.version, "mem_test").unwrap();
        })
        .await;
    }
}

fn sensitive() -> Value {
    json!({ "scopes": ["secrets:read:a/*"], "ttl": "15m", "reason": "nightly report" })
}

fn critical() -> Value {
    json!({ "scopes": ["secrets:read:c/*"] })
}

/// The event types of the newest records, newest first.
async fn events(world: &World, count: u64) -> Vec<String> {
    let newest = world.recorded(count).await;
    newest.iter().map(|event| event["event_type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_people_have_approved_passes_once() {
    let scene = Scene::new().await;
    let Scene { world, agent, one, .. } = &scene;
    let answer = scene.ask(sensitive()).await;
    let id = answer.text("approval_id");
    let expected = json!({
        "requires_approval": true, "approval_id": id, "expires_at": "2026-01-01T01:00:00.000Z", "status": "pending",
    });
    assert_eq!((answer.status, answer.assert_ok()), (202, &expected));
    let asked = world.assert_recorded("approval.requested", "ask", &["approval_required"]).await;
    assert_eq!(
        (&asked["resource_id"], &asked["details"]["scopes"]),
        (&json!(id), &json!(["secrets:read:a/*"]))
    );

    assert_eq!(scene.asked(sensitive()).await, id, "a repetition waits for the same");
    let listed = world.get(one, "/v1/approvals?status=pending").await;
    let shown = &listed.assert_ok()["items"][0];
    assert_eq!(shown["requested_scopes"], json!(["secrets:read:a/*"]));
    assert_eq!((&shown["access_tier"], &shown["reason"]), (&json!("sensitive"), &json!("nightly report")));
    assert_eq!((&shown["required_approvals"], &shown["ttl"]), (&json!(1), &json!(900)));
    assert_eq!(shown["agent_id"], json!(agent.id));

    world.advance(10 * MINUTE);
    assert_eq!(scene.approve(one, &id).await.assert_ok()["status"], "approved");
    let own = world.get(&agent.key, &format!("/v1/approvals/agent/{id}")).await;
    let expected = json!({
        "id": id, "status": "approved",
        "approved_at": "2026-01-01T00:10:00.000Z", "expires_at": "2026-01-01T00:25:00.000Z",
    });
    assert_eq!(own.assert_ok(), &expected);

    let issued = scene.ask(sensitive()).await;
    issued.assert(200, "");
    assert_eq!(issued.text("expires_at"), "2026-01-01T00:25:00.000Z", "its life begins when it is issued");
    assert_eq!(events(world, 2).await, ["approval.consumed", "token.issued"]);
    assert_eq!(world.read(&issued.text("token"), "a/SENSITIVE").await.assert_ok()["value"], "a/SENSITIVE");
    let spent = scene.status(&id).await;
    assert_eq!((&spent["status"], &spent["token_id"]), (&json!("consumed"), &json!(issued.text("token_id"))));
    assert_ne!(scene.asked(sensitive()).await, id, "an approval passes once");
}

#[tokio::test]
async fn critical_takes_two_different_people() {
    let scene = Scene::new().await;
    let id = scene.asked(critical()).await;
    for _ in 0..2 {
        let approval = scene.approve(&scene.one, &id).await;
        assert_eq!(approval.assert_ok()["status"], "pending", "one person counts once");
        assert_eq!(approval.json["approvals"].as_array().unwrap().len(), 1);
    }
    assert_eq!(scene.asked(critical()).await, id);
    assert_eq!(scene.approve(&scene.two, &id).await.assert_ok()["status"], "approved");
    let issued = scene.ask(critical()).await;
    issued.assert(200, "");
    scene.world.read(&issued.text("token"), "c/CRITICAL").await.assert_ok();
}

#[tokio::test]
async fn one_denial_ends_it_and_what_overlaps_for_ten_minutes() {
    let scene = Scene::new().await;
    let Scene { world, one, two, .. } = &scene;
    let id = scene.asked(critical()).await;
    scene.approve(one, &id).await.assert_ok();
    let denied = scene.deny(two, &id).await;
    assert_eq!(denied.assert_ok()["status"], "denied");
    let voices = denied.json["approvals"].as_array().unwrap();
    let denial = voices.iter().find(|voice| voice["decision"] == "deny").unwrap();
    assert_eq!((voices.len(), &denial["reason"]), (2, &json!("not today")));
    scene.approve(one, &id).await.assert(409, "CONFLICT");
    world.advance(MINUTE);
    for scope in ["secrets:read:c/*", "secrets:*:*", "secrets:read:c/CRITICAL", "secrets:read:+/CRITICAL"] {
        let refused = scene.ask(json!({ "scopes": [scope], "ttl": "5m" })).await;
        refused.assert_denied(403, "APPROVAL_DENIED", &["approval_denied"]);
        assert_eq!(refused.response.headers["retry-after"], "540", "{scope}");
    }
    world.assert_recorded("token.refused", "deny", &["approval_denied"]).await;
    scene.ask(json!({ "scopes": ["secrets:read:b/*"] })).await.assert(200, "");
    let other = world.agent(&["*"], &["secrets:*:*"]).await;
    world.post(&other.key, "/v1/tokens", critical()).await.assert(202, "");
    world.advance(9 * MINUTE);
    assert_ne!(scene.asked(critical()).await, id);
}

#[tokio::test]
async fn what_nobody_answers_expires_and_is_told_once() {
    let scene = Scene::new().await;
    let Scene { world, one, .. } = &scene;
    let id = scene.asked(sensitive()).await;
    world.advance(60 * MINUTE - 1);
    assert_eq!(scene.asked(sensitive()).await, id);
    world.advance(1);
    assert_eq!(scene.status(&id).await["status"], "expired", "marked or not");
    assert_eq!(world.get(one, "/v1/approvals?status=pending").await.assert_ok()["items"], json!([]));
    scene.approve(one, &id).await.assert(409, "CONFLICT");
    scene.ask(sensitive()).await.assert_denied(403, "APPROVAL_EXPIRED", &["approval_expired"]);
    assert_eq!(events(world, 2).await, ["token.refused", "approval.expired"]);
    assert_ne!(scene.asked(sensitive()).await, id);
}

#[tokio::test]
async fn what_is_not_used_in_time_expires_too() {
    let scene = Scene::new().await;
    let id = scene.asked(sensitive()).await;
    scene.approve(&scene.one, &id).await.assert_ok();
    scene.world.advance(15 * MINUTE);
    expire_overdue(&scene.world.app).await.unwrap();
    let expired = scene.world.assert_recorded("approval.expired", "allow", &[]).await;
    assert_eq!((&expired["resource_id"], &expired["actor"]["type"]), (&json!(id), &json!("system")));
    expire_overdue(&scene.world.app).await.unwrap();
    assert_eq!(events(&scene.world, 2).await, ["approval.expired", "approval.granted"], "marked once");
    scene.ask(sensitive()).await.assert(403, "APPROVAL_EXPIRED");
    scene.ask(sensitive()).await.assert(202, "");
}

#[tokio::test]
async fn a_lost_reply_is_repeated_by_another_token_in_place_of_the_first() {
    let scene = Scene::new().await;
    let Scene { world, one, .. } = &scene;
    let id = scene.asked(sensitive()).await;
    scene.approve(one, &id).await.assert_ok();
    let first = scene.ask(sensitive()).await.text("token");
    world.advance(MINUTE);
    let second = scene.ask(sensitive()).await;
    second.assert(200, "");
    world.read(&first, "a/SENSITIVE").await.assert_denied(401, "UNAUTHORIZED", &["revoked"]);
    assert_eq!(scene.status(&id).await["token_id"], second.json["token_id"]);
    world.advance(2 * MINUTE - MINUTE);
    scene.ask(sensitive()).await.assert(202, "");
    assert_eq!(scene.live_tokens().await, 1, "after two minutes it is another request");
}

#[tokio::test]
async fn thirty_two_at_once_leave_one_live_token() {
    let scene = Scene::new().await;
    let ids = parallel(&scene, 202, "approval_id").await;
    assert!(ids.iter().all(|id| *id == ids[0]), "one approval, whoever asks at the same time");
    scene.approve(&scene.one, &ids[0]).await.assert_ok();
    let tokens = parallel(&scene, 200, "token").await;
    assert_eq!(scene.live_tokens().await, 1);
    let mut alive = 0;
    for token in &tokens {
        alive += usize::from(scene.world.get(token, "/v1/tokens/self").await.status == 200);
    }
    assert_eq!(alive, 1);
    let consumed = scene.world.get(&scene.world.admin, "/v1/audit?event_type=approval.consumed").await;
    assert_eq!(consumed.assert_ok()["total"], 1);
}

/// Asks 32 times at once, and answers a field of each.
async fn parallel(scene: &Scene, status: u16, field: &str) -> Vec<String> {
    let requests = (0..32).map(|_| scene.ask(sensitive()));
    let mut texts = Vec::new();
    for answer in futures(requests).await {
        answer.assert(status, "");
        texts.push(answer.text(field));
    }
    texts
}

/// Polls all of them together until each is done.
async fn futures<F: Future>(requests: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = requests.map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(move |context| {
        waiting.retain_mut(|one| match one.as_mut().poll(context) {
            std::task::Poll::Ready(answer) => {
                done.push(answer);
                false
            }
            std::task::Poll::Pending => true,
        });
        if waiting.is_empty() {
            std::task::Poll::Ready(std::mem::take(&mut done))
        } else {
            std::task::Poll::Pending
        }
    })
    .await
}

#[tokio::test]
async fn lists_lead_on_page_by_page() {
    let scene = Scene::new().await;
    let mut ids = Vec::new();
    for minutes in 1..=5 {
        ids.push(scene.asked(json!({ "scopes": ["secrets:read:a/*"], "ttl": minutes * 60 })).await);
    }
    ids.reverse();
    let pages = scene.world.pages(&scene.agent.key, "/v1/approvals?limit=2").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    assert_eq!(pages.iter().flatten().map(|item| item["id"].as_str().unwrap()).collect::<Vec<_>>(), ids);
}
