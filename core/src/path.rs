//! Paths: canonical text, or refused. Nothing is ever cleaned.

use alloc::boxed::Box;
use core::fmt;

use crate::error::{Error, ErrorCode};

/// The most bytes of a path.
pub const MAX_BYTES: usize = 512;
/// The most segments of a path; also the width of the bit mask in which a pattern keeps its `+` segments.
pub const MAX_SEGMENTS: usize = 32;
/// The most bytes of one segment.
pub const MAX_SEGMENT: usize = 128;

/// The place of a secret, such as `production/payments/stripe/KEY`: compared as bytes, case-sensitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path<'a>(&'a str);

impl<'a> Path<'a> {
    /// The path that the text is.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidPath`] with the rule broken, for text that is not canonical.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        let refused = |rule| Error::because(ErrorCode::InvalidPath, rule);
        if text.len() > MAX_BYTES {
            return Err(refused(TOO_MANY_BYTES));
        }
        // Bytes, because a search for a character in text costs more than all the checks together.
        for (index, segment) in text.as_bytes().split(|byte| *byte == b'/').enumerate() {
            if index >= MAX_SEGMENTS {
                return Err(refused(TOO_MANY_SEGMENTS));
            }
            check_segment(segment).map_err(refused)?;
        }
        Ok(Self(text))
    }

    /// The path as text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// The segments, in order; at least one.
    pub fn segments(self) -> impl Iterator<Item = &'a str> {
        self.0.split('/')
    }

    /// Everything before the last segment; `None` if the path has one segment only.
    #[must_use]
    pub fn namespace(self) -> Option<&'a str> {
        self.0.rsplit_once('/').map(|(namespace, _)| namespace)
    }

    /// The last segment.
    #[must_use]
    pub fn key(self) -> &'a str {
        self.0.rsplit_once('/').map_or(self.0, |(_, key)| key)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A [`Path`] that owns its text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathBuf(Box<str>);

impl PathBuf {
    /// The path that the text is.
    ///
    /// # Errors
    ///
    /// As [`Path::parse`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        Path::parse(text).map(Self::from)
    }

    /// The path, borrowed.
    #[must_use]
    pub fn as_path(&self) -> Path<'_> {
        Path(&self.0)
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Path<'_>> for PathBuf {
    fn from(path: Path<'_>) -> Self {
        Self(path.0.into())
    }
}

impl fmt::Display for PathBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(crate) const TOO_MANY_BYTES: &str = "at most 512 bytes";
pub(crate) const TOO_MANY_SEGMENTS: &str = "at most 32 segments";

/// Checks one whole segment; the error is the rule that it breaks.
pub(crate) fn check_segment(segment: &[u8]) -> Result<(), &'static str> {
    check_segment_start(segment)?;
    match segment {
        b"" => Err("not empty, and no leading, trailing or doubled `/`"),
        b"." | b".." => Err("a segment is not `.` or `..`"),
        b"+" => Err("a segment is not `+` alone"),
        _ => Ok(()),
    }
}

/// Checks text with which a segment may begin; the error is the rule that it breaks.
pub(crate) fn check_segment_start(start: &[u8]) -> Result<(), &'static str> {
    if start.len() > MAX_SEGMENT {
        return Err("a segment has at most 128 bytes");
    }
    if !start.iter().copied().all(is_segment_byte) {
        return Err("a segment is made of `A-Z a-z 0-9 . _ ~ @ = + -`");
    }
    Ok(())
}

const fn is_segment_byte(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'~' | b'@' | b'=' | b'+' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec::Vec;

    #[test]
    fn a_path_keeps_its_text() {
        for text in ["a", "a/b", "production/payments/stripe/KEY", "a.b_c~d@e=f+g-h/+a/a+/++/.../.a/..a/0"] {
            assert_eq!(Path::parse(text).unwrap().as_str(), text);
            assert_eq!(PathBuf::parse(text).unwrap().as_path(), Path::parse(text).unwrap());
        }
    }

    #[test]
    fn a_path_that_is_not_canonical_is_refused() {
        let refused = [
            "", "/", "/a", "a/", "a//b", ".", "..", "a/./b", "../a", "+", "a/+", "a b", "a\0", "a%2Fb", "*",
            "é", "a\\b",
        ];
        for text in refused {
            assert_eq!(Path::parse(text).unwrap_err().code(), ErrorCode::InvalidPath, "{text}");
        }
    }

    #[test]
    fn the_limits_are_exact() {
        let parse = |text: &str| Path::parse(text).is_ok();
        assert!(parse(&"a".repeat(MAX_SEGMENT)));
        assert!(!parse(&"a".repeat(MAX_SEGMENT + 1)));
        let segments = |count: usize| std::vec!["a"; count].join("/");
        assert!(parse(&segments(MAX_SEGMENTS)));
        assert!(!parse(&segments(MAX_SEGMENTS + 1)));
        // Five segments of 102 bytes at most, and the four slashes between them.
        let bytes = |last: usize| {
            let mut text: String = std::vec!["a".repeat(101); 4].join("/");
            text.push('/');
            text.push_str(&"a".repeat(last));
            text
        };
        assert_eq!(bytes(104).len(), MAX_BYTES);
        assert!(parse(&bytes(104)));
        assert!(!parse(&bytes(105)));
    }

    #[test]
    fn the_namespace_is_all_before_the_key() {
        let path = Path::parse("a/b/KEY").unwrap();
        assert_eq!((path.namespace(), path.key()), (Some("a/b"), "KEY"));
        assert_eq!(path.segments().collect::<Vec<_>>(), ["a", "b", "KEY"]);
        let path = Path::parse("KEY").unwrap();
        assert_eq!((path.namespace(), path.key()), (None, "KEY"));
    }
}
