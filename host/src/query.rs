//! The query of a request: each parameter once, each one known.

use percent_encoding::percent_decode_str;

use crate::error::ApiError;
use crate::openapi::parameter::{self, Parameter};
use crate::raw_path::are_escapes_whole;

/// Parameters in the order given; [`check`](Self::check) refuses those that a route does not have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Parses the text after `?`, as browsers write forms.
    ///
    /// # Errors
    /// 400 naming the parameter: a malformed escape, text that is not UTF-8, NUL, or a parameter given twice.
    pub fn parse(raw: Option<&str>) -> Result<Self, ApiError> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        for piece in raw.unwrap_or_default().split('&').filter(|piece| !piece.is_empty()) {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            let name = decode(name, "query")?;
            let value = decode(value, &name)?;
            if parameters.iter().any(|(known, _)| *known == name) {
                return Err(ApiError::invalid(shown(&name), "is given twice"));
            }
            parameters.push((name, value));
        }
        Ok(Self(parameters))
    }

    /// A parameter that may be absent.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let index = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(index).1)
    }

    /// A whole number from `least` to `most`, or what holds if it is absent.
    ///
    /// # Errors
    /// 400 naming the parameter.
    pub fn take_number(&mut self, name: &str, least: u64, most: u64) -> Result<Option<u64>, ApiError> {
        self.take(name).map(|text| parameter::number(name, &text, least, most)).transpose()
    }

    /// Refuses a parameter that is not among those that the route has, or not what the table says.
    ///
    /// # Errors
    /// 400 naming it.
    pub fn check(&self, known: &[Parameter]) -> Result<(), ApiError> {
        for (name, text) in &self.0 {
            let parameter = known.iter().find(|parameter| parameter.name == name);
            parameter.ok_or_else(|| ApiError::invalid(shown(name), "unknown parameter"))?.check(text)?;
        }
        Ok(())
    }
}

fn decode(raw: &str, name: &str) -> Result<String, ApiError> {
    let refused = |rule| ApiError::invalid(shown(name), rule);
    if !are_escapes_whole(raw) {
        return Err(refused("`%` must stand before two hex digits"));
    }
    let spaced = raw.replace('+', " ");
    let text = percent_decode_str(&spaced).decode_utf8().map_err(|_| refused("must be UTF-8"))?;
    if text.contains('\0') {
        return Err(refused("must not hold NUL"));
    }
    Ok(text.into_owned())
}

/// A parameter's name if it looks like one: a token in its place is not repeated.
fn shown(name: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    if (1..=32).contains(&name.len()) && name.bytes().all(plain) { name } else { "query" }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: Parameter = Parameter::number("page", "", 1, 2);

    #[test]
    fn parameters_are_decoded_as_forms_are() {
        let mut query = Query::parse(Some("namespace=a%2Fb&&q=x+y%2B&flag")).unwrap();
        assert_eq!(query.take("namespace").as_deref(), Some("a/b"));
        assert_eq!(query.take("q").as_deref(), Some("x y+"));
        assert_eq!(query.take("flag").as_deref(), Some(""));
        assert_eq!(query.take("flag"), None);
        assert_eq!(query, Query::parse(None).unwrap());
    }

    #[test]
    fn what_is_malformed_twice_or_unknown_is_refused_by_name() {
        for (raw, field) in
            [("a=%", "a"), ("a=%ff", "a"), ("a=%00", "a"), ("%zz=1", "query"), ("a=1&a=2", "a")]
        {
            assert_eq!(Query::parse(Some(raw)).unwrap_err().errors[0].field, field, "{raw}");
        }
        for (raw, field) in [("limit=1", "limit"), ("wds_0123456789=1", "query")] {
            let query = Query::parse(Some(raw)).unwrap();
            assert_eq!(query.check(&[PAGE]).unwrap_err().errors[0].field, field);
        }
        assert_eq!(Query::parse(Some("page=1")).unwrap().check(&[PAGE]), Ok(()));
        assert_eq!(Query::parse(Some("page=3")).unwrap().check(&[PAGE]).unwrap_err().errors[0].field, "page");
    }

    #[test]
    fn a_word_is_one_of_its_list() {
        let status = Parameter::word("status", "", &["open", "closed"]);
        let check = |raw| Query::parse(Some(raw)).unwrap().check(&[status]);
        assert_eq!(check("status=open"), Ok(()));
        for raw in ["status=", "status=Open", "status=op"] {
            assert_eq!(check(raw).unwrap_err().message, "`status`: expected one of: open, closed", "{raw}");
        }
    }

    #[test]
    fn a_number_is_digits_in_its_range() {
        let take = |raw| Query::parse(Some(raw)).unwrap().take_number("limit", 1, 10);
        assert_eq!(take("limit=10"), Ok(Some(10)));
        assert_eq!(take(""), Ok(None));
        for raw in [
            "limit=0",
            "limit=11",
            "limit=%2B1",
            "limit=-1",
            "limit=",
            "limit=1.0",
            "limit=99999999999999999999",
        ] {
            assert_eq!(take(raw).unwrap_err().errors[0].field, "limit", "{raw}");
        }
    }
}
