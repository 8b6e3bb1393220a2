//! Sorting for compiled lists.

/// Sorts in place by heap sort: O(n log n) for any input. One copy of the code for all types: in Wasm, the library's sorts are some kilobytes for
/// each type that is sorted.
pub(crate) fn sort<T: Ord>(items: &mut [T]) {
    heap_sort(&mut Slice(items));
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

    use proptest::prelude::*;

    use super::sort;

    proptest! {
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
