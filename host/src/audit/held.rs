//! What the chain of a data folder is held to: checkpoints, and the keys that sign them.

use warded_core::audit::checkpoint::{Checkpoint, PublicKey};
use warded_core::audit::export::Fault as Held;

use super::verify::{Broken, Fault, Trust};

/// Checkpoints that were kept elsewhere, and those that the folder has itself.
#[derive(Debug)]
pub(super) struct Checks {
    tenant: [u8; 16],
    keys: Vec<PublicKey>,
    /// Kept elsewhere, and not come to yet: newest first.
    kept: Vec<Checkpoint>,
    signed_through: Option<u64>,
}

impl Checks {
    pub(super) fn new(tenant: [u8; 16], mut trust: Trust) -> Self {
        trust.checkpoints.sort_unstable_by_key(|checkpoint| std::cmp::Reverse(checkpoint.seq));
        Self { tenant, keys: trust.keys, kept: trust.checkpoints, signed_through: None }
    }

    /// Compares what was kept elsewhere for the record that was just checked.
    pub(super) fn meet(&mut self, seq: u64, link: &[u8; 32]) -> Result<(), Broken> {
        while let Some(checkpoint) = self.kept.pop_if(|checkpoint| checkpoint.seq <= seq) {
            self.compare(&checkpoint, seq, link)?;
            self.signed_through = Some(seq);
        }
        Ok(())
    }

    /// Compares a checkpoint of the folder itself, which proves something only if its signature was checked.
    pub(super) fn own(&mut self, checkpoint: &Checkpoint, link: &[u8; 32]) -> Result<(), Broken> {
        self.compare(checkpoint, checkpoint.seq, link)?;
        if !self.keys.is_empty() {
            self.signed_through = Some(checkpoint.seq);
        }
        Ok(())
    }

    fn compare(&self, checkpoint: &Checkpoint, seq: u64, link: &[u8; 32]) -> Result<(), Broken> {
        let broken = |fault| Err(Broken { seq: checkpoint.seq, fault: Fault::Checkpoint(fault) });
        if !self.keys.is_empty() {
            match self.keys.iter().find(|key| key.id() == checkpoint.key_id) {
                None => return broken(Held::KeyUnknown),
                Some(key) if !checkpoint.is_signed_by(key) => return broken(Held::SignatureInvalid),
                Some(_) => {}
            }
        }
        if (checkpoint.seq, checkpoint.tenant, &checkpoint.link) == (seq, self.tenant, link) {
            Ok(())
        } else {
            broken(Held::CheckpointMismatch)
        }
    }

    /// The newest record that a checkpoint covers, unless the chain ended before one.
    pub(super) fn finish(&self, next_seq: u64) -> Result<Option<u64>, Broken> {
        if self.kept.is_empty() {
            Ok(self.signed_through)
        } else {
            Err(Broken { seq: next_seq, fault: Fault::Checkpoint(Held::Truncated) })
        }
    }
}
