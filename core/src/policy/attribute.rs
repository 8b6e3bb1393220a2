//! Attributes: what a condition can ask about, for which actions, and of what kind it is.

use alloc::boxed::Box;

use crate::attribute as given;
use crate::document::{Item, MAX_INTEGER};
use crate::error::{Error, ErrorCode};

use super::actions;
use super::read::{self, malformed};
use super::texts::Texts;

/// How many attributes a policy can declare: no request has more.
pub(super) const MAX_DECLARED: usize = 64;
/// What the name of each attribute begins with that the caller states about itself.
const CLAIMED: &str = "claimed.";

/// What an attribute holds, and so which operators it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Address,
    Boolean,
    Host,
    Integer,
    Text,
    Tier,
    Time,
    Weekday,
}

/// The kinds that a document can declare, in the order of their bytes.
pub(super) const KINDS: [(&str, Kind); 5] = [
    ("text", Kind::Text),
    ("integer", Kind::Integer),
    ("boolean", Kind::Boolean),
    ("address", Kind::Address),
    ("host", Kind::Host),
];

/// What a test is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attribute {
    /// One that the document declares, by its place among them.
    Declared(u8),
    Host,
    Ip,
    Method,
    Model,
    Port,
    Tier,
    Time,
    Trust,
    Weekday,
}

/// Those that every policy has.
const BUILT_IN: [Attribute; 9] = [
    Attribute::Host,
    Attribute::Ip,
    Attribute::Method,
    Attribute::Model,
    Attribute::Port,
    Attribute::Tier,
    Attribute::Time,
    Attribute::Trust,
    Attribute::Weekday,
];

impl Attribute {
    /// The attribute that a test names.
    pub(super) fn parse(name: &str, declared: &[Declared]) -> Result<Self, Error> {
        let own = (0..).zip(declared).find(|(_, own)| *own.name == *name);
        let own = own.map(|(index, _)| Self::Declared(index));
        let known = BUILT_IN.into_iter().find(|known| known.of(&[]).0 == name);
        known.or(own).ok_or_else(|| Error::because(ErrorCode::UnknownAttribute, "declare it in `attributes`"))
    }

    /// Its name and kind.
    pub(super) fn of(self, declared: &[Declared]) -> (&str, Kind) {
        match self {
            Self::Declared(index) => match declared.get(usize::from(index)) {
                Some(own) => (&own.name, own.kind),
                None => ("", Kind::Text),
            },
            Self::Host => ("host", Kind::Host),
            Self::Ip => ("ip", Kind::Address),
            Self::Method => ("method", Kind::Text),
            Self::Model => ("model", Kind::Text),
            Self::Port => ("port", Kind::Integer),
            Self::Tier => ("tier", Kind::Tier),
            Self::Time => ("time", Kind::Time),
            Self::Trust => ("trust", Kind::Integer),
            Self::Weekday => ("weekday", Kind::Weekday),
        }
    }

    /// Its name in documents.
    pub(crate) fn name(self, declared: &[Declared]) -> &str {
        self.of(declared).0
    }

    pub(super) fn kind(self, declared: &[Declared]) -> Kind {
        self.of(declared).1
    }

    /// The highest integer that it can be.
    pub(super) const fn most(self) -> u64 {
        match self {
            Self::Port => 65_535,
            Self::Tier => 2,
            Self::Trust => 3,
            _ => MAX_INTEGER,
        }
    }

    /// Whether it can be missing.
    pub(super) const fn can_be_missing(self) -> bool {
        !matches!(self, Self::Tier | Self::Time | Self::Trust | Self::Weekday)
    }

    /// Whether it is known only when a token is used, not when it is issued.
    pub(super) const fn is_of_use(self) -> bool {
        matches!(self, Self::Declared(_) | Self::Host | Self::Method | Self::Model | Self::Port)
    }

    /// Whether it is what the caller says about itself.
    pub(super) fn is_claimed(self, declared: &[Declared]) -> bool {
        self.name(declared).starts_with(CLAIMED)
    }

    /// Checks that every action of a rule has the attribute.
    ///
    /// # Errors
    /// [`ErrorCode::AttributeOutOfPlace`] with what to write.
    pub(super) fn check_place(self, rule: Option<&Texts>, declared: &[Declared]) -> Result<(), Error> {
        let resource = rule.map_or("", actions::resource);
        let (is_there, hint) = match self {
            Self::Ip | Self::Time | Self::Trust | Self::Weekday => return Ok(()),
            Self::Tier => {
                (resource == "secrets", "the rule's `actions` must all be of `secrets`, such as `secrets:*`")
            }
            Self::Model => {
                (resource == "llm", "the rule's `actions` must all be of `llm`, such as `llm:request`")
            }
            Self::Host | Self::Method | Self::Port => {
                (resource == "egress", "the rule's `actions` must all be of `egress`, such as `egress:call`")
            }
            Self::Declared(index) => {
                let own = declared.get(usize::from(index)).zip(rule);
                let inside = own.is_some_and(|(own, actions)| actions::cover_all(&own.actions, actions));
                (inside, "the rule's `actions` must be among those of its declaration")
            }
        };
        if is_there { Ok(()) } else { Err(Error::because(ErrorCode::AttributeOutOfPlace, hint)) }
    }
}

/// An attribute that the document declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Declared {
    pub(super) name: Box<str>,
    pub(super) kind: Kind,
    pub(super) actions: Texts,
}

impl Declared {
    /// Reads one entry of `attributes`.
    pub(super) fn from_document(name: &str, item: &Item<'_, '_>) -> Result<Self, Error> {
        let mut fields = item.fields()?;
        let kind = read::word(&fields.required("type")?, parse_kind)?;
        let actions = read::texts(&fields.required("actions")?, actions::check)?;
        let source = fields.required("source")?;
        let is_claimed = name.starts_with(CLAIMED);
        read::text(&source, if is_claimed { is_caller } else { is_host })?;
        fields.finish()?;
        let kind =
            usize::try_from(kind).ok().and_then(|kind| KINDS.get(kind)).map_or(Kind::Text, |(_, kind)| *kind);
        Ok(Self { name: name.into(), kind, actions: Texts::of(&actions) })
    }
}

fn parse_kind(word: &str) -> Result<u64, Error> {
    match (0..).zip(KINDS).find(|(_, (known, _))| *known == word) {
        Some((place, _)) => Ok(place),
        None => malformed("one of `text integer boolean address host`"),
    }
}

fn is_host(word: &str) -> Result<(), Error> {
    if word == "host" { Ok(()) } else { malformed("`host`; what the `caller` states is named `claimed.…`") }
}

fn is_caller(word: &str) -> Result<(), Error> {
    if word == "caller" { Ok(()) } else { malformed("`caller`, as the name begins with `claimed.`") }
}

/// Whether a document can declare an attribute of this name.
pub(super) fn check_name(name: &str) -> Result<(), Error> {
    if BUILT_IN.into_iter().any(|known| known.of(&[]).0 == name) {
        return Err(Error::because(ErrorCode::DuplicateId, "every policy has this attribute"));
    }
    given::check_name(name)
}
