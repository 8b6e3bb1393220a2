//! Rules: an effect, what it is for, and when.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::document::Item;
use crate::error::{Error, ErrorCode};
use crate::pattern::{Pattern, PatternBuf};
use crate::request::MAX_ID as MAX_SUBJECT;
use crate::scope::{Action, Scope};

use super::MAX_ID;
use super::actions;
use super::attribute::Declared;
use super::condition::{Condition, Context, MAX_DEPTH};
use super::operator::list;
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
        let rule = "one of `allow`, `deny` and `require_approval`";
        let found = Self::ALL.into_iter().find(|effect| effect.word() == word);
        found.ok_or_else(|| Error::because(ErrorCode::InvalidText, rule))
    }

    pub(super) const fn to_byte(self) -> u8 {
        match self {
            Self::Allow => 0,
            Self::Deny => 1,
            Self::RequireApproval => 2,
        }
    }

    pub(super) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.get(usize::from(byte)).copied()
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
        let id = fields.required("id")?.parsed(|text| check_id(text).map(|()| text))?;
        let effect = fields.required("effect")?.parsed(Effect::parse)?;
        let subjects = fields.optional("subjects").map(|item| texts(&item, check_subject)).transpose()?;
        let actions = fields.optional("actions").map(|item| read_actions(&item)).transpose()?;
        let resources = fields.optional("resources").map(|item| list(&item, resource)).transpose()?;
        let mut context = Context { effect, actions: actions.as_ref(), declared, nodes: *nodes };
        let when = fields
            .optional("when")
            .map(|item| Condition::from_document(&item, &mut context, MAX_DEPTH))
            .transpose()?;
        *nodes = context.nodes;
        fields.finish()?;
        Ok(Self::new(id, effect, subjects, actions, resources, when))
    }

    pub(super) fn new(
        id: &str,
        effect: Effect,
        subjects: Option<Texts>,
        actions: Option<Texts>,
        resources: Option<Vec<PatternBuf>>,
        when: Option<Condition>,
    ) -> Self {
        let is_open = when.as_ref().is_some_and(|when| when.any_test(&|test| test.attribute.is_of_use()));
        Self { id: id.into(), effect, subjects, actions, resources, when, is_open }
    }

    /// Whether the rule is for this subject; nobody in particular is in no list.
    pub(crate) fn has_subject(&self, subject: Option<&str>) -> bool {
        self.subjects.as_ref().is_none_or(|subjects| subject.is_some_and(|id| subjects.has(id)))
    }

    /// Whether the rule is for this action.
    pub(crate) fn has_action(&self, resource: &str, action: Action<'_>) -> bool {
        self.actions.as_ref().is_none_or(|entries| actions::cover(entries, resource, action))
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
        let meets = |entries| actions::overlap(entries, scope.resource(), scope.action());
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

/// The actions of a rule or of an attribute.
pub(super) fn read_actions(item: &Item<'_, '_>) -> Result<Texts, Error> {
    texts(item, |entry| actions::check(entry).map(drop))
}

fn texts(item: &Item<'_, '_>, check: fn(&str) -> Result<(), Error>) -> Result<Texts, Error> {
    let entries = list(item, |entry| entry.parsed(|text| check(text).map(|()| text)))?;
    Ok(Texts::of(&entries))
}

/// Checks the id of a rule.
pub(super) fn check_id(text: &str) -> Result<(), Error> {
    let fits = (1..=MAX_ID).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if fits { Ok(()) } else { Err(Error::because(ErrorCode::InvalidText, "1 to 64 of `A-Z a-z 0-9 . _ -`")) }
}

/// Checks the id of a subject.
pub(super) fn check_subject(text: &str) -> Result<(), Error> {
    let fits = (1..=MAX_SUBJECT).contains(&text.len());
    if fits { Ok(()) } else { Err(Error::because(ErrorCode::InvalidText, "1 to 128 bytes")) }
}

fn resource(item: &Item<'_, '_>) -> Result<PatternBuf, Error> {
    item.parsed(|text| match text {
        "*" => Err(Error::because(ErrorCode::InvalidPattern, "leave `resources` out for every path")),
        _ => PatternBuf::parse(text),
    })
}
