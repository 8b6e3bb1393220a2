//! Sorted texts: what `in` compares with, and every list of names of a rule.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::codec::{DAMAGED, Reader, Writer};
use crate::error::Error;
use crate::sorted::sorted;

/// Texts in ascending order, no two equal.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Texts(Vec<Box<str>>);

impl Texts {
    /// The set of these texts.
    pub(crate) fn of(texts: &[&str]) -> Self {
        let mut texts = sorted(texts.iter().map(|text| Box::from(*text)).collect::<Vec<_>>());
        texts.dedup();
        Self(texts)
    }

    /// Whether the text is one of them.
    pub(crate) fn has(&self, text: &str) -> bool {
        self.0.binary_search_by(|known| (**known).cmp(text)).is_ok()
    }

    /// Whether one of them begins with `start`.
    pub(crate) fn has_beginning(&self, start: &str) -> bool {
        let at = self.0.partition_point(|known| **known < *start);
        self.0.get(at).is_some_and(|text| text.starts_with(start))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        // A list has at most 10,000 entries of at most 1 KiB.
        writer.u32(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        for text in &self.0 {
            writer.bytes(text.as_bytes());
        }
    }

    /// Reads the set, of which `is_right` accepts every text.
    pub(super) fn read(reader: &mut Reader<'_>, is_right: fn(&str) -> bool) -> Result<Self, Error> {
        let count = reader.count(size_of::<u32>())?;
        let mut texts: Vec<Box<str>> = Vec::with_capacity(count);
        for _ in 0..count {
            let text = reader.text()?;
            if !is_right(text) || texts.last().is_some_and(|last| **last >= *text) {
                return Err(DAMAGED);
            }
            texts.push(text.into());
        }
        Ok(Self(texts))
    }
}
