//! The rows of one transaction: what [`Read`] and [`Tx`] promise, over one connection.

use rusqlite::Connection;
use warded_core::time::Millis;

use crate::store::{Counts, Read, StoreError, Tx};

mod agents;
mod approvals;
pub(super) mod audit;
mod callers;
mod deleted;
mod members;
mod policies;
mod secrets;
mod tokens;
mod versions;
mod webhooks;

/// A connection inside a transaction that has begun at a time.
#[derive(Debug)]
pub(super) struct Rows<'c> {
    pub(super) connection: &'c Connection,
    pub(super) now: Millis,
}

impl Read for Rows<'_> {
    fn now(&self) -> Millis {
        self.now
    }

    fn counts(&mut self) -> Result<Counts, StoreError> {
        Ok(Counts {
            agents: agents::count_active(self.connection)?,
            secrets: secrets::count_live(self.connection)?,
        })
    }
}

impl Tx for Rows<'_> {}
