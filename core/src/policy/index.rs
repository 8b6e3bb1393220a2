//! Which rules can be for a request, without looking at each.
//!
//! Rules with the same actions form a group. In a group, a rule stands under the beginning of each of its resources, all before the first
//! `+` or `*`; without resources under each subject, and without either under the empty text. The beginnings of a text are found with one
//! binary search: they are all on the way from the last entry not greater than it up to the root, because each entry knows the nearest
//! entry before it that it begins with.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use crate::pattern::PatternBuf;
use crate::request::{Request, Target};
use crate::scope::Action;
use crate::sorted::sorted;

use super::rule::Rule;
use super::texts::Texts;

/// Where rules stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Index {
    groups: Vec<Group>,
    entries: Vec<Entry>,
}

/// Entries of rules with the same actions, all by resource or all by subject.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    /// The place of a rule that has these actions.
    rule: u16,
    by: By,
    entries: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    Resource,
    Subject,
}

/// A rule under one text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    text: Box<str>,
    rule: u16,
    /// Which of the rule's resources.
    item: u16,
    /// The place of the nearest entry before in the group whose text begins this one's.
    parent: Option<u32>,
}

/// What entries are sorted by.
type Key<'r> = (Option<&'r Texts>, By, &'r str, u16, u16);

impl Index {
    /// The index of at most 65,535 rules.
    pub(super) fn of(rules: &[Rule]) -> Self {
        let mut keys = Vec::new();
        for (place, rule) in (0..).zip(rules) {
            push_keys(rule, place, &mut keys);
        }
        let mut index = Self { groups: Vec::new(), entries: Vec::with_capacity(keys.len()) };
        let mut last = None;
        for (actions, by, text, rule, item) in sorted(keys) {
            let at = index.entries.len();
            if last.replace((actions, by)) != Some((actions, by)) {
                index.groups.push(Group { rule, by, entries: at..at });
            }
            let parent = index.parent(text);
            index.entries.push(Entry { text: text.into(), rule, item, parent });
            if let Some(group) = index.groups.last_mut() {
                group.entries.end = index.entries.len();
            }
        }
        index
    }

    /// The nearest entry of the last group whose text begins this one, which comes next: one on the way up from the last entry.
    fn parent(&self, text: &str) -> Option<u32> {
        let last =
            self.groups.last().filter(|group| !group.entries.is_empty())?.entries.end.checked_sub(1)?;
        let mut place = u32::try_from(last).ok();
        while let Some(entry) = place.and_then(|place| self.entry(place)) {
            if text.starts_with(&*entry.text) {
                return place;
            }
            place = entry.parent;
        }
        None
    }

    /// Calls `found` with the place of each rule that is for the request, its condition aside; perhaps more than once.
    ///
    /// The request is about one path, or nothing that has one.
    pub(super) fn visit(&self, rules: &[Rule], request: &Request<'_>, found: &mut dyn FnMut(u16, &Rule)) {
        let subject = request.subject.map(|subject| subject.id);
        let path = if let Target::Path(path) = request.target { Some(path) } else { None };
        let (resource, action) = (request.resource.as_str(), Action::Named(request.action.as_str()));
        let rule_at = |place: u16| rules.get(usize::from(place));
        for group in &self.groups {
            if !rule_at(group.rule).is_some_and(|rule| rule.has_action(resource, action)) {
                continue;
            }
            let text = match group.by {
                By::Resource => path.map_or("", |path| path.as_str()),
                By::Subject => subject.unwrap_or_default(),
            };
            let mut place = self.last_up_to(&group.entries, text);
            while let Some(entry) = place.and_then(|place| self.entry(place)) {
                place = entry.parent;
                let Some(rule) = rule_at(entry.rule).filter(|_| text.starts_with(&*entry.text)) else {
                    continue;
                };
                let is_for_path = rule.resources.as_ref().is_none_or(|resources| match group.by {
                    By::Resource => path.is_some_and(|path| {
                        resources
                            .get(usize::from(entry.item))
                            .is_some_and(|ours| ours.as_pattern().matches(path))
                    }),
                    // A rule with resources stands under them.
                    By::Subject => false,
                });
                if is_for_path && rule.has_subject(subject) {
                    found(entry.rule, rule);
                }
            }
        }
    }

    fn entry(&self, place: u32) -> Option<&Entry> {
        self.entries.get(usize::try_from(place).ok()?)
    }

    /// The place of the last entry of a group whose text is not greater.
    fn last_up_to(&self, group: &Range<usize>, text: &str) -> Option<u32> {
        let entries = self.entries.get(group.clone())?;
        let before = entries.partition_point(|entry| *entry.text <= *text).checked_sub(1)?;
        u32::try_from(group.start.checked_add(before)?).ok()
    }
}

fn push_keys<'r>(rule: &'r Rule, place: u16, keys: &mut Vec<Key<'r>>) {
    let actions = rule.actions.as_ref();
    match (&rule.resources, &rule.subjects) {
        (Some(resources), _) => {
            let texts = resources.iter().map(PatternBuf::as_pattern).map(|pattern| pattern.literal_prefix());
            keys.extend((0..).zip(texts).map(|(item, text)| (actions, By::Resource, text, place, item)));
        }
        (None, Some(subjects)) => {
            keys.extend(subjects.iter().map(|text| (actions, By::Subject, text, place, 0)));
        }
        (None, None) => keys.push((actions, By::Resource, "", place, 0)),
    }
}
