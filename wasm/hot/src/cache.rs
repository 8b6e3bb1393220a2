//! Loaded objects: a few grants and keyrings, the least recently used goes first.

use alloc::vec::Vec;

use warded_core::codec::{Reader, Writer};
use warded_core::crypto::hash::{sha256, sha256_parts};
use warded_core::crypto::key::{Keyring, MAX_KEYS, MasterKey};
use warded_core::decide::MAX_LINKS;
use warded_core::decision::Decision;
use warded_core::error::{Error, ErrorCode};
use warded_core::grant::Grant;
use warded_core::policy::Policy;
use warded_core::usage::Usage;

/// How many grants stay loaded.
const MAX_GRANTS: usize = 256;
/// How many policies stay loaded.
const MAX_POLICIES: usize = 32;
/// How many keyrings stay loaded.
const MAX_KEYRINGS: usize = 8;
/// How many compiled bytes stay loaded, so that 256 large grants cannot fill the memory.
const MAX_BYTES: usize = 32 * 1024 * 1024;
/// The bytes of one key.
const KEY: usize = 32;

#[cold]
fn stale() -> Error {
    Error::new(ErrorCode::Stale)
}

/// What a loaded object is called: its slot, and 64 bits of a hash that says what was loaded there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the twelve bytes of the ABI")]
pub struct Handle {
    /// The place in the cache.
    pub slot: u32,
    /// What must lie there.
    pub tag: [u8; 8],
}

impl Handle {
    /// Reads a handle of a packed layout.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let slot = reader.u32()?;
        Ok(Self { slot, tag: reader.u64()?.to_le_bytes() })
    }

    /// The handle in twelve bytes.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u32(self.slot);
        writer.raw(&self.tag);
        writer.finish()
    }
}

/// The first 64 bits of a hash.
fn tag([a, b, c, d, e, f, g, h, ..]: [u8; 32]) -> [u8; 8] {
    [a, b, c, d, e, f, g, h]
}

/// Everything that is loaded.
#[derive(Debug)]
pub(crate) struct Cache {
    grants: Slots<Grant>,
    policies: Slots<Policy>,
    keyrings: Slots<Keyring>,
    pub(crate) work: Work,
}

/// What a decision is made of and comes to. It stays, so that its memory is used again: a decision allocates nothing.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) usages: [Usage; MAX_LINKS],
    pub(crate) decision: Decision,
}

impl Cache {
    pub(crate) const fn new() -> Self {
        Self {
            grants: Slots::new(MAX_GRANTS, MAX_BYTES),
            policies: Slots::new(MAX_POLICIES, MAX_BYTES),
            keyrings: Slots::new(MAX_KEYRINGS, usize::MAX),
            work: Work { usages: [const { Usage::new(0, 0, 0) }; MAX_LINKS], decision: Decision::new() },
        }
    }

    pub(crate) fn load_grant(&mut self, bytes: &[u8]) -> Result<Handle, Error> {
        self.grants.load(tag(sha256(bytes)), bytes.len(), || Grant::from_bytes(bytes))
    }

    pub(crate) fn load_policy(&mut self, bytes: &[u8]) -> Result<Handle, Error> {
        self.policies.load(tag(sha256(bytes)), bytes.len(), || Policy::from_bytes(bytes))
    }

    pub(crate) fn load_keyring(&mut self, bytes: &[u8]) -> Result<Handle, Error> {
        let (keys, rest) = bytes.as_chunks::<KEY>();
        if !rest.is_empty() {
            return Err(Error::new(ErrorCode::InvalidBuffer));
        }
        // One key too many is enough to refuse them; half a million would fill the memory first.
        let keys = keys.iter().take(MAX_KEYS.saturating_add(1));
        let keyring = Keyring::new(keys.map(MasterKey::new).collect())?;
        let ids: Vec<u8> = keyring.iter().flat_map(|key| *key.id().as_bytes()).collect();
        let tag = tag(sha256_parts(&[b"warded/keyring/v1", &ids]));
        self.keyrings.load(tag, bytes.len(), || Ok(keyring))
    }

