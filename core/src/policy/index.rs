//! Which rules can be for a request, without looking at each.
//!
//! A rule stands under texts: the resource of its actions, if they are all of one, and behind it the beginning of each of its resources (all
//! before the first `+` or `*`), or if it has none, each of its subjects, or if it has neither, nothing. The texts that begin another are
//! found with one binary search: they are all on the way from the last text not greater than it up to the root, because each text knows the
//! nearest one before it that it begins with.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::request::{Request, Target};
use crate::scope::Action;
use crate::scope_set::KeyBuffer;

use super::actions;
use super::rule::Rule;
use super::texts::Texts;

/// What stands between the resource of actions and the beginning of a path.
const PATH: &str = ":";
/// What stands between the resource of actions and a subject.
const SUBJECT: &str = "@";

/// Where rules stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Index {
    /// The number of a text is the place of its rule, and in the high half which of the rule's resources it is of.
    texts: Texts,
    /// Of each text, one more than the place of the nearest text before that begins it; 0 for none.
    parents: Vec<u32>,
}

impl Index {
    /// The index of at most 65,535 rules.
    pub(super) fn of(rules: &[Rule]) -> Self {
        let mut pairs = Vec::new();
        for (place, rule) in (0_u32..).zip(rules) {
            let of_actions = rule.actions.as_ref().map_or("", actions::resource);
            let mut add = |kind: &str, text: &str, item: u32| {
                let mut key = String::from(of_actions);
                key.push_str(kind);
                key.push_str(text);
                pairs.push((Box::from(key), place | (item << 16)));
            };
            match (&rule.resources, &rule.subjects) {
                (Some(resources), _) => {
                    for (item, resource) in (0..).zip(resources) {
                        add(PATH, resource.as_pattern().literal_prefix(), item);
                    }
                }
                (None, Some(subjects)) => subjects.iter().for_each(|subject| add(SUBJECT, subject, 0)),
                (None, None) => add(PATH, "", 0),
            }
        }
        let texts = Texts::of_pairs(pairs);
        let mut parents: Vec<u32> = Vec::with_capacity(texts.len());
        for (place, text) in (0..).zip(texts.iter()) {
            // The nearest text that begins this one is on the way up from the text before.
            let mut parent: u32 = place;
            while let Some((before, up)) = up(&texts, &parents, parent) {
                if text.starts_with(before.0) {
                    break;
                }
                parent = up;
            }
            parents.push(parent);
        }
        Self { texts, parents }
    }

    /// Calls `found` with the place of each rule that is for the request, its condition aside; perhaps more than once.
    ///
    /// The request is about one path, or nothing that has one.
    pub(super) fn visit(&self, rules: &[Rule], request: &Request<'_>, found: &mut dyn FnMut(u16, &Rule)) {
        let path = if let Target::Path(path) = request.target { Some(path) } else { None };
        let subject = request.subject.map(|subject| subject.id);
        let (resource, action) = (request.resource.as_str(), Action::Named(request.action.as_str()));
        let mut key = KeyBuffer::new();
        for of_actions in ["", resource] {
            for (kind, text) in
                [(PATH, path.map_or("", |path| path.as_str())), (SUBJECT, subject.unwrap_or_default())]
            {
                key.clear();
                // It has room for the longest words, paths and subjects.
                let _ = key.push(of_actions).and_then(|()| key.push(kind)).and_then(|()| key.push(text));
                self.beginnings(key.key(), &mut |number| {
                    let [low, high, item_low, item_high] = number.to_le_bytes();
                    let place = u16::from_le_bytes([low, high]);
                    let Some(rule) = rules.get(usize::from(place)) else { return };
                    let item = usize::from(u16::from_le_bytes([item_low, item_high]));
                    let is_for_path = rule.resources.as_ref().is_none_or(|resources| {
                        path.zip(resources.get(item))
                            .is_some_and(|(path, ours)| ours.as_pattern().matches(path))
                    });
                    if is_for_path && rule.has_action(resource, action) && rule.has_subject(subject) {
                        found(place, rule);
                    }
                });
            }
        }
    }

    /// Calls `found` with the number of each text that begins the key.
    fn beginnings(&self, key: &[u8], found: &mut dyn FnMut(u32)) {
        let mut place = u32::try_from(self.texts.up_to(key)).unwrap_or_default();
        let mut is_beginning = false;
        while let Some(((text, number), up)) = up(&self.texts, &self.parents, place) {
            place = up;
            // What begins a beginning begins the key.
            is_beginning = is_beginning || key.starts_with(text.as_bytes());
            if is_beginning {
                found(number);
            }
        }
    }
}

/// The text and the number before `place`, and its own parent.
fn up<'t>(texts: &'t Texts, parents: &[u32], place: u32) -> Option<((&'t str, u32), u32)> {
    let at = usize::try_from(place.checked_sub(1)?).ok()?;
    texts.get(at).zip(parents.get(at).copied())
}
