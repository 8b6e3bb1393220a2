//! Addresses and networks as text: strict reading, canonical writing.
//!
//! The standard library reads and writes the same, which a property test asserts; but its writing goes through `core::fmt`, and the two together
//! would take 3 kB of the package's module.

use alloc::string::String;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Network;
use crate::json::push_decimal;

/// The groups of 16 bits of an IPv6 address.
const GROUPS: usize = 8;

/// The address that the text is, as it is written: IPv4-mapped addresses are not unmapped.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    // What is not IPv4 is soon seen not to be.
    v4(text).map(IpAddr::V4).or_else(|| v6(text).map(IpAddr::V6))
}

/// The address of a network, and its length; an address alone is as long as it can be.
pub(super) fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (text, length) = match text.split_once('/') {
        Some((text, length)) => (text, Some(u8::try_from(decimal(length, 3)?).ok()?)),
        None => (text, None),
    };
    let address = address(text)?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let length = length.unwrap_or(most);
    (length <= most).then_some((address, length))
}

/// A number of at most so many digits, without leading zeros.
fn decimal(text: &str, digits: usize) -> Option<u32> {
    let leading_zero = text.len() > 1 && text.starts_with('0');
    if leading_zero { None } else { number(text, 10, digits) }
}

fn number(text: &str, base: u32, digits: usize) -> Option<u32> {
    if !(1..=digits).contains(&text.len()) {
        return None;
    }
    text.chars().try_fold(0_u32, |value, digit| value.checked_mul(base)?.checked_add(digit.to_digit(base)?))
}

/// Four numbers without leading zeros between dots. One pass over the bytes: this is read at every decision.
fn v4(text: &str) -> Option<Ipv4Addr> {
    let (mut address, mut number, mut digits, mut dots) = (0_u32, 0_u32, 0_u32, 0_u32);
    for byte in text.as_bytes() {
        match byte {
            b'0'..=b'9' if digits == 0 || number > 0 => {
                // INVARIANT: 255 at most before, so nothing wraps.
                number = number.wrapping_mul(10).wrapping_add(u32::from(byte & 15));
                digits = 1;
                if number > 255 {
                    return None;
                }
            }
            b'.' if digits > 0 && dots < 3 => {
                address = (address << 8) | number;
                (number, digits) = (0, 0);
                dots = dots.wrapping_add(1);
            }
            _ => return None,
        }
    }
    (digits > 0 && dots == 3).then_some(Ipv4Addr::from_bits((address << 8) | number))
}

/// RFC 4291, section 2.2.
fn v6(text: &str) -> Option<Ipv6Addr> {
    let mut groups = [0; GROUPS];
    // Not `split_once`: a search for more than one byte is half a kilobyte of its own.
    let gap = text.as_bytes().windows(2).position(|pair| pair == b"::");
    let Some((head, tail)) = gap.and_then(|at| text.split_at_checked(at)) else {
        return (read_groups(text, &mut groups)? == GROUPS).then_some(groups.into());
    };
    let tail = tail.strip_prefix("::").unwrap_or(tail);
    let before = read_groups(head, &mut groups)?;
    let mut end = [0; GROUPS];
    let after = read_groups(tail, &mut end)?;
    // `::` stands for one group at least, and an IPv4 address only at the very end.
    let gap = GROUPS.checked_sub(before)?.checked_sub(after)?;
    if gap == 0 || head.contains('.') {
        return None;
    }
    groups.get_mut(before.saturating_add(gap)..)?.copy_from_slice(end.get(..after)?);
    Some(groups.into())
}

/// Reads groups between colons, the last two perhaps as an IPv4 address, and returns how many there are.
fn read_groups(text: &str, groups: &mut [u16; GROUPS]) -> Option<usize> {
    if text.is_empty() {
        return Some(0);
    }
    let mut count = 0_usize;
    let mut parts = text.split(':').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() && part.contains('.') {
            let [a, b, c, d] = v4(part)?.octets();
            *groups.get_mut(count)? = u16::from_be_bytes([a, b]);
            count = count.saturating_add(1);
            *groups.get_mut(count)? = u16::from_be_bytes([c, d]);
        } else {
            *groups.get_mut(count)? = u16::try_from(number(part, 16, 4)?).ok()?;
        }
        count = count.saturating_add(1);
    }
    Some(count)
}

/// Appends a network: its address, which is not IPv4-mapped, as RFC 5952 says, and its length.
pub(crate) fn write_network(text: &mut String, network: Network) {
    match network.address {
        IpAddr::V4(address) => {
            let mut between = "";
            for byte in address.octets() {
                text.push_str(between);
                push_decimal(text, byte.into());
                between = ".";
            }
        }
        IpAddr::V6(address) => write_groups(text, &address.segments()),
    }
    text.push('/');
    push_decimal(text, network.length.into());
}

/// RFC 5952, section 4: the first of the longest runs of zeros, of two groups at least, is `::`.
fn write_groups(text: &mut String, groups: &[u16; GROUPS]) {
    let zeros = |start: usize| groups.iter().skip(start).take_while(|group| **group == 0).count();
    let mut gap = (0, 1);
    for start in 0..GROUPS {
        if zeros(start) > gap.1 {
            gap = (start, zeros(start));
        }
    }
    let end = gap.0.saturating_add(gap.1);
    for (index, group) in groups.iter().enumerate() {
        if gap.1 > 1 && (gap.0..end).contains(&index) {
            if index == gap.0 {
                text.push_str("::");
            }
            continue;
        }
        if index > 0 && !(gap.1 > 1 && index == end) {
            text.push(':');
        }
        let digits = [group >> 12, group >> 8, group >> 4, *group].map(|digit| u32::from(digit & 15));
        let digits = digits.iter().enumerate().skip_while(|(place, digit)| **digit == 0 && *place < 3);
        text.extend(digits.filter_map(|(_, digit)| char::from_digit(*digit, 16)));
    }
}
