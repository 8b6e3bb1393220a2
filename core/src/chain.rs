//! The audit chain: each record's link covers the record and every link before it.
//!
//! The bytes stored are the bytes hashed. A record whose bytes were erased, or left out by a filter, keeps its leaf and link,
//! so the records around it can still be verified.

use core::fmt;

use crate::crypto::hash::sha256_parts;
use crate::error::{Error, ErrorCode, Place};

/// How many records one call may verify; longer chains go on from the last link.
pub const MAX_RECORDS: usize = 10_000;

/// What stands before the first link.
pub const FIRST_PREVIOUS: [u8; 32] = [0; 32];

/// The digest of one record; the salt keeps an erased record from being guessed.
#[must_use]
pub fn leaf(salt: &[u8; 16], record: &[u8]) -> [u8; 32] {
    sha256_parts(&[b"warded/leaf/v1", salt, record])
}

/// The link of the record `seq`.
#[must_use]
pub fn link(previous: &[u8; 32], seq: u64, leaf: &[u8; 32]) -> [u8; 32] {
    sha256_parts(&[b"warded/link/v1", previous, &seq.to_be_bytes(), leaf])
}

/// Why a record does not continue the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The record's bytes are not those that its leaf was made of.
    LeafMismatch,
    /// Its link does not follow from the link before it, its seq and its leaf.
    LinkMismatch,
    /// Another record stands in its place.
    SeqGap,
}

impl Reason {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LeafMismatch => "leaf_mismatch",
            Self::LinkMismatch => "link_mismatch",
            Self::SeqGap => "seq_gap",
        }
    }
}

/// The first record at which the chain does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broken {
    /// Its seq; the one that should have come where there is a gap.
    pub seq: u64,
    /// What is wrong with it.
    pub reason: Reason,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.reason {
            Reason::LeafMismatch => "the record was changed",
            Reason::LinkMismatch => "the link does not follow from the one before",
            Reason::SeqGap => "the record is missing or out of order",
        };
        write!(f, "record {}: {reason}", self.seq)
    }
}

impl core::error::Error for Broken {}

/// Walks a chain in order and stops at the first record that does not continue it.
#[derive(Debug, Clone)]
pub struct Verifier {
    next_seq: u64,
    link: [u8; 32],
    checked: u64,
    broken: Option<Broken>,
}

impl Verifier {
    /// Starts before the record `start_seq`, behind the link of the one before it ([`FIRST_PREVIOUS`] if there is none).
    #[must_use]
    pub const fn new(start_seq: u64, previous_link: [u8; 32]) -> Self {
        Self { next_seq: start_seq, link: previous_link, checked: 0, broken: None }
    }

    /// Checks the next record; `content` is its salt and bytes, `None` where they were erased or filtered out.
    ///
    /// # Errors
    /// The first record that does not continue the chain: once broken, every further call answers the same.
    pub fn check(
        &mut self,
        seq: u64,
        content: Option<(&[u8; 16], &[u8])>,
        leaf: &[u8; 32],
        link: &[u8; 32],
    ) -> Result<(), Broken> {
        if self.broken.is_none() {
            self.broken =
                self.find_fault(seq, content, leaf, link).map(|reason| Broken { seq: self.next_seq, reason });
        }
        if let Some(broken) = self.broken {
            return Err(broken);
        }
        self.link = *link;
        self.next_seq = seq.saturating_add(1);
        self.checked = self.checked.saturating_add(1);
        Ok(())
    }

    /// The same for the record of a call, which stands at `place`.
    ///
    /// # Errors
    /// [`ErrorCode::MissingField`] for a salt without a record or a record without its salt, [`ErrorCode::ChainBroken`].
    pub fn check_at(
        &mut self,
        place: Place<'_>,
        seq: u64,
        (salt, record): (Option<&[u8; 16]>, Option<&str>),
        leaf: &[u8; 32],
        link: &[u8; 32],
    ) -> Result<(), Error> {
        let content = match (salt, record) {
            (Some(salt), Some(record)) => Some((salt, record.as_bytes())),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                return Err(
                    Error::because(ErrorCode::MissingField, "`salt` and `record` go together").at(place)
                );
            }
        };
        self.check(seq, content, leaf, link).map_err(|_| Error::new(ErrorCode::ChainBroken).at(place))
    }

    /// The link of the last record that holds.
    #[must_use]
    pub const fn link(&self) -> &[u8; 32] {
        &self.link
    }

    /// The seq of the record that comes next.
    #[must_use]
    pub const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// How many records hold.
    #[must_use]
    pub const fn checked(&self) -> u64 {
        self.checked
    }

    fn find_fault(
        &self,
        seq: u64,
        content: Option<(&[u8; 16], &[u8])>,
        leaf: &[u8; 32],
        link: &[u8; 32],
    ) -> Option<Reason> {
        // Nothing could follow the highest number, so no record has it.
        if seq != self.next_seq || seq == u64::MAX {
            return Some(Reason::SeqGap);
        }
        if content.is_some_and(|(salt, record)| self::leaf(salt, record) != *leaf) {
            return Some(Reason::LeafMismatch);
        }
        (self::link(&self.link, seq, leaf) != *link).then_some(Reason::LinkMismatch)
    }
}

#[cfg(test)]
mod tests;
