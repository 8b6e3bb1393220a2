//! Sorting for compiled lists.

use alloc::vec::Vec;

/// Sorts in place by heap sort: O(n log n) for any input. One copy of the code for all types: in Wasm, the library's sorts are some kilobytes for
/// each type that is sorted.
pub(crate) fn sort<T: Ord>(items: &mut [T]) {
    heap_sort(&mut Slice(items));
}

/// Numbers and the like in ascending order, no two equal: made by sorting, so that a look-up can count on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sorted<T>(Vec<T>);

impl<T: Ord> Sorted<T> {
    /// The set of these items.
    pub(crate) fn of(mut items: Vec<T>) -> Self {
        sort(&mut items);
        items.dedup();
        Self(items)
    }

    /// Whether the item is one of them.
    pub(crate) fn has(&self, item: &T) -> bool {
        self.0.binary_search(item).is_ok()
    }

    /// Whether one of them lies from `least` to `most`.
    pub(crate) fn reaches(&self, least: &T, most: &T) -> bool {
        self.0.get(self.0.partition_point(|item| item < least)).is_some_and(|item| item <= most)
    }

    /// Whether an item is in both: each of the fewer is looked up among the more.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        let (fewer, more) = if self.0.len() < other.0.len() { (self, other) } else { (other, self) };
        fewer.0.iter().any(|item| more.has(item))
    }
}

/// What heap sort needs to know of a list.
trait List {
    fn len(&self) -> usize;
    fn is_less(&self, left: usize, right: usize) -> bool;
    fn swap(&mut self, left: usize, right: usize);
}

struct Slice<'a, T>(&'a mut [T]);

impl<T: Ord> List for Slice<'_, T> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn is_less(&self, left: usize, right: usize) -> bool {
        self.0.get(left) < self.0.get(right)
    }

    fn swap(&mut self, left: usize, right: usize) {
        self.0.swap(left, right);
    }
}

#[inline(never)]
fn heap_sort(list: &mut dyn List) {
    let length = list.len();
    for root in (0..length / 2).rev() {
        sift_down(list, root, length);
    }
    for end in (1..length).rev() {
        list.swap(0, end);
        sift_down(list, 0, end);
    }
}

/// Moves the item at `root` down until none of its children, before `end`, is greater.
fn sift_down(list: &mut dyn List, mut root: usize, end: usize) {
    loop {
        let first = root.saturating_mul(2).saturating_add(1);
        let second = first.saturating_add(1);
        let greater = if second < end && list.is_less(first, second) { second } else { first };
        if greater >= end || !list.is_less(root, greater) {
            return;
        }
        list.swap(root, greater);
        root = greater;
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;
    use core::cell::Cell;
    use core::cmp::Ordering;

    use proptest::prelude::*;

    use super::{Sorted, sort};

    /// A number that counts how often it is compared.
    #[derive(Debug, Clone)]
    struct Counted<'a>(u64, &'a Cell<u64>);

    impl Ord for Counted<'_> {
        fn cmp(&self, other: &Self) -> Ordering {
            self.1.set(self.1.get().saturating_add(1));
            self.0.cmp(&other.0)
        }
    }

    impl PartialOrd for Counted<'_> {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }

    impl PartialEq for Counted<'_> {
        fn eq(&self, other: &Self) -> bool {
            self.cmp(other) == Ordering::Equal
        }
    }

    impl Eq for Counted<'_> {}

    /// How many comparisons one question about two lists takes, which have only their highest number in common.
    fn comparisons(length: u64, ask: impl Fn(&Sorted<Counted<'_>>, &Sorted<Counted<'_>>)) -> u64 {
        let count = Cell::new(0);
        let list = |parity: u64| {
            let numbers = (0..length).map(|number| number.saturating_mul(2).saturating_add(parity));
            Sorted::of(numbers.chain([u64::MAX]).map(|number| Counted(number, &count)).collect())
        };
        let (even, odd) = (list(0), list(1));
        count.set(0);
        ask(&even, &odd);
        count.get()
    }

    #[test]
    fn the_work_of_a_question_grows_with_the_logarithm_of_a_list() {
        let look_up = |length| {
            comparisons(length, |list, other| {
                assert!(other.0.first().is_some_and(|item| !list.has(item)));
            })
        };
        let range = |length| {
            comparisons(length, |list, other| {
                assert!(other.0.first().is_some_and(|item| !list.reaches(item, item)));
            })
        };
        assert!(look_up(10_000) <= 16 && range(10_000) <= 16, "{} {}", look_up(10_000), range(10_000));
        let meeting = |length| comparisons(length, |list, other| assert!(list.meets(other)));
        assert!(meeting(10_000) <= 10_001 * 16, "{}", meeting(10_000));
    }

    #[test]
    fn repetitions_are_no_work() {
        let count = Cell::new(0);
        let list = |low: u64| {
            let numbers = core::iter::repeat_n(low, 10_000).chain([3]);
            Sorted::of(numbers.map(|number| Counted(number, &count)).collect())
        };
        let (ones, twos) = (list(1), list(2));
        count.set(0);
        assert!(ones.meets(&twos));
        assert!(count.get() <= 8, "{}", count.get());
    }

    proptest! {
        #[test]
        fn a_set_answers_as_its_list_does(a in prop::collection::vec(0..20_u8, 0..9), b in prop::collection::vec(0..20_u8, 0..9), (least, most) in (0..20_u8, 0..20_u8)) {
            let (set, other) = (Sorted::of(a.clone()), Sorted::of(b.clone()));
            prop_assert!((0..20).all(|item| set.has(&item) == a.contains(&item)));
            prop_assert_eq!(set.meets(&other), a.iter().any(|item| b.contains(item)));
            prop_assert_eq!(set.reaches(&least, &most), a.iter().any(|item| (least..=most).contains(item)));
            prop_assert!(set == Sorted::of(a.iter().rev().chain(&a).copied().collect()));
        }

        #[test]
        fn any_list_is_sorted_as_the_library_sorts_it(list in prop::collection::vec(0..50_u8, 0..80)) {
            let mut sorted: Vec<_> = list.clone();
            sort(&mut sorted);
            let mut expected = list;
            expected.sort_unstable();
            prop_assert_eq!(sorted, expected);
        }
    }
}
