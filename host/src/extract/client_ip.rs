//! Where a request comes from: the socket's peer, or what a trusted proxy says.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, header};
use warded_core::ip::{Network, parse_address};

use crate::config::ForwardedHeader;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Whom to believe about a client's address.
#[derive(Debug, Clone, Copy)]
pub struct Believed<'a> {
    /// The proxies.
    pub proxies: &'a [Network],
    /// The one header that they set.
    pub header: ForwardedHeader,
}

/// The address that a request comes from.
///
/// It is the peer's, unless the peer is a trusted proxy: then all lines of the one header, joined in order and walked from the right past
/// trusted addresses. A header that is missing, malformed or names trusted addresses only leaves the address unknown.
#[must_use]
pub fn client_ip(peer: IpAddr, headers: &HeaderMap, believed: Believed<'_>) -> Option<IpAddr> {
    let peer = peer.to_canonical();
    if !is_trusted(peer, believed.proxies) {
        return Some(peer);
    }
    let lines = |name: HeaderName| -> Option<String> {
        let lines: Result<Vec<&str>, _> = headers.get_all(name).iter().map(|line| line.to_str()).collect();
        lines.ok().map(|lines| lines.join(","))
    };
    let hops = match believed.header {
        ForwardedHeader::Forwarded => parse_forwarded(&lines(header::FORWARDED)?)?,
        ForwardedHeader::XForwardedFor => parse_list(&lines(X_FORWARDED_FOR)?),
    };
    // The first hop from the right that is not one of ours decides, whatever stands further left.
    hops.into_iter().rev().find(|hop| hop.is_none_or(|ip| !is_trusted(ip, believed.proxies))).flatten()
}

/// Whether an address belongs to a trusted proxy.
#[must_use]
pub fn is_trusted(address: IpAddr, proxies: &[Network]) -> bool {
    proxies.iter().any(|network| network.contains(address))
}

/// The hops of `X-Forwarded-For`; `None` for one that is not an address.
fn parse_list(text: &str) -> Vec<Option<IpAddr>> {
    text.split(',').map(|hop| parse_hop(trim(hop))).collect()
}

/// An address with or without a port: `1.2.3.4`, `1.2.3.4:80`, `::1`, `[::1]`, `[::1]:80`.
fn parse_hop(text: &str) -> Option<IpAddr> {
    if text.matches(':').count() > 1 && !text.starts_with('[') {
        return parse_address(text).ok();
    }
    parse_node(text)
}

/// A node of RFC 7239, section 6, that is an address: IPv6 stands in brackets, a port may follow.
fn parse_node(text: &str) -> Option<IpAddr> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let port_is_right = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return parse_address(address).ok().filter(|_| port_is_right && address.contains(':'));
    }
    let (address, port) = text.split_once(':').unwrap_or((text, "0"));
    parse_address(address).ok().filter(|_| is_port(port))
}

fn is_port(text: &str) -> bool {
    let is_number = || {
        (1..=5).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && text.parse::<u16>().is_ok()
    };
    let is_obfuscated = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    text.strip_prefix('_').map_or_else(is_number, is_obfuscated)
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// The hops of `Forwarded` (RFC 7239, section 4); `None` if the header as a whole is malformed, since a quote left open by a client would
/// otherwise swallow what the proxy wrote behind it.
fn parse_forwarded(text: &str) -> Option<Vec<Option<IpAddr>>> {
    let mut hops = Vec::new();
    let mut rest = trim(text);
    loop {
        let (hop, behind) = parse_element(rest)?;
        hops.push(hop);
        match behind.strip_prefix(',') {
            Some(next) => rest = trim(next),
            None if behind.is_empty() => return Some(hops),
            None => return None,
        }
    }
}

/// One element: pairs of name and value, separated by semicolons; answers its `for` and what follows it.
fn parse_element(mut rest: &str) -> Option<(Option<IpAddr>, &str)> {
    let mut node: Option<String> = None;
    loop {
        let (name, behind) = parse_token(rest)?;
        let (value, behind) = parse_value(behind.strip_prefix('=')?)?;
        if name.eq_ignore_ascii_case("for") && node.replace(value).is_some() {
            return None;
        }
        rest = trim(behind);
        match rest.strip_prefix(';') {
            Some(next) => rest = trim(next),
            None => return Some((node.as_deref().and_then(parse_node), rest)),
        }
    }
}

fn parse_value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        return parse_token(text).map(|(token, rest)| (token.to_owned(), rest));
    };
    let mut value = String::new();
    let mut characters = quoted.chars();
    loop {
        match characters.next()? {
            '"' => return Some((value, characters.as_str())),
            '\\' => value.push(characters.next()?),
            other => value.push(other),
        }
    }
}

/// A token of RFC 9110, section 5.6.2.
fn parse_token(text: &str) -> Option<(&str, &str)> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let end = text.bytes().position(|byte| !is_token(byte)).unwrap_or(text.len());
    text.split_at_checked(end).filter(|(token, _)| !token.is_empty())
}

#[cfg(test)]
mod tests;
