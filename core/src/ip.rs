//! Source addresses: one strict reading of addresses and networks, and allowlists compiled for binary search.

use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv4Subnets, Ipv6Subnets};

use crate::codec::{DAMAGED, Reader, Writer};
use crate::error::{Error, ErrorCode, Hint};
use crate::sorted::sorted;

#[cfg(test)]
mod tests;

/// The most ranges of an [`Allowlist`].
pub const MAX_RANGES: usize = 100_000;

/// The address that the text is; an IPv4-mapped IPv6 address is the IPv4 address.
///
/// # Errors
///
/// [`ErrorCode::InvalidIp`] for text that is not four decimal numbers without leading zeros, or IPv6 as in RFC 4291 without a zone.
pub fn parse_address(text: &str) -> Result<IpAddr, Error> {
    let address: Result<IpAddr, _> = text.parse();
    address.map(|address| address.to_canonical()).map_err(|_| Error::new(ErrorCode::InvalidIp))
}

/// A network, or one address: `10.0.0.0/8`, `2001:db8::1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network(IpNet);

/// The length from which on a network of IPv4-mapped addresses is an IPv4 network.
const MAPPED_LENGTH: u8 = 96;

impl Network {
    /// The network that the text is.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidNetwork`] for text of another form, [`ErrorCode::HostBitsSet`] with the network meant.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refused = Error::new(ErrorCode::InvalidNetwork);
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(parse_length(length).ok_or_else(|| refused.clone())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| refused.clone())?;
        let net = match length {
            Some(length) => IpNet::new(address, length).map_err(|_| refused)?,
            None => IpNet::from(address),
        };
        let canonical = unmap(net)?;
        if canonical.trunc() != canonical {
            return Err(Error::new(ErrorCode::HostBitsSet).with_hint(Hint::Network(canonical.trunc())));
        }
        Ok(Self(canonical))
    }

    /// Whether the address lies in the network; an IPv4 address, mapped or not, lies in IPv4 networks only.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl fmt::Display for Network {
    /// The canonical text: always with a length, IPv4-mapped networks as IPv4.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn parse_length(text: &str) -> Option<u8> {
    let is_number = (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let leading_zero = text.len() > 1 && text.starts_with('0');
    if is_number && !leading_zero { text.parse().ok() } else { None }
}

/// A network of IPv4-mapped addresses as the IPv4 network that it is.
fn unmap(net: IpNet) -> Result<IpNet, Error> {
    let IpAddr::V4(address) = net.addr().to_canonical() else { return Ok(net) };
    let IpNet::V6(_) = net else { return Ok(net) };
    if let Some(Ok(unmapped)) =
        net.prefix_len().checked_sub(MAPPED_LENGTH).map(|length| Ipv4Net::new(address, length))
    {
        return Ok(unmapped.into());
    }
    // Too short for its address: probably the length of the IPv4 network.
    let error = Error::new(ErrorCode::HostBitsSet);
    Err(match Ipv4Net::new(address, net.prefix_len()) {
        Ok(meant) => error.with_hint(Hint::Network(meant.trunc().into())),
        Err(_) => error.with_hint(Hint::Because("an IPv4-mapped network has a length of 96 or more")),
    })
}

/// The networks from which a grant may be used, as sorted ranges that neither touch nor overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowlist {
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

impl Allowlist {
    /// The addresses of all the networks together.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::EmptyList`] for no network at all, [`ErrorCode::LimitExceeded`] above [`MAX_RANGES`].
    pub fn compile(networks: &[Network]) -> Result<Self, Error> {
        if networks.is_empty() {
            return Err(Error::because(
                ErrorCode::EmptyList,
                "leave the allowlist out to allow every address",
            ));
        }
        if networks.len() > MAX_RANGES {
            return Err(Error::new(ErrorCode::LimitExceeded).with_hint(Hint::AtMost(100_000)));
        }
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for network in networks {
            match network.0 {
                IpNet::V4(net) => v4.push((net.network().to_bits(), net.broadcast().to_bits())),
                IpNet::V6(net) => v6.push((net.network().to_bits(), net.broadcast().to_bits())),
            }
        }
        Ok(Self { v4: merge(v4, |n| n.checked_add(1)), v6: merge(v6, |n| n.checked_add(1)) })
    }

