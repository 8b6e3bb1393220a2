//! Whether the database can be written, logged once for each change.

use crate::store::StoreError;

#[derive(Debug, Default)]
pub(super) struct Health {
    /// What is wrong, as logged; `None` while all is well.
    failing: Option<String>,
    /// Refusals that could not be recorded since.
    unrecorded: u64,
    /// Why a job was undone last, as logged; `None` after a batch in which none was.
    undone: Option<String>,
}

impl Health {
    pub(super) const fn is_failing(&self) -> bool {
        self.failing.is_some()
    }

    /// Something could not be written.
    pub(super) fn failed(&mut self, error: &StoreError) {
        let error = error.to_string();
        if self.failing.as_ref() != Some(&error) {
            tracing::error!(%error, "the database does not take writes: requests are answered 503 until it does");
            self.failing = Some(error);
        }
    }

    /// A job failed on its own and was undone.
    pub(super) fn undone(&mut self, error: &StoreError) {
        let error = error.to_string();
        if self.undone.as_ref() != Some(&error) {
            tracing::error!(%error, "a request failed in the database and was undone");
            self.undone = Some(error);
        }
    }

    /// A whole batch went well.
    pub(super) fn all_done(&mut self) {
        self.undone = None;
    }

    /// A refusal could not be recorded.
    pub(super) fn unrecorded(&mut self, error: &StoreError) {
        self.unrecorded = self.unrecorded.saturating_add(1);
        self.failed(error);
    }

    /// Something was written; answers whether that is news.
    pub(super) fn recovered(&mut self) -> bool {
        let was_failing = self.failing.take().is_some();
        if was_failing {
            let unrecorded = std::mem::take(&mut self.unrecorded);
            tracing::warn!(unrecorded_refusals = unrecorded, "the database takes writes again");
        }
        was_failing
    }
}
