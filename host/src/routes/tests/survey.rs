//! A survey is taken beside the writer, and the writer does not let through what has changed in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::Handle;
use warded_core::crypto::token::TokenKind;
use warded_core::pattern::{Pattern, PatternBuf};

use super::world::World;
use crate::app::Shared;
use crate::audit::{Detail, Origin};
use crate::authorize::{Asker, Authority, Case, Stop, Subject};
use crate::grant::GrantParts;
use crate::permission::{Permission as _, ReadSecret};
use crate::routes::survey::{Survey, survey};
use crate::store::{AgentRow, CallerId, Read, Verdict, transact};

/// Counts how often it looks, and lets something happen when it has looked first.
struct Probe<F> {
    pattern: PatternBuf,
    looks: Arc<AtomicUsize>,
    meanwhile: F,
}

impl<F: Fn() + Send + Sync + 'static> Survey for Probe<F> {
    type Found = usize;

    fn pattern(&self) -> Pattern<'_> {
        self.pattern.as_pattern()
    }

    fn collect<S: Read + ?Sized>(&self, _: &mut Authority<'_, S>) -> Result<usize, Stop> {
        let look = self.looks.fetch_add(1, Ordering::SeqCst);
        if look == 0 {
            (self.meanwhile)();
        }
        Ok(look)
    }

    fn details(&self, found: &usize) -> Vec<(&'static str, Detail)> {
        vec![("look", Detail::Text(found.to_string()))]
    }
}

/// Takes a survey as an agent that may read everything, while `change` is made of the agent; answers which look was told.
async fn surveyed(world: &World, change: fn(&Shared, AgentRow) -> Option<AgentRow>) -> (usize, usize) {
    let agent = world.agent(&["*"], &["secrets:*:*"]).await;
    let asker = Asker {
        id: CallerId::Agent(agent.id.clone()),
        kind: TokenKind::Agent,
        hash: world.app.guest.hash_token(&agent.key).unwrap().1,
        origin: Origin { request_id: "req_test".to_owned(), ip: Some([127, 0, 0, 1].into()) },
    };
    let app = Arc::clone(&world.app);
    let case = Case { app: Arc::clone(&app), asker, guard: ReadSecret::GUARD, subject: Subject::default() };
    let meanwhile = move || {
        let (id, app) = (agent.id.clone(), Arc::clone(&app));
        let changing = transact(&*app.store, {
            let app = Arc::clone(&app);
            move |tx| {
                let row = tx.agent(&id)?;
                if let Some(row) = row.and_then(|row| change(&app, row)) {
                    tx.change_agent(&row)?;
                }
                Ok(Verdict::Done { answer: (), events: Vec::new() })
            }
        });
        Handle::current().block_on(changing).unwrap();
    };
    let looks = Arc::new(AtomicUsize::new(0));
    let probe = Probe { pattern: PatternBuf::parse("a/*").unwrap(), looks: Arc::clone(&looks), meanwhile };
    let told = survey(case, probe).await.unwrap();
    (told, looks.load(Ordering::SeqCst))
}

#[tokio::test]
async fn what_was_seen_beside_the_writer_is_told_if_nothing_has_changed() {
    let world = World::new().await;
    assert_eq!(surveyed(&world, |_, _| None).await, (0, 1));
    let event = world.assert_recorded("secret.listed", "allow", &[]).await;
    assert_eq!(event["details"]["look"], "0");
}

#[tokio::test]
async fn the_writer_looks_again_if_the_grant_has_changed() {
    let world = World::new().await;
    let narrow = |app: &Shared, row: AgentRow| {
        let scopes = ["secrets:read:a/*".to_owned()];
        let grant = GrantParts::of_scopes(&row.id, &scopes).compile(&app.guest).unwrap();
        Some(AgentRow { grant, ..row })
    };
    assert_eq!(surveyed(&world, narrow).await, (1, 2));
    let event = world.assert_recorded("secret.listed", "allow", &[]).await;
    assert_eq!(event["details"]["look"], "1");
}
