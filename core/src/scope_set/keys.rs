//! A sorted list of keys in one block of bytes.

use alloc::vec::Vec;

use crate::codec::{Reader, Writer, damaged};
use crate::error::Error;

use super::MAX_SCOPES;

/// Keys in ascending order, no two equal; of starred scopes, none the beginning of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Keys {
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

/// Where a key stands in the block. 10,000 keys of the greatest length take 6 MB, so four bytes suffice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: u32,
    end: u32,
}

impl Keys {
    /// The list of one key.
    pub(super) fn of_one(key: &[u8]) -> Self {
        let mut keys = Self { bytes: Vec::new(), spans: Vec::new() };
        keys.push(key);
        keys
    }

    /// Adds a key that is not below the last one, unless the last one says the same: by being equal, or in a starred list its beginning.
    pub(super) fn append_unless_covered(&mut self, key: &[u8], starred: bool) {
        // In ascending order all keys with the same beginning follow it at once, so looking at the last one is enough.
        if !self.last().is_some_and(|last| last == key || (starred && key.starts_with(last))) {
            self.push(key);
        }
    }

    /// Whether a key is in the list.
    pub(super) fn has(&self, key: &[u8]) -> bool {
        self.last_up_to(key) == Some(key)
    }

    /// Whether some key of the list begins `text`.
    pub(super) fn has_prefix_of(&self, text: &[u8]) -> bool {
        // What stands between a beginning of the text and the text begins in the same way. INVARIANT: no key begins another, so nothing
        // of the list stands between them.
        self.last_up_to(text).is_some_and(|key| text.starts_with(key))
    }

    /// The keys in ascending order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.spans.iter().map(|span| self.key(*span))
    }

    /// How many keys there are.
    pub(super) const fn len(&self) -> usize {
        self.spans.len()
    }

    /// Appends the compiled bytes.
    pub(super) fn write(&self, writer: &mut Writer) {
        // At most MAX_SCOPES keys, each shorter than 1 KiB.
        writer.u32(u32::try_from(self.spans.len()).unwrap_or(u32::MAX));
        for span in &self.spans {
            let key = self.key(*span);
            writer.u16(u16::try_from(key.len()).unwrap_or(u16::MAX));
            writer.raw(key);
        }
    }

    /// The list of compiled bytes, of which `is_key` accepts every key.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        starred: bool,
        is_key: impl Fn(&[u8]) -> bool,
    ) -> Result<Self, Error> {
        let mut keys = Self { bytes: Vec::new(), spans: Vec::new() };
        let count = reader.count(size_of::<u16>())?;
        if !(1..=MAX_SCOPES).contains(&count) {
            return Err(damaged());
        }
        for _ in 0..count {
            let length = usize::from(reader.u16()?);
            let key = reader.raw(length)?;
            let follows = keys.last().is_none_or(|last| last < key && !(starred && key.starts_with(last)));
            if !follows || !is_key(key) {
                return Err(damaged());
            }
            keys.push(key);
        }
        Ok(keys)
    }

    fn push(&mut self, key: &[u8]) {
        let start = self.end();
        self.bytes.extend_from_slice(key);
        self.spans.push(Span { start, end: self.end() });
    }

    fn end(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX)
    }

    fn last(&self) -> Option<&[u8]> {
        self.spans.last().map(|span| self.key(*span))
    }

    /// The greatest key that is not greater than `text`.
    ///
    /// Keys share long beginnings, so a search that compares each from its first byte would spend its time there. All keys between two keys
    /// share what the two have in common with the text, and comparing starts behind it.
    fn last_up_to(&self, text: &[u8]) -> Option<&[u8]> {
        // INVARIANT: keys before `low` are not greater than the text, keys from `high` on are.
        let (mut low, mut high) = (0, self.spans.len());
        let (mut shared_low, mut shared_high) = (0, 0);
        while low < high {
            let middle = low.midpoint(high);
            let key = self.key(*self.spans.get(middle)?);
            let shared = shared_bytes(key, text, shared_low.min(shared_high));
            // The end of a key or text is `None`, which is less than any byte.
            if key.get(shared) <= text.get(shared) {
                (low, shared_low) = (middle.saturating_add(1), shared);
            } else {
                (high, shared_high) = (middle, shared);
            }
        }
        low.checked_sub(1).and_then(|at| self.spans.get(at)).map(|span| self.key(*span))
    }

    fn key(&self, span: Span) -> &[u8] {
        let range = usize::try_from(span.start).ok().zip(usize::try_from(span.end).ok());
        range.and_then(|(start, end)| self.bytes.get(start..end)).unwrap_or_default()
    }
}

/// How many bytes two keys begin with alike, where the first `known` are known to be.
fn shared_bytes(a: &[u8], b: &[u8], known: usize) -> usize {
    let pairs = a.iter().skip(known).zip(b.iter().skip(known));
    known.saturating_add(pairs.take_while(|(a, b)| a == b).count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_key() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(prop::sample::select(&b"ab/"[..]), 1..9)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn a_search_finds_what_looking_at_every_key_finds(
            mut all in prop::collection::vec(any_key(), 1..40), text in any_key(), starred in any::<bool>(),
        ) {
            all.sort_unstable();
            let mut keys = Keys::of_one(&all[0]);
            for key in &all {
                keys.append_unless_covered(key, starred);
            }
            if starred {
                prop_assert_eq!(keys.has_prefix_of(&text), all.iter().any(|key| text.starts_with(key)));
            } else {
                prop_assert_eq!(keys.has(&text), all.contains(&text));
            }
            for key in &all {
                let found = if starred { keys.has_prefix_of(key) } else { keys.has(key) };
                prop_assert!(found);
            }
        }
    }
}
