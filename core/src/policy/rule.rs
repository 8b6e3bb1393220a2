//! Rules: an effect, what it is for, and when.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::document::{Fields, Item};
use crate::error::{Error, ErrorCode};
use crate::pattern::{Pattern, PatternBuf};
use crate::request::MAX_ID as MAX_SUBJECT;
use crate::scope::{Action, Scope};

use super::MAX_ID;
use super::actions;
use super::attribute::Declared;
use super::condition::{Condition, Context, MAX_DEPTH};
use super::read::{self, malformed};
use super::texts::Texts;

/// What a rule does when it fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new effect must be met by every match, in every crate")]
pub enum Effect {
    /// The request may go ahead, if nothing else speaks against it.
    Allow,
    /// It may not, whatever other rules say.
    Deny,
    /// People have to approve it first.
    RequireApproval,
}

impl Effect {
    const ALL: [Self; 3] = [Self::Allow, Self::Deny, Self::RequireApproval];

    /// The word in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::RequireApproval => "require_approval",
        }
    }

    fn parse(word: &str) -> Result<Self, Error> {
        match Self::ALL.into_iter().find(|effect| effect.word() == word) {
            Some(effect) => Ok(effect),
            None => malformed("one of `allow`, `deny` and `require_approval`"),
        }
    }
}

/// One rule. An absent part does not narrow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) id: Box<str>,
    pub(crate) effect: Effect,
    pub(crate) subjects: Option<Texts>,
    pub(crate) actions: Option<Texts>,
    pub(crate) resources: Option<Vec<PatternBuf>>,
    pub(crate) when: Option<Condition>,
    /// Whether the condition asks about something that only a use has.
    pub(crate) is_open: bool,
}

impl Rule {
    /// Reads a rule; `nodes` is how many conditions the policy may still have.
    pub(super) fn from_document(
        item: &Item<'_, '_>,
        declared: &[Declared],
        nodes: &mut u32,
    ) -> Result<Self, Error> {
        let mut fields = item.fields()?;
        let id = read::text(&fields.required("id")?, check_id)?;
        let effect = fields.required("effect")?.parsed(Effect::parse)?;
        let subjects = texts(&mut fields, "subjects", check_subject)?;
        let actions = texts(&mut fields, "actions", actions::check)?;
        let resources = match fields.optional("resources") {
            Some(item) => Some(resources(&item)?),
            None => None,
        };
        let mut context = Context { effect, actions: actions.as_ref(), declared, nodes: *nodes };
        let when = match fields.optional("when") {
            Some(item) => Some(Condition::from_document(&item, &mut context, MAX_DEPTH)?),
            None => None,
        };
        *nodes = context.nodes;
        fields.finish()?;
        let is_open = when.as_ref().is_some_and(|when| when.any_test(&|test| test.attribute.is_of_use()));
        Ok(Self { id: id.into(), effect, subjects, actions, resources, when, is_open })
    }

    /// Whether the rule is for this subject; nobody in particular is in no list.
    pub(crate) fn has_subject(&self, subject: Option<&str>) -> bool {
        self.subjects.as_ref().is_none_or(|subjects| subject.is_some_and(|id| subjects.has(id)))
    }

    /// Whether the rule is for this action.
    pub(crate) fn has_action(&self, resource: &str, action: Action<'_>) -> bool {
        self.actions.as_ref().is_none_or(|entries| actions::meet(entries, resource, action, false))
    }

    /// Whether the rule is for every action that another one is for.
    pub(crate) fn has_actions_of(&self, other: &Self) -> bool {
        let covers = |ours| other.actions.as_ref().is_some_and(|theirs| actions::cover_all(ours, theirs));
        self.actions.as_ref().is_none_or(covers)
    }

    /// Whether the rule is for everything that a pattern means; with `resources`, it is not for what has no path.
    pub(crate) fn has_resource(&self, pattern: Option<Pattern<'_>>) -> bool {
        self.resources.as_ref().is_none_or(|resources| {
            pattern.is_some_and(|pattern| resources.iter().any(|ours| ours.as_pattern().covers(pattern)))
        })
    }

    /// Whether one action and one resource of the rule mean all that the scope means.
    pub(super) fn covers(&self, scope: &Scope<'_>) -> bool {
        self.has_action(scope.resource(), scope.action()) && self.has_resource(scope.pattern())
    }

    /// Whether they mean some of it.
    pub(super) fn overlaps(&self, scope: &Scope<'_>) -> bool {
        self.meets_action(scope) && self.meets_resource(scope)
    }

    /// Whether the rule is for some of the actions of the scope.
    pub(crate) fn meets_action(&self, scope: &Scope<'_>) -> bool {
        let meets = |entries| actions::meet(entries, scope.resource(), scope.action(), true);
        self.actions.as_ref().is_none_or(meets)
    }

    /// Whether the rule is for some of the paths of the scope.
    pub(crate) fn meets_resource(&self, scope: &Scope<'_>) -> bool {
        let meets = |resources: &Vec<PatternBuf>, theirs| {
            resources.iter().any(|ours| ours.as_pattern().overlaps(theirs))
        };
        self.resources.as_ref().is_none_or(|ours| scope.pattern().is_some_and(|theirs| meets(ours, theirs)))
    }
}

#[inline(never)]
fn texts(
    fields: &mut Fields<'_, '_>,
    name: &'static str,
    check: read::Check,
) -> Result<Option<Texts>, Error> {
    let Some(item) = fields.optional(name) else { return Ok(None) };
    Ok(Some(Texts::of(&read::texts(&item, check)?)))
}

fn resources(item: &Item<'_, '_>) -> Result<Vec<PatternBuf>, Error> {
    let mut resources = Vec::new();
    for text in read::texts(item, check_resource)? {
        resources.push(PatternBuf::parse(text)?);
    }
    Ok(resources)
}

fn check_resource(text: &str) -> Result<(), Error> {
    if text == "*" {
        return Err(Error::because(ErrorCode::InvalidPattern, "leave `resources` out for every path"));
    }
    Pattern::parse(text).map(|_| ())
}

/// Checks the id of a rule.
fn check_id(text: &str) -> Result<(), Error> {
    let fits = (1..=MAX_ID).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if fits { Ok(()) } else { malformed("1 to 64 of `A-Z a-z 0-9 . _ -`") }
}

fn check_subject(text: &str) -> Result<(), Error> {
    if (1..=MAX_SUBJECT).contains(&text.len()) { Ok(()) } else { malformed("1 to 128 bytes") }
}
