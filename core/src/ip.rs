//! Source addresses: one strict reading of addresses and networks, and allowlists compiled for binary search.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::codec::{Reader, Writer, damaged};
use crate::error::{Error, ErrorCode, Hint};
use crate::sorted::sort;

mod text;

#[cfg(test)]
mod tests;

pub(crate) use text::write_network;

/// The most ranges of an [`Allowlist`].
pub const MAX_RANGES: usize = 100_000;

/// The address that the text is; an IPv4-mapped IPv6 address is the IPv4 address.
///
/// # Errors
///
/// [`ErrorCode::InvalidIp`] for text that is not four decimal numbers without leading zeros, or IPv6 as in RFC 4291 without a zone.
pub fn parse_address(text: &str) -> Result<IpAddr, Error> {
    text::address(text).map(|address| address.to_canonical()).ok_or_else(|| Error::new(ErrorCode::InvalidIp))
}

/// A network, or one address: `10.0.0.0/8`, `2001:db8::1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    /// Never IPv4-mapped; the bits behind the length are zero.
    address: IpAddr,
    length: u8,
}

/// The length from which on a network of IPv4-mapped addresses is an IPv4 network.
const MAPPED_LENGTH: u8 = 96;

impl Network {
    /// The network that the text is.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidNetwork`] for text of another form, [`ErrorCode::HostBitsSet`] with the network meant.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (address, length) = text::network(text).ok_or_else(|| Error::new(ErrorCode::InvalidNetwork))?;
        let given = unmap(address, length)?;
        let network = given.truncated();
        if network != given {
            return Err(Error::new(ErrorCode::HostBitsSet).with_hint(Hint::Network(network)));
        }
        Ok(network)
    }

    /// Whether the address lies in the network; an IPv4 address, mapped or not, lies in IPv4 networks only.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        Self { address: address.to_canonical(), length: self.length }.truncated() == self
    }

    /// The first address and the last one.
    fn range(self) -> (u128, u128) {
        let (bits, width) = bits(self.address);
        let host = host_bits(width, self.length);
        (bits & !host, bits | host)
    }

    /// The network that the address lies in.
    fn truncated(self) -> Self {
        let (_, width) = bits(self.address);
        Self { address: from_bits(self.range().0, width), ..self }
    }
}

