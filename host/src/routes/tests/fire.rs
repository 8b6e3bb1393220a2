//! The engine killed in the middle of a load, by fuel, by memory or by damage: one request fails, and nothing turns into an allow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use super::world::World;
use crate::guest::strike::Strike;

const STRIKES: [Strike; 5] =
    [Strike::Fuel, Strike::Memory, Strike::Damage(0), Strike::Damage(0xFF), Strike::Damage(0x41)];
const READERS: usize = 8;
const READS: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_engine_killed_in_mid_load_fails_one_request_and_allows_none() {
    let world = Arc::new(World::new().await);
    world.secret("a/KEY", "counted").await;
    world.secret("b/KEY", "hidden").await;
    let token = world.token(json!({ "scopes": ["secrets:read:a/*"] })).await;
    for (round, strike) in STRIKES.into_iter().cycle().take(15).enumerate() {
        let failed = Arc::new(AtomicU64::new(0));
        let readers: Vec<_> = (0..READERS)
            .map(|reader| {
                let (world, token, failed) = (Arc::clone(&world), token.clone(), Arc::clone(&failed));
                tokio::spawn(async move {
                    for read in 0..READS {
                        if reader == 0 && read == READS / 2 {
                            world.app.guest.strike(strike);
                        }
                        failed.fetch_add(one_of_each(&world, &token).await, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        for reader in readers {
            reader.await.unwrap();
        }
        assert!(world.app.guest.has_struck(), "{strike:?} met a call");
        let failed = failed.load(Ordering::Relaxed);
        assert!(failed <= 1, "round {round}, {strike:?}: {failed} requests failed");
    }
    let uses = world.get(&token, "/v1/tokens/self").await.assert_ok()["uses"].as_u64().unwrap();
    let asked = u64::try_from(15 * READERS * READS).unwrap();
    assert!(uses <= asked && asked - uses <= 15, "{uses} of {asked}: what failed has spent nothing");
}

/// A read that is allowed and one that is not; how many of them the engine failed.
async fn one_of_each(world: &World, token: &str) -> u64 {
    let (allowed, denied) = (world.read(token, "a/KEY").await, world.read(token, "b/KEY").await);
    let mut failed = 0;
    for (answer, expected) in [(&allowed, 200), (&denied, 403)] {
        if answer.status == 503 {
            answer.assert(503, "ENGINE_UNAVAILABLE");
            failed += 1;
        } else {
            assert_eq!(answer.status, expected, "{} {:?}", answer.json, answer.error);
        }
    }
    assert!(denied.json.get("value").is_none());
    failed
}
