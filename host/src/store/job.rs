//! Work for the writer: a decision and its effect in one transaction, and how its caller hears of it.

use tokio::sync::oneshot;

use super::{Store, StoreError, Tx, unavailable};
use crate::audit::Event;
use crate::error::ApiError;

/// Decides and acts in one transaction, and waits for the durable commit of what was allowed.
///
/// The caller's rows are read in the same transaction, so that a revocation, once answered, is in force.
///
/// # Errors
/// The refusal, or 503 if the database or its audit cannot be written.
pub async fn transact<T: Send + 'static>(
    store: &dyn Store,
    decide: impl FnMut(&mut dyn Tx) -> Result<Verdict<T>, StoreError> + Send + 'static,
) -> Result<T, ApiError> {
    let (answer, answered) = oneshot::channel();
    store.submit(Box::new(Pending { decide, answer: Some(answer), done: None }));
    answered.await.unwrap_or_else(|_| Err(unavailable(&StoreError::Busy)))
}

struct Pending<T, D> {
    decide: D,
    answer: Option<oneshot::Sender<Result<T, ApiError>>>,
    done: Option<T>,
}

impl<T, D> Pending<T, D> {
    fn answer(&mut self, answer: Result<T, ApiError>) {
        if let Some(sender) = self.answer.take() {
            // A client that has gone away needs no answer.
            let _ = sender.send(answer);
        }
    }
}

impl<T: Send, D: FnMut(&mut dyn Tx) -> Result<Verdict<T>, StoreError> + Send> Job for Pending<T, D> {
    fn run(&mut self, tx: &mut dyn Tx) -> Result<Ruling, StoreError> {
        Ok(match (self.decide)(tx)? {
            Verdict::Done { answer, events } => {
                self.done = Some(answer);
                Ruling::Done(events)
            }
            Verdict::Refused { error, event } => {
                self.answer(Err(error));
                Ruling::Refused(event)
            }
            Verdict::Undone { answer } => {
                self.answer(Ok(answer));
                Ruling::Refused(None)
            }
        })
    }

    fn committed(mut self: Box<Self>) {
        if let Some(done) = self.done.take() {
            self.answer(Ok(done));
        }
    }

    fn failed(mut self: Box<Self>, error: &StoreError) {
        self.answer(Err(unavailable(error)));
    }
}

/// What a job's closure came to.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "it lives for one match, and a box for each refusal would cost more"
)]
pub enum Verdict<T> {
    /// Allowed: what was written stands, the events are appended, and the answer goes out once the commit is durable.
    Done {
        /// For the caller.
        answer: T,
        /// What happened, in order.
        events: Vec<Event>,
    },
    /// Refused: what was written is undone, the event is appended, and the error goes out at once.
    Refused {
        /// For the caller.
        error: ApiError,
        /// What was refused; `None` where the caller is not known.
        event: Option<Event>,
    },
    /// Not to be done like this: what was written is undone, nothing is recorded, and the answer, which says what to do instead,
    /// goes out at once.
    Undone {
        /// For the caller.
        answer: T,
    },
}

/// A job without the type of its answer.
#[derive(Debug)]
pub enum Ruling {
    /// See [`Verdict::Done`].
    Done(Vec<Event>),
    /// See [`Verdict::Refused`]; the job has answered already.
    Refused(Option<Event>),
}

/// A unit of work for the writer. Exactly one of `committed` and `failed` is called, unless `run` ruled a refusal.
pub trait Job: Send {
    /// Reads, decides and writes. May be run again if the database asks for it, so it keeps no state between runs.
    ///
    /// # Errors
    /// The database failed; the job is rolled back and [`failed`](Self::failed) is called.
    fn run(&mut self, tx: &mut dyn Tx) -> Result<Ruling, StoreError>;
    /// The commit is durable: answer.
    fn committed(self: Box<Self>);
    /// Nothing happened: answer so.
    fn failed(self: Box<Self>, error: &StoreError);
}

/// What the writer has done since the start, for the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// Durable commits.
    pub commits: u64,
    /// Jobs in them.
    pub jobs: u64,
    /// Jobs that wait now.
    pub waiting: u64,
}
