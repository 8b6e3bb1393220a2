//! A server's address, which decides whether a key may go there.

use std::net::IpAddr;

use ureq::http::Uri;

use crate::cli::failure::Failure;
use crate::cli::plain::plain;

/// A base URL that was judged fit to be sent a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    text: String,
    loopback: bool,
    https: bool,
}

impl Origin {
    /// Parses a base URL; `insecure_http` allows plain HTTP to other machines.
    ///
    /// # Errors
    /// It is no base URL of HTTP, or a key would travel in clear.
    pub fn parse(text: &str, insecure_http: bool) -> Result<Self, Failure> {
        let wrong = |what: &str| {
            Failure::Usage(format!(
                "`{}` {what}: expected an address such as https://warded.example.com",
                plain(text)
            ))
        };
        // What stands before `@` could be a password, so it is not repeated.
        if text.contains('@') {
            return Err(Failure::Usage(
                "a URL with `@` is refused: the key goes into a file, see --key-file".to_owned(),
            ));
        }
        let uri: Uri = text.parse().map_err(|_| wrong("is no URL"))?;
        let https = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(wrong("does not begin with http:// or https://")),
        };
        if uri.query().is_some() || text.contains('#') {
            return Err(wrong("has a query or a fragment"));
        }
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| wrong("names no host"))?;
        let loopback = is_loopback(host);
        if !(https || loopback || insecure_http) {
            return Err(Failure::Usage(format!(
                "`{}` would send the key to another machine without encryption: use https://, or --insecure-http if the network between is \
                 yours",
                plain(text)
            )));
        }
        Ok(Self { text: text.trim_end_matches('/').to_owned(), loopback, https })
    }

    /// The text, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is this machine.
    #[must_use]
    pub const fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Whether the way there is encrypted.
    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.https
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    // RFC 6761: `localhost` is this machine.
    host.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Origin, String> {
        Origin::parse(text, false).map_err(|failure| failure.to_string())
    }

    #[test]
    fn this_machine_may_be_spoken_to_in_clear() {
        for text in
            ["http://127.0.0.1:8200", "http://127.8.9.1", "http://[::1]:8200/", "http://localhost:1//"]
        {
            let origin = parse(text).unwrap();
            assert_eq!((origin.is_loopback(), origin.is_https()), (true, false), "{text}");
            assert!(!origin.as_str().ends_with('/'));
        }
    }

    #[test]
    fn another_machine_is_spoken_to_in_clear_only_when_asked_for() {
        for text in [
            "http://10.0.0.1",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://[::2]",
        ] {
            assert!(parse(text).unwrap_err().contains("--insecure-http"), "{text}");
            assert!(!Origin::parse(text, true).unwrap().is_loopback(), "{text}");
        }
        let origin = parse("https://warded.example.com/behind/").unwrap();
        assert_eq!((origin.as_str(), origin.is_https()), ("https://warded.example.com/behind", true));
    }

    #[test]
    fn what_is_no_base_url_is_refused_without_repeating_a_password() {
        for text in [
            "",
            "127.0.0.1:8200",
            "ftp://127.0.0.1",
            "http://",
            "http://127.0.0.1?a",
            "http://127.0.0.1/#a",
            "a b",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        let message = parse("https://me:hunter2@warded.example.com").unwrap_err();
        assert!(!message.contains("hunter2") && message.contains("--key-file"), "{message}");
    }
}
