//! What is doubtful in a policy.

use crate::document::Value;
use crate::error::Place;
use crate::pattern::PatternBuf;
use crate::policy::rule::Rule;
use crate::policy::{Effect, Policy};

use super::{Advice, Warnings, entries, pattern, text};

const ANY_ACTION: Advice =
    ("any_action", "it allows actions that are yet to come: name those that are meant");
const DENIES_EVERYTHING: Advice =
    ("denies_everything", "it denies every request: remove it when the emergency is over");
const SHADOWED_RULE: Advice =
    ("shadowed_rule", "another rule has the same effect on all of it: remove one of them");
const UNREACHABLE_RULE: Advice =
    ("unreachable_rule", "a rule that denies covers all of it: it never has an effect");
const UNUSED_ATTRIBUTE: Advice = ("unused_attribute", "no rule asks about it");

/// Warns about a policy, which was compiled from the document.
pub(super) fn lint(policy: &Policy, document: &Value, warnings: &mut Warnings<'_>) {
    let place = Place::Name(&Place::Root, "rules");
    let ids = entries(document, "rules").iter().map(|rule| rule.field("id").map_or("", text));
    // In the order of the document: of two that are alike, the later one is warned of.
    let rules: alloc::vec::Vec<&Rule> = ids.filter_map(|id| policy.rule(id)).collect();
    for (index, rule) in rules.iter().enumerate() {
        let place = Place::Index(&place, index);
        of_rule(rule, &place, warnings);
        if let Some(advice) =
            rules.iter().enumerate().find_map(|(other, against)| futile(rule, against, other < index))
        {
            warnings.add(&place, advice);
        }
    }
    let place = Place::Name(&Place::Root, "attributes");
    for name in policy.unused_attributes() {
        warnings.add(&Place::Name(&place, name), UNUSED_ATTRIBUTE);
    }
}

fn of_rule(rule: &Rule, place: &Place<'_>, warnings: &mut Warnings<'_>) {
    if denies_everything(rule) {
        warnings.add(place, DENIES_EVERYTHING);
    }
    if rule.effect != Effect::Allow {
        return;
    }
    let actions = Place::Name(place, "actions");
    if rule.actions.as_ref().is_some_and(|actions| actions.iter().any(|action| action.ends_with(":*"))) {
        warnings.add(&actions, ANY_ACTION);
    }
    let resources = Place::Name(place, "resources");
    for (index, resource) in rule.resources.iter().flatten().enumerate() {
        pattern(resource.as_str(), &Place::Index(&resources, index), warnings);
    }
}

fn denies_everything(rule: &Rule) -> bool {
    let narrows =
        rule.subjects.is_some() || rule.actions.is_some() || rule.resources.is_some() || rule.when.is_some();
    rule.effect == Effect::Deny && !narrows
}

/// Why `rule` comes to nothing beside another; of two that are alike, the later one does.
fn futile(rule: &Rule, other: &Rule, is_earlier: bool) -> Option<Advice> {
    // What denies everything has its own warning, which would stand at every rule otherwise.
    if rule.id == other.id || denies_everything(other) || !is_within(rule, other) {
        return None;
    }
    if rule.effect == other.effect {
        return (is_earlier || !is_within(other, rule)).then_some(SHADOWED_RULE);
    }
    (other.effect == Effect::Deny).then_some(UNREACHABLE_RULE)
}

/// Whether the other rule fires wherever this one does.
fn is_within(rule: &Rule, other: &Rule) -> bool {
    let subjects = match (&rule.subjects, &other.subjects) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(ours), Some(theirs)) => ours.iter().all(|id| theirs.has(id)),
    };
    subjects
        && other.has_actions_of(rule)
        && has_resources_of(other, rule)
        && (other.when.is_none() || other.when == rule.when)
}

fn has_resources_of(rule: &Rule, inner: &Rule) -> bool {
    let covers = |ours: &[PatternBuf], theirs: &PatternBuf| {
        ours.iter().any(|pattern| pattern.as_pattern().covers(theirs.as_pattern()))
    };
    match (&rule.resources, &inner.resources) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(ours), Some(theirs)) => theirs.iter().all(|pattern| covers(ours, pattern)),
    }
}