    /// Marks the grants as used, so that [`grant`](Self::grant) can lend several at once.
    pub(crate) fn use_grant(&mut self, handle: Handle) -> Result<(), Error> {
        self.grants.touch(handle)
    }

    /// The policy of a handle in bytes; `None` for twelve zeros, which no handle is.
    pub(crate) fn policy(&mut self, handle: &[u8]) -> Result<Option<&Policy>, Error> {
        if handle.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let handle = Handle::read(&mut Reader::new(handle))?;
        self.use_policy(handle)?;
        self.policies.find(handle).map(Some)
    }

    pub(crate) fn use_policy(&mut self, handle: Handle) -> Result<(), Error> {
        self.policies.touch(handle)
    }

    pub(crate) fn grant(&self, handle: Handle) -> Result<&Grant, Error> {
        self.grants.find(handle)
    }

    /// What is loaded, and beside it where a decision is made.
    pub(crate) const fn parts(&mut self) -> (Loaded<'_>, &mut Work) {
        (Loaded { grants: &self.grants, policies: &self.policies }, &mut self.work)
    }

    pub(crate) fn keyring(&mut self, handle: Handle) -> Result<&Keyring, Error> {
        self.keyrings.touch(handle)?;
        self.keyrings.find(handle)
    }
}

/// Loaded objects to look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loaded<'a> {
    grants: &'a Slots<Grant>,
    policies: &'a Slots<Policy>,
}

impl<'a> Loaded<'a> {
    pub(crate) fn grant(self, handle: Handle) -> Result<&'a Grant, Error> {
        self.grants.find(handle)
    }

    pub(crate) fn policy(self, handle: Handle) -> Result<&'a Policy, Error> {
        self.policies.find(handle)
    }
}

/// Objects of one kind in the slots of their book.
#[derive(Debug)]
struct Slots<T> {
    book: Book,
    objects: Vec<Option<T>>,
}

impl<T> Slots<T> {
    const fn new(most: usize, most_bytes: usize) -> Self {
        let book = Book { slots: Vec::new(), most, most_bytes, bytes: 0, clock: 0 };
        Self { book, objects: Vec::new() }
    }

    fn load(
        &mut self,
        tag: [u8; 8],
        bytes: usize,
        object: impl FnOnce() -> Result<T, Error>,
    ) -> Result<Handle, Error> {
        if let Some(handle) = self.book.known(tag) {
            return Ok(handle);
        }
        let object = object()?;
        let objects = &mut self.objects;
        let handle = self.book.enter(tag, bytes, &mut |evicted| {
            if let Some(place) = objects.get_mut(evicted) {
                *place = None;
            }
        })?;
        match self.objects.get_mut(index(handle)) {
            Some(place) => *place = Some(object),
            None => self.objects.push(Some(object)),
        }
        Ok(handle)
    }

    fn touch(&mut self, handle: Handle) -> Result<(), Error> {
        self.book.touch(handle)
    }

    fn find(&self, handle: Handle) -> Result<&T, Error> {
        let index = self.book.find(handle)?;
        self.objects.get(index).and_then(Option::as_ref).ok_or_else(stale)
    }
}

#[derive(Debug)]
struct Slot {
    tag: [u8; 8],
    used: u64,
    bytes: usize,
}

/// Which slots are taken, and how large what lies in them is: the same for every kind of object, so that Wasm has one copy of it.
///
/// A slot that was emptied to save bytes is used again before a new one is made.
#[derive(Debug)]
struct Book {
    slots: Vec<Option<Slot>>,
    most: usize,
    most_bytes: usize,
    bytes: usize,
    clock: u64,
}

impl Book {
    /// The handle of what is loaded already, which counts as a use.
    fn known(&mut self, tag: [u8; 8]) -> Option<Handle> {
        let is_it = |slot: &Option<Slot>| slot.as_ref().is_some_and(|slot| slot.tag == tag);
        let slot = u32::try_from(self.slots.iter().position(is_it)?).ok()?;
        let handle = Handle { slot, tag };
        self.touch(handle).ok().map(|()| handle)
    }

