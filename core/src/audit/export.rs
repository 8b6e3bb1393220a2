//! Exports: a header, a line for each record, and behind the records that they cover, checkpoints; verified line by line in little memory.
//!
//! ```text
//! {"format":"warded-audit/1","tenant":…,"start_seq":…,"previous_link":…,"filter":…}
//! {"seq":…,"record":{…},"salt":…,"leaf":…,"link":…}      record and salt are null where erased, or left out by a filter
//! {"checkpoint":{"tenant","seq","link","time","key_id","signature"}}
//! ```

use alloc::vec::Vec;

use super::checkpoint::{Checkpoint, PublicKey};
use crate::chain::Verifier;

mod fault;
mod line;

#[cfg(test)]
mod tests;

pub use fault::{Broken, Fault};
pub use line::{Content, FORMAT, Header, Line, Record};

/// What was checked, where all of it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The header.
    pub header: Header,
    /// How many records hold.
    pub checked: u64,
    /// How many of them are known by their leaf only: erased, or left out by a filter.
    pub without_record: u64,
    /// The link of the last one.
    pub link: [u8; 32],
    /// The newest record that a checkpoint covers: one whose signature was checked, or that was held.
    pub signed_through: Option<u64>,
}

/// Verifies an export, line by line.
///
/// An edit, a removal, a fork and another order are found; a truncation and a rewritten chain up to the newest checkpoint that is held.
#[derive(Debug, Clone)]
pub struct ExportVerifier {
    keys: Vec<PublicKey>,
    /// Newest first.
    held: Vec<Checkpoint>,
    chain: Option<(Header, Verifier)>,
    without_record: u64,
    signed_through: Option<u64>,
    broken: Option<Broken>,
}

impl ExportVerifier {
    /// A verifier that believes checkpoints signed by one of the keys; without a key, checkpoints are compared but signatures not checked.
    #[must_use]
    pub const fn new(keys: Vec<PublicKey>) -> Self {
        Self { keys, held: Vec::new(), chain: None, without_record: 0, signed_through: None, broken: None }
    }

    /// Holds the chain to a checkpoint that was kept elsewhere. To be called before the first line.
    ///
    /// # Errors
    /// It is not signed by one of the keys.
    pub fn hold(&mut self, checkpoint: Checkpoint) -> Result<(), Broken> {
        self.check_signature(&checkpoint)?;
        let at = self.held.partition_point(|other| other.seq > checkpoint.seq);
        self.held.insert(at, checkpoint);
        Ok(())
    }

    /// Checks the next line; a blank one says nothing.
    ///
    /// # Errors
    /// The first record that does not hold: once broken, every further call answers the same.
    pub fn line(&mut self, text: &[u8]) -> Result<(), Broken> {
        if let Some(broken) = self.broken {
            return Err(broken);
        }
        let checked = if text.trim_ascii().is_empty() { Ok(()) } else { self.check(text) };
        self.broken = checked.err();
        checked
    }

    /// The end of the export.
    ///
    /// # Errors
    /// As [`line`](Self::line), and where it ends before a checkpoint that is held.
    pub fn finish(self) -> Result<Verified, Broken> {
        if let Some(broken) = self.broken {
            return Err(broken);
        }
        let Some((header, chain)) = &self.chain else { return Err(Broken::malformed(None)) };
        if !self.held.is_empty() {
            return Err(Broken { seq: Some(chain.next_seq()), fault: Fault::Truncated });
        }
        Ok(Verified {
            header: *header,
            checked: chain.checked(),
            without_record: self.without_record,
            link: *chain.link(),
            signed_through: self.signed_through,
        })
    }

    /// How many records hold so far.
    #[must_use]
    pub fn checked(&self) -> u64 {
        self.chain.as_ref().map_or(0, |(_, chain)| chain.checked())
    }

    fn check(&mut self, text: &[u8]) -> Result<(), Broken> {
        let next = self.chain.as_ref().map(|(_, chain)| chain.next_seq());
        let line = Line::parse(text, self.chain.is_none()).map_err(|_| Broken::malformed(next))?;
        match line {
            Line::Checkpoint(checkpoint) => self.checkpoint(&checkpoint),
            Line::Header(header) => self.begin(header),
            Line::Record(record) => self.record(&record),
        }
    }

    fn begin(&mut self, header: Header) -> Result<(), Broken> {
        if !header.is_consistent() {
            return Err(Broken { seq: Some(header.start_seq), fault: Fault::LinkMismatch });
        }
        let chain = Verifier::new(header.start_seq, header.previous_link);
        self.chain = Some((header, chain));
        // What lies before this export, nothing here can be held to.
        while self.held.last().is_some_and(|held| held.seq.saturating_add(1) < header.start_seq) {
            self.held.pop();
        }
        self.meet_held()
    }

    fn record(&mut self, record: &Record) -> Result<(), Broken> {
        let Some((_, chain)) = &mut self.chain else { return Err(Broken::malformed(None)) };
        let content = record.content.as_ref().map(|(salt, bytes)| (salt, bytes.as_slice()));
        chain.check(record.seq, content, &record.leaf, &record.link)?;
        if record.says_seq.is_some_and(|seq| seq != record.seq) {
            return Err(Broken::malformed(Some(record.seq)));
        }
        self.without_record = self.without_record.saturating_add(u64::from(content.is_none()));
        self.meet_held()
    }

    /// Compares the checkpoints that are held for the record that was just checked.
    fn meet_held(&mut self) -> Result<(), Broken> {
        while let (Some((_, chain)), Some(held)) = (&self.chain, self.held.last().copied()) {
            if held.seq >= chain.next_seq() {
                break;
            }
            self.held.pop();
            self.compare(&held)?;
            self.signed_through = self.signed_through.max(Some(held.seq));
        }
        Ok(())
    }

    /// A checkpoint stands behind the record that it covers.
    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), Broken> {
        let next = self.chain.as_ref().map(|(_, chain)| chain.next_seq());
        match next.and_then(|next| next.checked_sub(1)).map(|last| checkpoint.seq.cmp(&last)) {
            Some(core::cmp::Ordering::Equal) => {}
            Some(core::cmp::Ordering::Greater) => return Err(Broken { seq: next, fault: Fault::SeqGap }),
            Some(core::cmp::Ordering::Less) | None => return Err(Broken::malformed(next)),
        }
        self.check_signature(checkpoint)?;
        self.compare(checkpoint)?;
        if !self.keys.is_empty() {
            self.signed_through = self.signed_through.max(Some(checkpoint.seq));
        }
        Ok(())
    }

    fn check_signature(&self, checkpoint: &Checkpoint) -> Result<(), Broken> {
        let broken = |fault| Err(Broken { seq: Some(checkpoint.seq), fault });
        if self.keys.is_empty() {
            return Ok(());
        }
        match self.keys.iter().find(|key| key.id() == checkpoint.key_id) {
            None => broken(Fault::KeyUnknown),
            Some(key) if checkpoint.is_signed_by(key) => Ok(()),
            Some(_) => broken(Fault::SignatureInvalid),
        }
    }

    /// Whether the record that was just checked is the one of the checkpoint.
    fn compare(&self, checkpoint: &Checkpoint) -> Result<(), Broken> {
        let holds = self.chain.as_ref().is_some_and(|(header, chain)| {
            (header.tenant, *chain.link()) == (checkpoint.tenant, checkpoint.link)
        });
        if holds {
            Ok(())
        } else {
            Err(Broken { seq: Some(checkpoint.seq), fault: Fault::CheckpointMismatch })
        }
    }
}