/// An address as a number, and how many bits it has.
fn bits(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(address) => (address.to_bits().into(), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

fn from_bits(bits: u128, width: u8) -> IpAddr {
    match u32::try_from(bits) {
        Ok(bits) if width == 32 => Ipv4Addr::from_bits(bits).into(),
        _ => Ipv6Addr::from_bits(bits).into(),
    }
}

/// Ones in the bits behind the length.
fn host_bits(width: u8, length: u8) -> u128 {
    let host = width.saturating_sub(length);
    (u128::from(ones(host.saturating_sub(64))) << 64) | u128::from(ones(host.min(64)))
}

/// Ones in the lowest bits. By halves, because a shift of 128 bits by a variable is a library routine in Wasm.
fn ones(count: u8) -> u64 {
    u64::MAX.checked_shr(64_u32.saturating_sub(count.into())).unwrap_or(0)
}

impl fmt::Display for Network {
    /// The canonical text: always with a length, IPv4-mapped networks as IPv4.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        write_network(&mut text, *self);
        f.write_str(&text)
    }
}

/// A network of IPv4-mapped addresses as the IPv4 network that it is.
fn unmap(address: IpAddr, length: u8) -> Result<Network, Error> {
    let canonical = address.to_canonical();
    if canonical == address {
        return Ok(Network { address, length });
    }
    if let Some(length) = length.checked_sub(MAPPED_LENGTH) {
        return Ok(Network { address: canonical, length });
    }
    // Too short for its address: probably the length of the IPv4 network.
    let error = Error::new(ErrorCode::HostBitsSet);
    Err(if length <= 32 {
        error.with_hint(Hint::Network(Network { address: canonical, length }.truncated()))
    } else {
        error.with_hint(Hint::Because("an IPv4-mapped network has a length of 96 or more"))
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
        let of = |is_v4: bool| {
            let family = networks.iter().filter(|network| network.address.is_ipv4() == is_v4);
            merge(family.map(|network| network.range()).collect())
        };
        Ok(Self { v4: narrowed(of(true)), v6: of(false) })
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
        let mut networks = Vec::new();
        for (start, end) in &self.v4 {
            split((*start).into(), (*end).into(), 32, &mut networks);
        }
        for (start, end) in &self.v6 {
            split(*start, *end, 128, &mut networks);
        }
        networks
    }

    /// Whether some address is in both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        meet(&self.v4, &other.v4) || meet(&self.v6, &other.v6)
    }

    /// Whether every address of the inner list is in this one.
    pub(crate) fn include(&self, inner: &Self) -> bool {
        // INVARIANT: ranges do not touch, so a range lies in one of them or in none.
        inner.v4.iter().all(|range| has_range(&self.v4, *range))
            && inner.v6.iter().all(|range| has_range(&self.v6, *range))
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
        let v4 = narrowed(read_ranges(reader, size_of::<u32>(), |reader| reader.u32().map(u128::from))?);
        let v6 = read_ranges(reader, size_of::<u128>(), Reader::u128)?;
        match v4.len().saturating_add(v6.len()) {
            1..=MAX_RANGES => Ok(Self { v4, v6 }),
            _ => Err(damaged()),
        }
    }
}

/// The fewest networks that hold the addresses of a range.
fn split(start: u128, end: u128, width: u8, networks: &mut Vec<Network>) {
    let mut next = Some(start);
    while let Some(start) = next.filter(|start| *start <= end) {
        // The largest block that begins here and does not reach beyond the end.
        let mut length = width;
        let mut last = start;
        while let Some(shorter) = length.checked_sub(1) {
            let host = host_bits(width, shorter);
            if start & host != 0 || start | host > end {
                break;
            }
            (length, last) = (shorter, start | host);
        }
        networks.push(Network { address: from_bits(start, width), length });
        next = last.checked_add(1);
    }
}

type Ranges = Vec<(u128, u128)>;

/// Ranges of IPv4, in a quarter of the room.
fn narrowed(ranges: Ranges) -> Vec<(u32, u32)> {
    // They come from 32 bits.
    let narrow = |bits: u128| u32::try_from(bits).unwrap_or(u32::MAX);
    ranges.into_iter().map(|(start, end)| (narrow(start), narrow(end))).collect()
}

/// Sorts ranges and joins those that touch or overlap.
fn merge(mut ranges: Ranges) -> Ranges {
    sort(&mut ranges);
    ranges.dedup_by(|(start, end), (_, last)| {
        let joined = last.checked_add(1).is_none_or(|next| *start <= next);
        if joined {
            *last = (*last).max(*end);
        }
        joined
    });
    ranges
}

fn is_within<T: Ord + Copy>(ranges: &[(T, T)], address: T) -> bool {
    has_range(ranges, (address, address))
}

fn has_range<T: Ord + Copy>(ranges: &[(T, T)], (first, last): (T, T)) -> bool {
    let after = ranges.partition_point(|(start, _)| *start <= first);
    after.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|(_, end)| last <= *end)
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

fn read_ranges<'a>(
    reader: &mut Reader<'a>,
    size: usize,
    number: fn(&mut Reader<'a>) -> Result<u128, Error>,
) -> Result<Ranges, Error> {
    let count = reader.count(size.saturating_mul(2))?;
    let mut ranges = Ranges::with_capacity(count);
    for _ in 0..count {
        let (start, end) = (number(reader)?, number(reader)?);
        let apart =
            ranges.last().is_none_or(|(_, last)| last.checked_add(1).is_some_and(|next| next < start));
        if !apart || start > end {
            return Err(damaged());
        }
        ranges.push((start, end));
    }
    Ok(ranges)
}
