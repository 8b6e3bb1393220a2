//! Patterns: paths with `+` for one whole segment and a last `*` for the rest.

use alloc::boxed::Box;
use core::fmt;

use crate::error::{Error, ErrorCode};
use crate::path::{self, Path};

#[cfg(test)]
pub(crate) mod tests;

/// The most `+` segments of a pattern.
pub const MAX_PLUS: u32 = 4;

/// A set of paths, such as `production/+/stripe/*`.
///
/// `a/*` matches `a/b` and `a/b/c`, not `a`; `a*` matches `a`, `ab`, `a/b` and `a-old/b`; `*` matches every path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern<'a> {
    text: &'a str,
    plus: u32,
    starred: bool,
}

impl<'a> Pattern<'a> {
    /// The pattern that the text is.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidPattern`] with the rule broken, for text that is not a pattern, or that no path could match.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        let (body, starred) = match text.strip_suffix('*') {
            Some(body) => (body, true),
            None => (text, false),
        };
        let plus = check_body(body, starred)?;
        Ok(Self { text, plus, starred })
    }

    /// Everything below a namespace: `ns/*`.
    #[must_use]
    pub fn below(namespace: Path<'_>) -> PatternBuf {
        // Not parsed again: below a path of 512 bytes there is nothing, and a pattern may say so.
        PatternBuf { text: [namespace.as_str(), "/*"].concat().into(), plus: 0, starred: true }
    }

    /// The pattern as text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.text
    }

    /// Whether every path that `inner` matches is matched by this pattern. Limits of length play no part.
    #[must_use]
    pub fn covers(self, inner: Pattern<'_>) -> bool {
        let (mut ours, mut theirs) = (self.steps(), inner.steps());
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return true,
                (Some(Step::Rest(start)), Some(Step::One)) => return start.is_empty(),
                (Some(Step::Rest(start)), Some(Step::Literal(text) | Step::Rest(text))) => {
                    return text.starts_with(start);
                }
                (Some(Step::One), Some(Step::One | Step::Literal(_))) => {}
                (Some(Step::Literal(a)), Some(Step::Literal(b))) if a == b => {}
                _ => return false,
            }
        }
    }

    /// Whether some path is matched by both patterns. Limits of length play no part.
    #[must_use]
    pub fn overlaps(self, other: Pattern<'_>) -> bool {
        let (mut ours, mut theirs) = (self.steps(), other.steps());
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return true,
                (Some(Step::Rest(a)), Some(Step::Rest(b))) => return a.starts_with(b) || b.starts_with(a),
                (Some(Step::Rest(start)), Some(Step::Literal(text)))
                | (Some(Step::Literal(text)), Some(Step::Rest(start))) => return text.starts_with(start),
                // A start of a segment is never all that a segment can be: something longer begins with it.
                (Some(Step::Rest(_)), Some(Step::One)) | (Some(Step::One), Some(Step::Rest(_))) => {
                    return true;
                }
                (Some(Step::One), Some(_)) | (Some(_), Some(Step::One)) => {}
                (Some(Step::Literal(a)), Some(Step::Literal(b))) if a == b => {}
                _ => return false,
            }
        }
    }

    /// Whether the pattern matches the path.
    #[must_use]
    pub fn matches(self, path: Path<'_>) -> bool {
        self.covers(path.into())
    }

    /// What every path matched begins with: all before the first `+` or `*`.
    #[must_use]
    pub fn literal_prefix(self) -> &'a str {
        let body = self.body();
        if self.plus == 0 {
            return body;
        }
        // The n-th segment begins behind the n-th slash.
        let slash = usize::try_from(self.plus.trailing_zeros()).ok().and_then(|first| first.checked_sub(1));
        slash
            .and_then(|slash| body.match_indices('/').nth(slash))
            .and_then(|(at, _)| body.get(..=at))
            .unwrap_or_default()
    }

    /// The text without its star.
    pub(crate) fn body(self) -> &'a str {
        self.text.strip_suffix('*').unwrap_or(self.text)
    }

    /// The positions of the `+` segments, the first segment in the lowest bit.
    pub(crate) const fn plus(self) -> u32 {
        self.plus
    }

    /// Whether the pattern ends in a star.
    pub(crate) const fn starred(self) -> bool {
        self.starred
    }

    fn steps(self) -> impl Iterator<Item = Step<'a>> {
        // INVARIANT: a star stands at the very end only, so what is left of it is the start of the last segment.
        self.text.split('/').map(|segment| match segment.strip_suffix('*') {
            Some(start) => Step::Rest(start),
            None if segment == "+" => Step::One,
            None => Step::Literal(segment),
        })
    }
}

impl<'a> From<Path<'a>> for Pattern<'a> {
    /// The pattern that matches this path only.
    fn from(path: Path<'a>) -> Self {
        Self { text: path.as_str(), plus: 0, starred: false }
    }
}

impl fmt::Display for Pattern<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

/// A [`Pattern`] that owns its text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatternBuf {
    text: Box<str>,
    plus: u32,
    starred: bool,
}

impl PatternBuf {
    /// The pattern that the text is.
    ///
    /// # Errors
    ///
    /// As [`Pattern::parse`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        Pattern::parse(text).map(Self::from)
    }

    /// The pattern, borrowed.
    #[must_use]
    pub fn as_pattern(&self) -> Pattern<'_> {
        Pattern { text: &self.text, plus: self.plus, starred: self.starred }
    }

    /// The pattern as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl From<Pattern<'_>> for PatternBuf {
    fn from(pattern: Pattern<'_>) -> Self {
        Self { text: pattern.text.into(), plus: pattern.plus, starred: pattern.starred }
    }
}

impl fmt::Display for PatternBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

enum Step<'a> {
    /// A `+`.
    One,
    /// A segment that stands for itself.
    Literal(&'a str),
    /// The last segment of a starred pattern: what must begin it, then anything.
    Rest(&'a str),
}

/// Checks the text of a pattern without its star, and answers where its `+` segments stand.
pub(crate) fn check_body(body: &str, starred: bool) -> Result<u32, Error> {
    let refused = |rule| Error::because(ErrorCode::InvalidPattern, rule);
    if body.len() > path::MAX_BYTES {
        return Err(refused(path::TOO_MANY_BYTES));
    }
    if body.contains('*') {
        return Err(refused("`*` can stand only at the very end, write `+` for one whole segment"));
    }
    let mut plus = 0_u32;
    let mut bit = 1_u32;
    let mut segments = body.split('/').peekable();
    while let Some(segment) = segments.next() {
        if bit == 0 {
            return Err(refused(path::TOO_MANY_SEGMENTS));
        }
        if starred && segments.peek().is_none() {
            check_start(segment, body).map_err(refused)?;
        } else if segment == "+" {
            plus |= bit;
        } else {
            path::check_segment(segment.as_bytes()).map_err(refused)?;
        }
        // Behind the 32nd segment no bit is left.
        bit <<= 1;
    }
    if plus.count_ones() > MAX_PLUS {
        return Err(refused("at most 4 segments are `+`"));
    }
    Ok(plus)
}

/// Checks what stands in the last segment before a star: some path must be able to begin so.
fn check_start(start: &str, body: &str) -> Result<(), &'static str> {
    path::check_segment_start(start.as_bytes())?;
    match start {
        "+" => Err("`+*` is not a pattern, write `+` for one whole segment"),
        // Not segments themselves, so at least one byte must follow.
        "" | "." | ".." if body.len() >= path::MAX_BYTES => Err(path::TOO_MANY_BYTES),
        _ => Ok(()),
    }
}
