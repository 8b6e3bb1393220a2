//! Master keys and the keyring.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::hash::MacState;
use crate::error::{Error, ErrorCode, Hint};

/// The most keys that a keyring holds.
pub const MAX_KEYS: usize = 64;

/// Which key sealed a value: public, and the same for the same key everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

impl KeyId {
    /// The id of these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The id as it stands in a sealed value.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

/// Sixteen lower-case hex digits.
impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A 256-bit key, ready to derive from; wiped when it is dropped.
///
/// The key's own bytes are not kept: what HMAC made of them is all that deriving needs.
pub struct MasterKey {
    id: KeyId,
    // Boxed, so that moving the key moves a pointer and leaves nothing of it behind.
    state: Box<MacState>,
}

impl MasterKey {
    /// Takes in a key.
    ///
    /// # Security
    /// The bytes must be 32 random ones, or derived by a slow function from a passphrase; wiping them is the caller's.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Self {
        let state = Box::new(MacState::new(bytes));
        let [a, b, c, d, e, f, g, h, ..] = *state.mac(&[b"warded/kid/v1"]);
        Self { id: KeyId([a, b, c, d, e, f, g, h]), state }
    }

    /// The id that values sealed under this key carry.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The 256 bits that SP 800-108r1 in counter mode derives for a label and a context.
    pub(crate) fn derive(&self, label: &[u8], context: &[u8]) -> Zeroizing<[u8; 32]> {
        self.state.derive_block(1, label, context, 256)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id)
    }
}

/// The keys of an installation: the first seals, all open. Never empty.
#[derive(Debug)]
pub struct Keyring {
    current: MasterKey,
    older: Box<[MasterKey]>,
}

impl Keyring {
    /// A keyring of these keys, current first.
    ///
    /// # Errors
    /// [`ErrorCode::EmptyList`], [`ErrorCode::LimitExceeded`] over [`MAX_KEYS`], [`ErrorCode::DuplicateKeyId`].
    pub fn new(keys: Vec<MasterKey>) -> Result<Self, Error> {
        if keys.len() > MAX_KEYS {
            return Err(Error::new(ErrorCode::LimitExceeded).with_hint(Hint::AtMost(MAX_KEYS as u64)));
        }
        let again =
            |(at, key): (usize, &MasterKey)| keys.iter().take(at).any(|earlier| earlier.id() == key.id());
        if keys.iter().enumerate().any(again) {
            return Err(Error::new(ErrorCode::DuplicateKeyId));
        }
        let mut keys = keys.into_iter();
        let current = keys.next().ok_or_else(|| Error::new(ErrorCode::EmptyList))?;
        Ok(Self { current, older: keys.collect() })
    }

    /// The key that seals.
    #[must_use]
    pub const fn current(&self) -> &MasterKey {
        &self.current
    }

    /// The key of an id.
    #[must_use]
    pub fn find(&self, id: KeyId) -> Option<&MasterKey> {
        self.iter().find(|key| key.id == id)
    }

    /// Every key, current first.
    pub fn iter(&self) -> impl Iterator<Item = &MasterKey> {
        core::iter::once(&self.current).chain(&self.older)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec;

    fn keys(numbers: &[u8]) -> Vec<MasterKey> {
        numbers.iter().map(|number| MasterKey::new(&[*number; 32])).collect()
    }

    #[test]
    fn a_key_id_is_the_same_for_the_same_key() {
        let key = MasterKey::new(&core::array::from_fn(|index| u8::try_from(index).unwrap()));
        // From the sealed value of tests/vectors/crypto.json.
        assert_eq!(format!("{}", key.id()), "adabfae2fbd37097");
        assert_eq!(KeyId::new(*key.id().as_bytes()), key.id());
    }

    #[test]
    fn the_first_key_is_current_and_every_key_is_found() {
        let keyring = Keyring::new(keys(&[1, 2, 3])).unwrap();
        let ids: Vec<_> = keyring.iter().map(MasterKey::id).collect();
        assert_eq!(ids, keys(&[1, 2, 3]).iter().map(MasterKey::id).collect::<Vec<_>>());
        assert_eq!(keyring.current().id(), ids[0]);
        for id in ids {
            assert_eq!(keyring.find(id).map(MasterKey::id), Some(id));
        }
        assert!(keyring.find(KeyId::new([0; 8])).is_none());
    }

    #[test]
    fn a_keyring_is_neither_empty_nor_endless_and_has_each_key_once() {
        let code = |keys| Keyring::new(keys).unwrap_err().code();
        assert_eq!(code(vec![]), ErrorCode::EmptyList);
        assert_eq!(code(keys(&[1, 2, 1])), ErrorCode::DuplicateKeyId);
        let many: Vec<u8> = (0..65).collect();
        assert_eq!(code(keys(&many)), ErrorCode::LimitExceeded);
        assert!(Keyring::new(keys(&many[1..])).is_ok());
    }

    #[test]
    fn debug_shows_key_ids_only() {
        let keyring = Keyring::new(keys(&[1])).unwrap();
        let id = keyring.current().id();
        assert_eq!(format!("{keyring:?}"), format!("Keyring {{ current: MasterKey({id}), older: [] }}"));
    }
}
