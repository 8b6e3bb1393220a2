//! Scopes: `resource:action:pattern`, what a grant allows.

use core::fmt;

use crate::error::{Error, ErrorCode};
use crate::path::Path;
use crate::pattern::Pattern;

#[cfg(test)]
mod tests;

/// The most bytes of a [`Word`].
pub const MAX_WORD: usize = 32;

/// The name of a resource or an action: `[a-z][a-z0-9_-]{0,31}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word<'a>(&'a str);

impl<'a> Word<'a> {
    /// The word that the text is.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidText`] for text of another form.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        if text.len() > MAX_WORD
            || !text.starts_with(|c: char| c.is_ascii_lowercase())
            || !text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
        {
            return Err(Error::because(
                ErrorCode::InvalidText,
                "1 to 32 of `a-z 0-9 _ -`, the first a letter",
            ));
        }
        Ok(Self(text))
    }

    /// The word as text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

/// What may be done with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "an action is named or not, there is no third")]
pub enum Action<'a> {
    /// Every action of the resource, written `*`.
    Any,
    /// This action.
    Named(&'a str),
}

impl<'a> Action<'a> {
    /// The action as it stands in a scope.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        match self {
            Self::Any => ANY,
            Self::Named(name) => name,
        }
    }
}

const ANY: &str = "*";

/// A set of requests, such as `secrets:read:production/payments/*`.
///
/// A scope without a pattern, such as `namespaces:read`, means the requests that have no path, and no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope<'a> {
    resource: &'a str,
    action: Action<'a>,
    pattern: Option<Pattern<'a>>,
}

impl<'a> Scope<'a> {
    /// The scope of one action, on the paths of a pattern or without a path.
    #[must_use]
    pub const fn new(resource: Word<'a>, action: Word<'a>, pattern: Option<Pattern<'a>>) -> Self {
        Self { resource: resource.0, action: Action::Named(action.0), pattern }
    }

    /// The scope that the text is.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidScope`] for text that is not of the form, [`ErrorCode::InvalidPattern`] for its pattern.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        let (resource, action, pattern) = split(text)?;
        Ok(Self { resource, action, pattern: pattern.map(Pattern::parse).transpose()? })
    }

    /// What is acted on.
    #[must_use]
    pub const fn resource(self) -> &'a str {
        self.resource
    }

    /// What may be done.
    #[must_use]
    pub const fn action(self) -> Action<'a> {
        self.action
    }

    /// The paths; `None` means requests without a path.
    #[must_use]
    pub const fn pattern(self) -> Option<Pattern<'a>> {
        self.pattern
    }

    /// Whether every request that `inner` allows is allowed by this scope.
    #[must_use]
    pub fn covers(self, inner: Scope<'_>) -> bool {
        self.resource == inner.resource
            && (self.action == Action::Any || self.action == inner.action)
            && match (self.pattern, inner.pattern) {
                (None, None) => true,
                (Some(outer), Some(inner)) => outer.covers(inner),
                (None, Some(_)) | (Some(_), None) => false,
            }
    }

    /// Whether some request is allowed by both scopes.
    #[must_use]
    pub fn overlaps(self, other: Scope<'_>) -> bool {
        self.resource == other.resource
            && (self.action == Action::Any || other.action == Action::Any || self.action == other.action)
            && match (self.pattern, other.pattern) {
                (None, None) => true,
                (Some(ours), Some(theirs)) => ours.overlaps(theirs),
                (None, Some(_)) | (Some(_), None) => false,
            }
    }

    /// Whether the scope allows a request.
    #[must_use]
    pub fn allows(self, resource: Word<'_>, action: Word<'_>, path: Option<Path<'_>>) -> bool {
        self.covers(Scope::new(resource, action, path.map(Pattern::from)))
    }
}

impl fmt::Display for Scope<'_> {
    /// The canonical text: the text that was parsed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.resource, self.action.as_str())?;
        match self.pattern {
            Some(pattern) => write!(f, ":{pattern}"),
            None => Ok(()),
        }
    }
}

/// The resource, the action and the text of the pattern, which is not checked yet.
pub(crate) fn split(text: &str) -> Result<(&str, Action<'_>, Option<&str>), Error> {
    let refused = |rule| Error::because(ErrorCode::InvalidScope, rule);
    let (resource, rest) = text.split_once(':').ok_or_else(|| refused("write `resource:action:pattern`"))?;
    let (action, pattern) = match rest.split_once(':') {
        Some((action, pattern)) => (action, Some(pattern)),
        None => (rest, None),
    };
    if resource == ANY {
        return Err(refused("the resource cannot be `*`, write one scope for each resource"));
    }
    let word = |text| {
        Word::parse(text)
            .map_err(|_| refused("a resource and an action are 1 to 32 of `a-z 0-9 _ -`, the first a letter"))
    };
    let action = if action == ANY { Action::Any } else { Action::Named(word(action)?.0) };
    Ok((word(resource)?.0, action, pattern))
}
