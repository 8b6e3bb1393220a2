//! Origins as browsers write them.

/// The origin of a page: scheme, host, and the port where it is not the scheme's own.
///
/// Only what a browser sends is accepted, since anything else would match nothing: a wildcard, a path or a capital letter is a mistake.
pub(super) fn parse(text: &str) -> Result<String, String> {
    let refused =
        || Err("expected an origin such as `https://console.example.com`, without a path".to_owned());
    let Some((scheme, authority)) = text.split_once("://") else { return refused() };
    let is_scheme = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    if !scheme.starts_with(|first: char| first.is_ascii_lowercase()) || !scheme.bytes().all(is_scheme) {
        return refused();
    }
    let (host, port) = split_port(authority);
    let is_host = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._[]:".contains(&byte);
    if host.is_empty() || !host.bytes().all(is_host) {
        return refused();
    }
    match (scheme, port) {
        ("http", Some("80")) | ("https", Some("443")) => {
            Err("leave out the port: browsers do where it is the scheme's own".to_owned())
        }
        (_, Some(port)) if port.starts_with('0') || port.parse::<u16>().is_err() => refused(),
        _ => Ok(text.to_owned()),
    }
}

/// The port stands behind the last colon, unless that is one of an IPv6 address.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for text in [
            "https://console.example.com",
            "http://localhost:3000",
            "http://[::1]:8080",
            "http://[::1]",
            "chrome-extension://abcdefghijklmnop",
        ] {
            assert_eq!(parse(text).as_deref(), Ok(text));
        }
        for text in [
            "*",
            "null",
            "",
            "example.com",
            "https://",
            "https://*.example.com",
            "https://example.com/",
            "https://example.com/app",
            "https://Example.com",
            "HTTPS://example.com",
            "https://user@example.com",
            "https://example.com:443",
            "http://example.com:80",
            "https://example.com:0443",
            "https://example.com:99999",
            "https://example.com:",
            "https://a b",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
