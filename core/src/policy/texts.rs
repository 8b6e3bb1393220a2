//! Sorted texts: what `in` compares with, and every list of names of a rule.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::sorted::sort;

/// Texts in ascending order, no two equal; each with a number, which is for [`Index`](super::index::Index) and 0 otherwise: one type is
/// sorted by one copy of the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Texts(Vec<(Box<str>, u32)>);

impl Texts {
    /// The set of these texts.
    #[inline(never)]
    pub(crate) fn of(texts: &[&str]) -> Self {
        let mut pairs = Vec::with_capacity(texts.len());
        for text in texts {
            pairs.push((Box::from(*text), 0));
        }
        Self::of_pairs(pairs)
    }

    /// The set of these texts with their numbers; a text may be there with several.
    #[inline(never)]
    pub(super) fn of_pairs(mut pairs: Vec<(Box<str>, u32)>) -> Self {
        sort(&mut pairs);
        pairs.dedup();
        Self(pairs)
    }

    /// How many texts are not greater than this one.
    #[inline(never)]
    pub(super) fn up_to(&self, text: &[u8]) -> usize {
        self.0.partition_point(|(known, _)| known.as_bytes() <= text)
    }

    /// The text and the number at a place.
    pub(super) fn get(&self, place: usize) -> Option<(&str, u32)> {
        self.0.get(place).map(|(text, number)| (&**text, *number))
    }

    /// Whether the text is one of them.
    pub(crate) fn has(&self, text: &str) -> bool {
        self.up_to(text.as_bytes())
            .checked_sub(1)
            .and_then(|place| self.get(place))
            .is_some_and(|(known, _)| known == text)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(text, _)| &**text)
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }
}
