use axum::http::HeaderValue;
use proptest::prelude::*;

use super::*;

fn proxies() -> Vec<Network> {
    ["10.0.0.0/8", "2001:db8:1::/48"].into_iter().map(|text| Network::parse(text).unwrap()).collect()
}

fn seen(peer: &str, header: ForwardedHeader, lines: &[&str]) -> Option<String> {
    let mut headers = HeaderMap::new();
    let name = match header {
        ForwardedHeader::Forwarded => header::FORWARDED,
        ForwardedHeader::XForwardedFor => X_FORWARDED_FOR,
    };
    for line in lines {
        headers.append(&name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
    }
    let proxies = proxies();
    let believed = Believed { proxies: &proxies, header };
    client_ip(peer.parse().unwrap(), &headers, believed).map(|ip| ip.to_string())
}

fn list(lines: &[&str]) -> Option<String> {
    seen("10.0.0.1", ForwardedHeader::XForwardedFor, lines)
}

fn forwarded(lines: &[&str]) -> Option<String> {
    seen("10.0.0.1", ForwardedHeader::Forwarded, lines)
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_stranger_is_its_own_address_whatever_it_sends() {
    assert_eq!(seen("192.0.2.1", ForwardedHeader::XForwardedFor, &["1.1.1.1"]), some("192.0.2.1"));
    assert_eq!(seen("::ffff:192.0.2.1", ForwardedHeader::Forwarded, &["for=1.1.1.1"]), some("192.0.2.1"));
    assert_eq!(seen("192.0.2.1", ForwardedHeader::Forwarded, &["\"\"\""]), some("192.0.2.1"));
}

#[test]
fn a_mapped_proxy_is_the_same_proxy() {
    assert_eq!(seen("::ffff:10.0.0.1", ForwardedHeader::XForwardedFor, &["192.0.2.9"]), some("192.0.2.9"));
}

#[test]
fn the_list_is_walked_from_the_right_past_trusted_addresses() {
    assert_eq!(list(&["1.1.1.1, 192.0.2.9, 10.9.9.9"]), some("192.0.2.9"));
    assert_eq!(list(&["1.1.1.1", "192.0.2.9", "10.9.9.9"]), some("192.0.2.9"));
    assert_eq!(list(&["garbage,,'\", 192.0.2.9"]), some("192.0.2.9"));
    assert_eq!(list(&["1.1.1.1, garbage, 10.9.9.9"]), None);
}

#[test]
fn addresses_of_the_list_may_carry_ports() {
    for (hop, expected) in [
        ("192.0.2.9:8080", Some("192.0.2.9")),
        ("2001:db8::9", Some("2001:db8::9")),
        ("[2001:db8::9]", Some("2001:db8::9")),
        ("[2001:db8::9]:443", Some("2001:db8::9")),
        ("::ffff:192.0.2.9", Some("192.0.2.9")),
        ("192.0.2.9:99999", None),
        ("192.0.2.9:", None),
        ("192.0.2.9:+80", None),
        ("[192.0.2.9]", None),
        ("[2001:db8::9]443", None),
        ("010.0.0.1", None),
        ("fe80::1%eth0", None),
        ("unknown", None),
        ("", None),
    ] {
        assert_eq!(list(&[hop]).as_deref(), expected, "{hop}");
    }
}

#[test]
fn missing_or_all_trusted_is_unknown() {
    assert_eq!(list(&[]), None);
    assert_eq!(list(&["10.1.1.1, 10.2.2.2"]), None);
    assert_eq!(forwarded(&[]), None);
    assert_eq!(forwarded(&["for=10.1.1.1"]), None);
}

#[test]
fn only_the_configured_header_is_read() {
    let mut headers = HeaderMap::new();
    headers.insert(&X_FORWARDED_FOR, HeaderValue::from_static("1.1.1.1"));
    headers.insert(header::FORWARDED, HeaderValue::from_static("for=192.0.2.9"));
    let proxies = proxies();
    let believed = Believed { proxies: &proxies, header: ForwardedHeader::Forwarded };
    assert_eq!(
        client_ip("10.0.0.1".parse().unwrap(), &headers, believed),
        Some("192.0.2.9".parse().unwrap())
    );
}

#[test]
fn forwarded_is_read_as_rfc_7239_writes_it() {
    for (line, expected) in [
        ("for=192.0.2.43", Some("192.0.2.43")),
        ("For=\"[2001:db8:cafe::17]:4711\"", Some("2001:db8:cafe::17")),
        ("for=192.0.2.60;proto=http;by=203.0.113.43", Some("192.0.2.60")),
        ("by=1.1.1.1 ; for=192.0.2.60", Some("192.0.2.60")),
        ("for=\"192.0.2.43:_port-1\"", Some("192.0.2.43")),
        ("for=1.1.1.1, for=\"192.0.2\\.7\"", Some("192.0.2.7")),
        ("for=192.0.2.43, for=10.0.0.9;host=\"a,b;c\"", Some("192.0.2.43")),
        ("for=unknown", None),
        ("for=_hidden", None),
        ("proto=https", None),
        ("for=2001:db8::1", None),
        ("for=\"2001:db8::1\"", None),
        ("for=192.0.2.43;for=192.0.2.44", None),
        ("for=192.0.2.43,", None),
        ("for=192.0.2.43;", None),
        ("for = 192.0.2.43", None),
        ("for=\"192.0.2.43", None),
        ("192.0.2.43", None),
    ] {
        assert_eq!(forwarded(&[line]).as_deref(), expected, "{line}");
    }
}

#[test]
fn a_quote_left_open_cannot_swallow_the_proxys_part() {
    assert_eq!(forwarded(&["for=\"1.1.1.1", "for=192.0.2.9"]), None);
    assert_eq!(forwarded(&["for=\"1.1.1.1, for=\"[2001:db8::9]:1\""]), None);
    assert_eq!(forwarded(&["for=\"1.1.1.1\\, for=\"[2001:db8::9]:1\""]), None);
}

proptest! {
    #[test]
    fn nothing_a_client_writes_moves_what_the_proxy_adds(prefix in "[ -~]{0,60}") {
        let added = [prefix.as_str(), "192.0.2.9"];
        prop_assert_eq!(list(&added), some("192.0.2.9"));
        prop_assert_eq!(list(&[&added.join(", ")]), some("192.0.2.9"));
        for element in ["for=192.0.2.9", "for=\"192.0.2.9:80\";proto=https"] {
            let seen = forwarded(&[&prefix, element]);
            prop_assert!(seen.is_none() || seen == some("192.0.2.9"), "{:?}", seen);
        }
    }

    #[test]
    fn no_header_makes_the_parsers_panic(bytes in proptest::collection::vec(1_u8..=255, 0..80)) {
        let Ok(value) = HeaderValue::from_bytes(&bytes) else { return Ok(()) };
        let proxies = proxies();
        for (name, header) in [(header::FORWARDED, ForwardedHeader::Forwarded), (X_FORWARDED_FOR, ForwardedHeader::XForwardedFor)] {
            let headers = HeaderMap::from_iter([(name, value.clone())]);
            let _ = client_ip("10.0.0.1".parse().unwrap(), &headers, Believed { proxies: &proxies, header });
        }
    }
}