    /// Whether the address lies in one of the networks.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(address) => is_within(&self.v4, address.to_bits()),
            IpAddr::V6(address) => is_within(&self.v6, address.to_bits()),
        }
    }

    /// The fewest networks that hold the same addresses, IPv4 first, ascending.
    #[must_use]
    pub fn networks(&self) -> Vec<Network> {
        let v4 = self.v4.iter().map(|(start, end)| Ipv4Subnets::new((*start).into(), (*end).into(), 0));
        let v6 = self.v6.iter().map(|(start, end)| Ipv6Subnets::new((*start).into(), (*end).into(), 0));
        v4.flatten().map(IpNet::V4).chain(v6.flatten().map(IpNet::V6)).map(Network).collect()
    }

    /// Whether some address is in both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        meet(&self.v4, &other.v4) || meet(&self.v6, &other.v6)
    }

    /// Appends the compiled bytes.
    pub fn write(&self, writer: &mut Writer) {
        write_ranges(&self.v4, writer, Writer::u32);
        write_ranges(&self.v6, writer, Writer::u128);
    }

    /// The allowlist of compiled bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidCompiled`] for bytes that [`Allowlist::write`] does not write.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let v4 = read_ranges(reader, size_of::<u32>(), Reader::u32, |n| n.checked_add(1))?;
        let v6 = read_ranges(reader, size_of::<u128>(), Reader::u128, |n| n.checked_add(1))?;
        match v4.len().saturating_add(v6.len()) {
            1..=MAX_RANGES => Ok(Self { v4, v6 }),
            _ => Err(DAMAGED),
        }
    }
}

/// Sorts ranges and joins those that touch or overlap; `next` is the number after a number, `None` after the last.
fn merge<T: Ord + Copy>(ranges: Vec<(T, T)>, next: impl Fn(T) -> Option<T>) -> Vec<(T, T)> {
    let mut ranges = sorted(ranges);
    ranges.dedup_by(|(start, end), (_, last)| {
        let joined = next(*last).is_none_or(|next| *start <= next);
        if joined {
            *last = (*last).max(*end);
        }
        joined
    });
    ranges
}

fn is_within<T: Ord + Copy>(ranges: &[(T, T)], address: T) -> bool {
    let after = ranges.partition_point(|(start, _)| *start <= address);
    after.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|(_, end)| address <= *end)
}

/// Two sorted lists share a number exactly if one holds where a range of the other begins.
fn meet<T: Ord + Copy>(a: &[(T, T)], b: &[(T, T)]) -> bool {
    a.iter().any(|(start, _)| is_within(b, *start)) || b.iter().any(|(start, _)| is_within(a, *start))
}

fn write_ranges<T: Copy>(ranges: &[(T, T)], writer: &mut Writer, number: impl Fn(&mut Writer, T)) {
    // A list holds at most MAX_RANGES.
    writer.u32(u32::try_from(ranges.len()).unwrap_or(u32::MAX));
    for (start, end) in ranges {
        number(writer, *start);
        number(writer, *end);
    }
}

fn read_ranges<'a, T: Ord + Copy>(
    reader: &mut Reader<'a>,
    size: usize,
    number: impl Fn(&mut Reader<'a>) -> Result<T, Error>,
    next: impl Fn(T) -> Option<T>,
) -> Result<Vec<(T, T)>, Error> {
    let count = reader.count(size.saturating_mul(2))?;
    let mut ranges: Vec<(T, T)> = Vec::with_capacity(count);
    for _ in 0..count {
        let (start, end) = (number(reader)?, number(reader)?);
        let apart = ranges.last().is_none_or(|(_, last)| next(*last).is_some_and(|next| next < start));
        if !apart || start > end {
            return Err(DAMAGED);
        }
        ranges.push((start, end));
    }
    Ok(ranges)
}
