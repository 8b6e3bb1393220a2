//! The path of a request as it came, each segment decoded once.
//!
//! One parsed value serves routing, authorisation and dispatch, so none of them can see another path than the others.
//! What is not canonical is refused, never cleaned.

use percent_encoding::percent_decode_str;

use crate::error::ApiError;

/// One segment between two slashes of the raw path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    text: String,
    escaped: bool,
}

impl Segment {
    /// The segment, decoded; an encoded slash makes it hold several parts.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the segment is this word, written without escapes: routes are words of the raw path.
    #[must_use]
    pub fn is(&self, word: &str) -> bool {
        !self.escaped && self.text == word
    }
}

/// A raw path, split at its own slashes and decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawPath(Vec<Segment>);

impl RawPath {
    /// Parses the path of a request's target.
    ///
    /// One slash too many is accepted at the front, where a base URL that ends in a slash puts it.
    ///
    /// # Errors
    /// 400 naming `path`: a malformed escape, an empty segment, `.` or `..`, NUL, or text that is not UTF-8.
    pub fn parse(raw: &str) -> Result<Self, ApiError> {
        let rest = raw.strip_prefix('/').ok_or_else(|| refused("must begin with `/`"))?;
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        if rest.is_empty() {
            return Ok(Self(Vec::new()));
        }
        rest.split('/').map(segment).collect::<Result<_, _>>().map(Self)
    }

    /// The segments, in order.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }
}

fn segment(raw: &str) -> Result<Segment, ApiError> {
    let text = decode(raw)?;
    for part in text.split('/') {
        match part {
            "" => return Err(refused("no leading, trailing or doubled `/`")),
            "." | ".." => return Err(refused("a segment is not `.` or `..`")),
            _ => {}
        }
    }
    Ok(Segment { text, escaped: raw.contains('%') })
}

fn decode(raw: &str) -> Result<String, ApiError> {
    if !are_escapes_whole(raw) {
        return Err(refused("`%` must stand before two hex digits"));
    }
    let text = percent_decode_str(raw).decode_utf8().map_err(|_| refused("must be UTF-8"))?;
    if text.contains('\0') {
        return Err(refused("must not hold NUL"));
    }
    Ok(text.into_owned())
}

/// Whether every `%` stands before two hex digits.
#[must_use]
pub fn are_escapes_whole(raw: &str) -> bool {
    raw.split('%').skip(1).all(|rest| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2)
}

fn refused(rule: &'static str) -> ApiError {
    ApiError::invalid("path", rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(raw: &str) -> Vec<String> {
        RawPath::parse(raw).unwrap().0.into_iter().map(|segment| segment.text).collect()
    }

    #[test]
    fn segments_are_split_before_they_are_decoded_and_decoded_once() {
        assert_eq!(texts("/v1/secrets/a/b/KEY"), ["v1", "secrets", "a", "b", "KEY"]);
        assert_eq!(texts("/v1/secrets/a%2Fb/KEY"), ["v1", "secrets", "a/b", "KEY"]);
        assert_eq!(texts("/v1/secrets/a%2fb%2FKEY"), ["v1", "secrets", "a/b/KEY"]);
        assert_eq!(texts("/a%252Fb"), ["a%2Fb"]);
        assert_eq!(texts("/%C3%A9"), ["é"]);
        assert_eq!(texts("/a+b"), ["a+b"]);
    }

    #[test]
    fn one_more_slash_is_accepted_at_the_front_only() {
        assert_eq!(texts("//v1/health"), ["v1", "health"]);
        assert_eq!(texts("/"), [""; 0]);
        for raw in ["///v1", "/v1//health", "/v1/health/", "//v1/health/"] {
            assert!(RawPath::parse(raw).is_err(), "{raw}");
        }
    }

    #[test]
    fn what_is_not_canonical_is_refused_by_name() {
        let malformed = [
            "",
            "v1",
            "*",
            "/a%",
            "/a%2",
            "/a%2g",
            "/a%zz",
            "/%%41",
            "/.",
            "/..",
            "/a/./b",
            "/a/../b",
            "/%2e",
            "/%2E%2e",
            "/a%2f..%2fb",
            "/a%2F%2Fb",
            "/%2Fa",
            "/a%2F",
            "/a%00b",
            "/%00",
            "/%ff",
            "/%C3",
            "/%c0%af",
        ];
        for raw in malformed {
            let error = RawPath::parse(raw).unwrap_err();
            assert_eq!((error.code.status(), error.errors[0].field.as_str()), (400, "path"), "{raw}");
        }
    }

    #[test]
    fn a_word_of_a_route_is_not_written_with_escapes() {
        let path = RawPath::parse("/v1/%76%31/v2").unwrap();
        let matches: Vec<_> = path.segments().iter().map(|segment| segment.is("v1")).collect();
        assert_eq!(matches, [true, false, false]);
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(raw in "\\PC{0,40}") {
            let _ = RawPath::parse(&raw);
        }

        #[test]
        fn an_encoded_path_means_the_same(parts in prop::collection::vec("[A-Za-z0-9 é~]{1,8}", 1..5)) {
            let encode = |part: &String| {
                percent_encoding::utf8_percent_encode(part, percent_encoding::NON_ALPHANUMERIC).to_string()
            };
            let raw = format!("/{}", parts.iter().map(encode).collect::<Vec<_>>().join("/"));
            prop_assert_eq!(texts(&raw), parts);
        }
    }
}
