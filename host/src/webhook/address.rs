//! Where a webhook may go: public addresses, and those that the operator has listed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use warded_core::ip::Network;

/// What is not public, or must not be reached from a server: the registries of special addresses (RFC 6890 and its updates), multicast, and
/// the metadata services of clouds that have a public address.
const REFUSED_V4: [(Ipv4Addr, u32); 18] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(192, 175, 48, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// Whether an address may be connected to; without TLS only if it is listed.
pub(super) fn may_reach(address: IpAddr, is_tls: bool, listed: &[Network]) -> bool {
    let address = address.to_canonical();
    listed.iter().any(|network| network.contains(address)) || (is_tls && is_public(address))
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let within = |(network, length): (Ipv4Addr, u32)| {
        let shift = 32_u32.saturating_sub(length);
        network.to_bits() >> shift == address.to_bits() >> shift
    };
    !REFUSED_V4.into_iter().any(within)
}

/// Of IPv6 only what is global unicast; addresses that stand for an IPv4 address are judged by it.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let embedded = |shift: u32| {
        let bits = (address.to_bits() >> shift) & u128::from(u32::MAX);
        Ipv4Addr::from_bits(u32::try_from(bits).unwrap_or_default())
    };
    // NAT64 (RFC 6052): a network without IPv4 reaches it by this prefix.
    if address.segments().starts_with(&[0x64, 0xff9b, 0, 0, 0, 0]) {
        return is_public_v4(embedded(0));
    }
    // 6to4 (RFC 3056).
    if first == 0x2002 {
        return is_public_v4(embedded(80));
    }
    let is_global = first & 0xe000 == 0x2000;
    // Protocol assignments (Teredo among them), and the two for documentation.
    let is_special =
        (first == 0x2001 && (second < 0x200 || second == 0xdb8)) || (first == 0x3fff && second < 0x1000);
    is_global && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reaches(text: &str, is_tls: bool, listed: &[&str]) -> bool {
        let listed: Vec<_> = listed.iter().map(|text| Network::parse(text).unwrap()).collect();
        may_reach(text.parse().unwrap(), is_tls, &listed)
    }

    #[test]
    fn what_is_not_public_is_not_reached() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:a9fe:a9fe",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!reaches(address, true, &[]), "{address}");
        }
    }

    #[test]
    fn what_is_public_is_reached_by_tls_only() {
        for address in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.0",
            "172.32.0.1",
            "172.15.0.1",
            "169.253.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "64:ff9b::101:101",
            "2002:101:101::1",
            "2001:4860:4860::8888",
        ] {
            assert!(reaches(address, true, &[]) && !reaches(address, false, &[]), "{address}");
        }
    }

    #[test]
    fn what_is_listed_is_reached_whatever_it_is() {
        for (address, network) in [
            ("10.1.2.3", "10.1.2.0/24"),
            ("::ffff:10.1.2.3", "10.1.2.0/24"),
            ("127.0.0.1", "127.0.0.1"),
            ("fd00::1", "fd00::/8"),
            ("1.1.1.1", "1.1.1.1"),
        ] {
            for is_tls in [true, false] {
                assert!(reaches(address, is_tls, &[network]), "{address}");
            }
        }
        assert!(!reaches("10.1.3.3", true, &["10.1.2.0/24"]));
    }
}
