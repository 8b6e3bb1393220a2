//! The address that a webhook is given, as far as it can be judged before it is called.

use std::net::IpAddr;

use ureq::http::Uri;
use warded_core::ip::Network;

use super::address::may_reach;
use crate::error::ApiError;

/// The longest address.
const MAX_URL: usize = 2_048;

/// Checks where a webhook is to go. The address that a name stands for is judged at each connection.
///
/// # Errors
/// 400 naming `url`.
pub fn check_url(text: &str, listed: &[Network]) -> Result<(), ApiError> {
    let refused = |rule: &str| Err(ApiError::invalid("url", rule));
    if text.len() > MAX_URL {
        return refused("is longer than 2048 characters");
    }
    // What a parser might drop, repair or read as another host is refused here.
    if text.contains(['#', '\\', '@']) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return refused("must be plain ASCII without `#`, `\\`, `@` and spaces");
    }
    let Ok(uri) = text.parse::<Uri>() else { return refused("is no URL") };
    let is_tls = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return refused("must begin with `https://`"),
    };
    let host = uri.host().unwrap_or_default();
    if host.is_empty() || uri.port().is_some_and(|port| port.as_u16() == 0) {
        return refused("has no host or no port that can be called");
    }
    if !is_tls && listed.is_empty() {
        return refused("must begin with `https://`; `http://` goes only to what `webhook_allow` lists");
    }
    let literal: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    match literal {
        Some(address) if may_reach(address, is_tls, listed) => Ok(()),
        Some(_) => refused("is an address that is not public, and that `webhook_allow` does not list"),
        None if is_number(host) => refused("is an address in disguise: write it as 192.0.2.1"),
        None => Ok(()),
    }
}

/// A name whose last part is a number is read as an address by every resolver: `127.1`, `2130706433`, `0x7f.1`.
fn is_number(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let hex = last.strip_prefix("0x");
    last.bytes().all(|byte| byte.is_ascii_digit())
        || hex.is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, listed: &[&str]) -> bool {
        let listed: Vec<_> = listed.iter().map(|text| Network::parse(text).unwrap()).collect();
        check_url(text, &listed).is_ok()
    }

    #[test]
    fn a_public_address_with_tls_is_taken() {
        for url in [
            "https://example.com/hook?x=1",
            "https://example.com:8443",
            "https://1.1.1.1/a",
            "https://[2606:4700::1]/",
        ] {
            assert!(check(url, &[]), "{url}");
        }
    }

    #[test]
    fn what_is_private_disguised_or_no_url_is_refused() {
        for url in [
            "",
            "example.com",
            "ftp://example.com/",
            "http://example.com/",
            "https://",
            "https:///path",
            "https://example.com:0/",
            "https://user:secret@example.com/",
            "https://example.com/#a",
            "https://example.com\\@127.0.0.1/",
            "https://exämple.com/",
            "https://example.com/a b",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://127.0.0.1./",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://169.254.169.254/latest/meta-data/",
        ] {
            assert!(!check(url, &[]), "{url}");
        }
        assert!(!check(&format!("https://example.com/{}", "a".repeat(2_048)), &[]));
    }

    #[test]
    fn what_is_listed_may_be_named_even_without_tls() {
        assert!(check("http://127.0.0.1:9000/hook", &["127.0.0.0/8"]));
        assert!(check("http://receiver.internal/hook", &["10.0.0.0/8"]), "judged when it is called");
        assert!(!check("http://10.0.0.1/hook", &["127.0.0.0/8"]));
        assert!(!check("https://2130706433/", &["127.0.0.0/8"]), "one spelling only");
    }
}
