//! Checkpoints: the installation signs where its chain is, keeps that, announces it, and writes it to a witness.
//!
//! The key is random, sealed under the keyring like every other secret, and made with the first checkpoint.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use warded_core::audit::checkpoint::{Checkpoint, PublicKey, SigningKey};
use warded_core::crypto::seal::Context;
use zeroize::Zeroizing;

use crate::guest::{Guest, GuestError, SealedValue};
use crate::rng;
use crate::store::audit::{self, CHECKPOINT_KEY};
use crate::store::{Read, StoreError, Tx};

#[cfg(test)]
mod tests;

/// As announced to webhooks.
pub const ANNOUNCED: &str = "audit.checkpoint";

/// Makes checkpoints, with the key that was opened last.
#[derive(Debug)]
pub struct Checkpoints {
    guest: Arc<Guest>,
    tenant: [u8; 16],
    /// The key, and what it was opened from: a transaction that made another one may have been undone.
    opened: Mutex<Option<(SealedValue, Arc<SigningKey>)>>,
    witness: Option<Witness>,
}

impl Checkpoints {
    /// Checkpoints of an installation, with the file of their witness.
    #[must_use]
    pub fn new(guest: Arc<Guest>, tenant: [u8; 16], witness: Option<PathBuf>) -> Self {
        Self { guest, tenant, opened: Mutex::default(), witness: witness.map(Witness::new) }
    }

    /// Signs the newest link in the transaction that keeps it; nothing if that was done before, or nothing is recorded.
    ///
    /// Only what was committed may be shown to a witness.
    ///
    /// # Errors
    /// The database or the engine failed.
    pub fn take(&self, tx: &mut dyn Tx) -> Result<Option<Checkpoint>, StoreError> {
        let Some((seq, link)) = tx.chain_link(u64::MAX)? else { return Ok(None) };
        if newest(tx)?.is_some_and(|newest| newest.seq >= seq) {
            return Ok(None);
        }
        let key = match tx.checkpoint_key()? {
            Some(sealed) => self.open(sealed)?,
            None => Arc::new(self.make(tx)?),
        };
        let checkpoint = Checkpoint::sign(&key, self.tenant, seq, link, tx.now());
        tx.add_checkpoint(&checkpoint)?;
        tx.announce(ANNOUNCED, &document(&checkpoint))?;
        Ok(Some(checkpoint))
    }

    /// The key that verifies; nothing before the first checkpoint.
    ///
    /// # Errors
    /// The database or the engine failed.
    pub fn public_key(
        &self,
        read: &mut (impl audit::Reads + ?Sized),
    ) -> Result<Option<PublicKey>, StoreError> {
        let sealed = read.checkpoint_key()?;
        sealed.map(|sealed| self.open(sealed).map(|key| key.public())).transpose()
    }

    fn open(&self, sealed: SealedValue) -> Result<Arc<SigningKey>, StoreError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, key)) = opened.as_ref().filter(|(from, _)| *from == sealed) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(open_key(&self.guest, self.tenant, &sealed).map_err(|error| failed(&error))?);
        *opened = Some((sealed, Arc::clone(&key)));
        Ok(key)
    }

    fn make(&self, tx: &mut dyn Tx) -> Result<SigningKey, StoreError> {
        let seed = Zeroizing::new(rng::bytes::<32>()?);
        let (data_key, value) = contexts(self.tenant);
        let sealed = self.guest.seal_value(&data_key, &value, &*seed).map_err(|error| failed(&error))?;
        tx.add_checkpoint_key(&sealed)?;
        Ok(SigningKey::new(&seed))
    }

    /// Shows a checkpoint that was committed to the witness, if there is one. Blocks its thread.
    ///
    /// # Errors
    /// What the operating system says; the next checkpoint covers this one too.
    pub fn bear_witness(&self, checkpoint: &Checkpoint) -> io::Result<()> {
        self.witness.as_ref().map_or(Ok(()), |witness| witness.append(checkpoint))
    }

    /// Makes the witness's file, or sees that it can be written.
    ///
    /// # Errors
    /// The file, and what the operating system says.
    pub fn check_witness(&self) -> Result<(), (PathBuf, io::Error)> {
        let Some(witness) = &self.witness else { return Ok(()) };
        open_file(&witness.path).map(drop).map_err(|error| (witness.path.clone(), error))
    }
}

fn failed(error: &GuestError) -> StoreError {
    tracing::error!(%error, "the key that signs checkpoints does not open");
    StoreError::Damaged("the key of checkpoints")
}

/// The newest checkpoint.
///
/// # Errors
/// The database failed.
pub fn newest(read: &mut (impl Read + ?Sized)) -> Result<Option<Checkpoint>, StoreError> {
    Ok(read.newest_checkpoints(u64::MAX, 1)?.pop())
}

/// Opens the key that signs checkpoints.
///
/// # Errors
/// It was not sealed under this keyring for this installation.
pub fn open_key(guest: &Guest, tenant: [u8; 16], sealed: &SealedValue) -> Result<SigningKey, GuestError> {
    let (data_key, value) = contexts(tenant);
    let seed = guest.open_value(&data_key, &value, &sealed.key, &sealed.value)?;
    let mut bytes = Zeroizing::new([0; 32]);
    if seed.expose().len() != bytes.len() {
        return Err(GuestError::Trapped("a key of another length".to_owned()));
    }
    bytes.copy_from_slice(seed.expose());
    Ok(SigningKey::new(&bytes))
}

/// What the key's data key and the key itself are bound to.
fn contexts(tenant: [u8; 16]) -> (Context<'static>, Context<'static>) {
    let (object, version) = CHECKPOINT_KEY;
    let (tenant, version) = (Some(tenant), Some(version));
    let data_key = Context { purpose: "data-key", tenant, object, path: "", version };
    let value = Context { purpose: "checkpoint-key", tenant, object, path: "", version };
    (data_key, value)
}

/// The document of a checkpoint, as exports, webhooks and the witness carry it.
#[must_use]
pub fn document(checkpoint: &Checkpoint) -> serde_json::Value {
    serde_json::from_slice(&checkpoint.to_document().to_json()).unwrap_or_default()
}

/// A file that is only ever appended to.
#[derive(Debug)]
struct Witness {
    path: PathBuf,
    /// The newest seq that it was shown by this process.
    shown: Mutex<u64>,
}

impl Witness {
    const fn new(path: PathBuf) -> Self {
        Self { path, shown: Mutex::new(0) }
    }

    fn append(&self, checkpoint: &Checkpoint) -> io::Result<()> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if checkpoint.seq <= *shown {
            return Ok(());
        }
        // Opened anew each time: it may have been moved away, or be on a disk that was.
        let mut file = open_file(&self.path)?;
        let mut line = Vec::with_capacity(512);
        if *shown == 0 && !ends_with_line(&mut file)? {
            line.push(b'\n');
        }
        line.extend(checkpoint.to_document().to_json());
        line.push(b'\n');
        file.write_all(&line)?;
        file.sync_data()?;
        *shown = checkpoint.seq;
        Ok(())
    }
}

fn open_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)
}

/// Whether the file is empty or its last line is whole: a process that was killed may have left half a line.
fn ends_with_line(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
