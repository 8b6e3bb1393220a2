//! Whether the keyring is the one that sealed the data.

use warded_core::crypto::seal::Context;

use super::StartError;
use crate::guest::{Guest, GuestError};
use crate::store::sqlite::SqliteStore;

/// A known value sealed under the keyring: it opens only under the keyring that sealed everything else.
pub(super) struct Canary<'a> {
    pub(super) store: &'a SqliteStore,
    pub(super) guest: &'a Guest,
}

impl Canary<'_> {
    const META: &'static str = "canary";
    const SONG: &'static [u8] = b"warded";
    /// A sealed data key: 32 bytes and the envelope's 90.
    const KEY_LENGTH: usize = 122;

    /// Whether the keyring is the right one. Before anything else is sealed there is no canary, and any keyring will do.
    pub(super) fn sings(&self) -> Result<bool, StartError> {
        let (key, value) = (self.context("canary/key"), self.context("canary"));
        let Some(sealed) = self.store.meta(Self::META)? else {
            let sealed = self.guest.seal_value(&key, &value, Self::SONG)?;
            self.store.set_meta(Self::META, &[sealed.key, sealed.value].concat())?;
            return Ok(true);
        };
        let Some((sealed_key, sealed_value)) = sealed.split_at_checked(Self::KEY_LENGTH) else {
            return Ok(false);
        };
        match self.guest.open_value(&key, &value, sealed_key, sealed_value) {
            Ok(song) => Ok(song.expose().as_slice() == Self::SONG),
            Err(GuestError::Refused { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn context(&self, purpose: &'static str) -> Context<'static> {
        Context { purpose, tenant: Some(self.store.tenant()), ..Context::default() }
    }
}