    /// Enters a new object, after telling `evict` which objects make room for it.
    fn enter(&mut self, tag: [u8; 8], bytes: usize, evict: &mut dyn FnMut(usize)) -> Result<Handle, Error> {
        let index = self.room(bytes, evict);
        let handle = Handle { slot: u32::try_from(index).map_err(|_| Error::new(ErrorCode::Internal))?, tag };
        self.clock = self.clock.saturating_add(1);
        let slot = Some(Slot { tag, used: self.clock, bytes });
        match self.slots.get_mut(index) {
            Some(place) => *place = slot,
            None => self.slots.push(slot),
        }
        self.bytes = self.bytes.saturating_add(bytes);
        Ok(handle)
    }

    /// Evicts until `bytes` more fit, and answers where to put them.
    fn room(&mut self, bytes: usize, evict: &mut dyn FnMut(usize)) -> usize {
        let mut free = self.slots.iter().position(Option::is_none);
        let full = self.slots.len() >= self.most;
        while (free.is_none() && full) || self.bytes.saturating_add(bytes) > self.most_bytes {
            let Some(oldest) = self.oldest() else { break };
            if let Some(slot) = self.slots.get_mut(oldest).and_then(Option::take) {
                self.bytes = self.bytes.saturating_sub(slot.bytes);
            }
            evict(oldest);
            free = Some(oldest);
        }
        free.unwrap_or(self.slots.len())
    }

    fn oldest(&self) -> Option<usize> {
        let used =
            self.slots.iter().enumerate().filter_map(|(index, slot)| Some((slot.as_ref()?.used, index)));
        used.min().map(|(_, index)| index)
    }

    fn touch(&mut self, handle: Handle) -> Result<(), Error> {
        let index = self.find(handle)?;
        self.clock = self.clock.saturating_add(1);
        if let Some(Some(slot)) = self.slots.get_mut(index) {
            slot.used = self.clock;
        }
        Ok(())
    }

    /// The place of what the handle names.
    fn find(&self, handle: Handle) -> Result<usize, Error> {
        let index = index(handle);
        match self.slots.get(index) {
            Some(Some(slot)) if slot.tag == handle.tag => Ok(index),
            _ => Err(stale()),
        }
    }
}

fn index(handle: Handle) -> usize {
    usize::try_from(handle.slot).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots() -> Slots<u32> {
        Slots::new(2, 100)
    }

    fn load(slots: &mut Slots<u32>, object: u32, bytes: usize) -> Handle {
        let [a, b, c, d] = object.to_le_bytes();
        slots.load([a, b, c, d, 0, 0, 0, 0], bytes, || Ok(object)).unwrap()
    }

    fn find(slots: &Slots<u32>, handle: Handle) -> Option<u32> {
        slots.find(handle).ok().copied()
    }

    #[test]
    fn the_least_recently_used_goes_first_and_its_handle_is_stale() {
        let mut slots = slots();
        let (one, two) = (load(&mut slots, 1, 10), load(&mut slots, 2, 10));
        slots.touch(one).unwrap();
        let three = load(&mut slots, 3, 10);
        assert_eq!((find(&slots, one), find(&slots, two), find(&slots, three)), (Some(1), None, Some(3)));
        assert_eq!(slots.touch(two), Err(stale()));
        assert_eq!(slots.book.bytes, 20);
    }

    #[test]
    fn the_same_object_keeps_its_slot() {
        let mut slots = slots();
        assert_eq!(load(&mut slots, 1, 10), load(&mut slots, 1, 10));
        assert_eq!(slots.book.bytes, 10);
    }

    #[test]
    fn large_objects_make_room_for_themselves() {
        let mut slots = slots();
        let (one, two) = (load(&mut slots, 1, 60), load(&mut slots, 2, 60));
        assert_eq!((find(&slots, one), find(&slots, two)), (None, Some(2)));
        let huge = load(&mut slots, 3, 1000);
        assert_eq!((find(&slots, two), find(&slots, huge)), (None, Some(3)));
        assert_eq!(slots.book.bytes, 1000);
    }

    #[test]
    fn a_handle_that_was_never_given_is_stale() {
        let slots = slots();
        assert_eq!(find(&slots, Handle { slot: u32::MAX, tag: [0; 8] }), None);
    }
}
