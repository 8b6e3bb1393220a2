//! What sends: a thread that looks for what is due, and one for each webhook while something is sent to it.
//!
//! No thread of the requests takes part, and a receiver that hangs holds up nobody but itself.

use std::collections::HashSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::Handle;

use super::attempt::attempt;
use super::client::Client;
use crate::app::Shared;
use crate::store::query;
use crate::store::webhooks::Delivery;

/// How often the queue is looked at. Where nothing was committed and nothing falls due, that reads two numbers.
const TICK: Duration = Duration::from_millis(250);
/// How long attempts under way may take once the server stops; one that is cut off comes again after the next start.
const DRAIN: Duration = Duration::from_secs(2);

/// Sends what is due until it is stopped.
#[derive(Debug)]
pub struct Deliveries {
    shared: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct State {
    app: Shared,
    runtime: Handle,
    /// Made when the first thing is sent: most servers have no webhooks, and the authorities take memory.
    client: OnceLock<Client>,
    running: Mutex<Running>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Running {
    stopped: bool,
    /// Webhooks to which something is being sent.
    busy: HashSet<String>,
}

impl Deliveries {
    /// Starts to send. Must be called on the runtime that the store answers on.
    #[must_use]
    pub fn start(app: Shared) -> Self {
        let shared = Arc::new(State {
            app,
            runtime: Handle::current(),
            client: OnceLock::new(),
            running: Mutex::default(),
            changed: Condvar::new(),
        });
        let state = Arc::clone(&shared);
        let thread = thread::Builder::new().name("webhooks".to_owned()).spawn(move || run(&state));
        if let Err(error) = &thread {
            tracing::error!(%error, "webhooks are not sent");
        }
        Self { shared, thread: thread.ok() }
    }

    /// Begins no more attempts, and waits a little for those under way. Blocks its thread.
    pub fn stop(mut self) {
        self.shared.lock().stopped = true;
        self.shared.changed.notify_all();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of the webhooks ended by a panic");
        }
        let is_busy = |running: &mut Running| !running.busy.is_empty();
        let left = self.shared.changed.wait_timeout_while(self.shared.lock(), DRAIN, is_busy);
        drop(left.unwrap_or_else(PoisonError::into_inner));
    }
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Running> {
        // Nothing panics while it holds the lock.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits a tick, or until it is stopped; whether to go on.
    fn wait(&self) -> bool {
        let waits = |running: &mut Running| !running.stopped;
        let (running, _) =
            self.changed.wait_timeout_while(self.lock(), TICK, waits).unwrap_or_else(PoisonError::into_inner);
        !running.stopped
    }
}

fn run(state: &Arc<State>) {
    let (mut commits, mut next) = (None, None);
    while state.wait() {
        let committed = Some(state.app.store.activity().commits);
        let now = state.app.clock.now();
        if committed == commits && next.is_none_or(|next| next > now) {
            continue;
        }
        let found = query(&*state.app.store, |read| Ok((read.due_deliveries()?, read.next_delivery()?)));
        let Ok((due, earliest)) = found else { continue };
        (commits, next) = (committed, earliest);
        due.into_iter().for_each(|delivery| begin(state, delivery));
    }
}

/// Sends to a webhook on a thread of its own, unless something is being sent to it.
fn begin(state: &Arc<State>, delivery: Delivery) {
    let id = delivery.webhook_id.clone();
    if !state.lock().busy.insert(id.clone()) {
        return;
    }
    let busy = Busy { state: Arc::clone(state), id };
    let spawned = thread::Builder::new().name("webhook".to_owned()).spawn(move || busy.send(delivery));
    if let Err(error) = spawned {
        tracing::error!(%error, "a webhook is not sent yet");
    }
}

/// A webhook to which something is being sent, until this is dropped.
struct Busy {
    state: Arc<State>,
    id: String,
}

impl Busy {
    /// Sends this delivery, and then what else is due to the same webhook.
    fn send(self, first: Delivery) {
        let mut next = Some(first);
        while let Some(delivery) = next.filter(|_| !self.state.lock().stopped) {
            let State { app, runtime, .. } = &*self.state;
            let client = self.state.client.get_or_init(|| Client::new(app.config.webhook_allow.clone()));
            if let Err(error) = attempt(app, runtime, client, &delivery) {
                // Nothing was lost: it is still in the queue, and due again.
                tracing::error!(message = error.message, "a webhook's delivery cannot be recorded");
                return;
            }
            let due = query(&*app.store, |read| read.due_deliveries());
            next = due.unwrap_or_default().into_iter().find(|delivery| delivery.webhook_id == self.id);
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.state.lock().busy.remove(&self.id);
        self.state.changed.notify_all();
    }
}
