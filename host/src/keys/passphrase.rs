//! Keys that are derived from a passphrase: what a keyring's file says of them, and the file that the passphrase is in.

use std::path::Path;

use serde::Deserialize;
use warded_core::Error;
use warded_core::crypto::derive::{Argon2id, Pbkdf2};
use warded_core::secret::Secret;
use zeroize::Zeroizing;

use super::{KeyError, Refusal, read_private};
use crate::rng;

/// The least and the most bytes of a passphrase.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=1024;

/// A passphrase in a file, read when it is needed for the first time.
pub(super) struct Passphrase<'a> {
    file: Option<&'a Path>,
    text: Option<Zeroizing<Vec<u8>>>,
}

impl<'a> Passphrase<'a> {
    pub(super) const fn new(file: Option<&'a Path>) -> Self {
        Self { file, text: None }
    }

    /// The file's one line; `None` where no file was named.
    fn read(&mut self) -> Result<Option<&[u8]>, KeyError> {
        let Some(file) = self.file else { return Ok(None) };
        if self.text.is_none() {
            self.text = Some(read_private(file)?);
        }
        let text = self.text.as_ref().map(|text| text.as_slice()).unwrap_or_default();
        let line = text.strip_suffix(b"\n").unwrap_or(text);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if LENGTHS.contains(&line.len()) && !line.contains(&b'\n') {
            Ok(Some(line))
        } else {
            Err(KeyError::NoPassphrase(file.to_path_buf()))
        }
    }
}

/// `argon2id` of an entry: KiB of memory, passes, lanes, and the salt in hex.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Argon2idEntry<'a> {
    m: u32,
    t: u32,
    p: u32,
    salt: &'a str,
}

/// `pbkdf2` of an entry.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pbkdf2Entry<'a> {
    iterations: u32,
    salt: &'a str,
}

type Key = Secret<[u8; 32]>;

impl Argon2idEntry<'_> {
    pub(super) fn key(&self, passphrase: &mut Passphrase<'_>, place: &str) -> Result<Key, Refusal> {
        let cost = Argon2id::new(self.m, self.t, self.p).map_err(|error| named(&error, place))?;
        derived(self.salt, passphrase, place, |passphrase, salt| cost.derive(passphrase, salt))
    }
}

impl Pbkdf2Entry<'_> {
    pub(super) fn key(&self, passphrase: &mut Passphrase<'_>, place: &str) -> Result<Key, Refusal> {
        let cost = Pbkdf2::new(self.iterations).map_err(|error| named(&error, place))?;
        derived(self.salt, passphrase, place, |passphrase, salt| cost.derive(passphrase, salt))
    }
}

fn derived(
    salt: &str,
    passphrase: &mut Passphrase<'_>,
    place: &str,
    derive: impl FnOnce(&[u8], &[u8]) -> Result<Key, Error>,
) -> Result<Key, Refusal> {
    let salt = hex::decode(salt).map_err(|_| format!("`salt` of {place} is not hex digits"))?;
    let passphrase = passphrase.read().map_err(Refusal::Passphrase)?.ok_or_else(|| {
        format!("{place} is derived from a passphrase: name its file in `keyring_passphrase_file`")
    })?;
    derive(passphrase, &salt).map_err(|error| named(&error, place).into())
}

fn named(error: &Error, place: &str) -> String {
    format!("{place}: {error}")
}

/// A new key under a fresh salt, and what the keyring's file says of it.
pub(super) fn derive_new(passphrase: &mut Passphrase<'_>) -> Result<(Key, Zeroizing<String>), KeyError> {
    let salt = rng::bytes::<16>()?;
    let line = passphrase.read()?.unwrap_or_default();
    let key = Argon2id::KEYRING.derive(line, &salt).map_err(|_| KeyError::Memory)?;
    let (m, t, p) = Argon2id::KEYRING.parameters();
    let salt = hex::encode(salt);
    let said = format!(r#""argon2id": {{ "m": {m}, "t": {t}, "p": {p}, "salt": "{salt}" }}"#);
    Ok((key, Zeroizing::new(said)))
}
