use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn vectors(list: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../../../tests/vectors/ip.json")).unwrap();
    all[list].as_array().unwrap().clone()
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

#[test]
fn addresses_are_read_as_the_vectors_say() {
    for vector in vectors("addresses") {
        let read = parse_address(vector["input"].as_str().unwrap());
        match vector["canonical"].as_str() {
            Some(canonical) => assert_eq!(read.unwrap().to_string(), canonical, "{vector}"),
            None => assert_eq!(read.unwrap_err().code(), ErrorCode::InvalidIp, "{vector}"),
        }
    }
}

#[test]
fn networks_contain_what_the_vectors_say() {
    for vector in vectors("networks") {
        let Ok(network) = Network::parse(vector["input"].as_str().unwrap()) else {
            assert!(vector["contains"].is_null(), "{vector}");
            continue;
        };
        assert!(!vector["contains"].is_null(), "{vector}");
        let allowlist = Allowlist::compile(&[network]).unwrap();
        for (list, within) in [("contains", true), ("excludes", false)] {
            for text in texts(&vector[list]) {
                let address = parse_address(text).unwrap();
                assert_eq!(network.contains(address), within, "{vector}: {text}");
                assert_eq!(allowlist.contains(address), within, "{vector}: {text}");
            }
        }
    }
}

#[test]
fn odd_addresses_are_read_as_the_standard_library_reads_them() {
    let odd = "::|:::|::::|1::|::1|:1|1:|1:2|1:2:3:4:5:6:7:8|1:2:3:4:5:6:7:8:9|1:2:3:4:5:6:7::|1:2:3:4:5:6:7::8|1:2:3:4::5:6:7:8|::2:3:4:5:6:7:8\
        |1:2:3:4:5:6:7:8::|1.2.3.4::|::1.2.3.4|::1.2.3.4:5|1:2:3:4:5:6:1.2.3.4|1:2:3:4:5:6:7:1.2.3.4|1:2:3:4:5::1.2.3.4|1:2:3:4:5:6::1.2.3.4\
        |1::2::3|::1:|:::1|::00000|::0000|::fFfF|::g|::ffff:1.2.3|::ffff:1.2.3.4.5|::ffff:01.2.3.4|::ffff:256.1.1.1|1.2.3.4|1.2.3|1.2.3.4.\
        |.1.2.3.4|1..2.3|01.2.3.4|0.0.0.0|1.2.3.256|1.2.3.0004|+1.2.3.4|1.2.3.+4|::+1| ::1|::1 ||1|fe80::1%eth0|[::1]|::1/128|１.2.3.4";
    for text in odd.split('|') {
        assert_eq!(text::address(text), text.parse().ok(), "{text}");
    }
}

#[test]
fn host_bits_are_answered_with_the_network_meant() {
    for (text, meant) in [
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("2001:db8::1/32", "2001:db8::/32"),
        ("::ffff:10.1.2.3/104", "10.0.0.0/8"),
        ("::ffff:10.0.0.0/8", "10.0.0.0/8"),
        ("::ffff:10.1.2.3/32", "10.1.2.3/32"),
        ("1.1.1.1/0", "0.0.0.0/0"),
    ] {
        let error = Network::parse(text).unwrap_err();
        assert_eq!(
            (error.code(), error.hint()),
            (ErrorCode::HostBitsSet, Hint::Network(Network::parse(meant).unwrap())),
            "{text}"
        );
    }
    let error = Network::parse("::ffff:10.0.0.0/64").unwrap_err();
    assert_eq!(error.code(), ErrorCode::HostBitsSet);
    assert!(matches!(error.hint(), Hint::Because(_)));
}

#[test]
fn a_network_is_printed_in_canonical_form() {
    for (text, canonical) in [
        ("10.0.0.1", "10.0.0.1/32"),
        ("::ffff:10.0.0.1", "10.0.0.1/32"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("2001:DB8:0:0::/32", "2001:db8::/32"),
        ("::1", "::1/128"),
    ] {
        assert_eq!(Network::parse(text).unwrap().to_string(), canonical);
    }
}

#[test]
fn a_mapped_address_from_a_socket_is_ipv4() {
    let address: IpAddr = "::ffff:10.1.1.1".parse().unwrap();
    assert!(address.is_ipv6());
    assert!(Network::parse("10.0.0.0/8").unwrap().contains(address));
    assert!(compile(&["10.0.0.0/8"]).contains(address));
    assert!(!compile(&["::/0"]).contains(address));
}

#[test]
fn touching_and_overlapping_networks_become_one_range() {
    let merged = compile(&[
        "10.0.1.0/24",
        "10.0.0.0/24",
        "10.0.0.7",
        "10.0.0.0/25",
        "10.0.3.0/24",
        "ffff::/16",
        "255.0.0.0/8",
    ]);
    let bits = |text: &str| -> u32 { text.parse::<Ipv4Addr>().unwrap().to_bits() };
    assert_eq!(
        merged.v4,
        [
            (bits("10.0.0.0"), bits("10.0.1.255")),
            (bits("10.0.3.0"), bits("10.0.3.255")),
            (bits("255.0.0.0"), u32::MAX)
        ]
    );
    assert_eq!(merged.v6.len(), 1);
    assert_eq!(compile(&["0.0.0.0/0", "255.255.255.255", "::/0", "ffff::"]).v4, [(0, u32::MAX)]);
}

#[test]
fn the_list_has_a_least_and_a_greatest_length() {
    assert_eq!(Allowlist::compile(&[]).unwrap_err().code(), ErrorCode::EmptyList);
    let one = Network::parse("10.0.0.1").unwrap();
    assert!(Allowlist::compile(&std::vec![one; MAX_RANGES]).is_ok());
    let error = Allowlist::compile(&std::vec![one; MAX_RANGES + 1]).unwrap_err();
    assert_eq!((error.code(), error.hint()), (ErrorCode::LimitExceeded, Hint::AtMost(100_000)));
}

#[test]
fn ranges_that_are_not_sorted_and_apart_are_not_read() {
    let bytes = |ranges: &[(u32, u32)]| {
        let mut writer = Writer::new();
        write_ranges(ranges, &mut writer, Writer::u32);
        writer.u32(0);
        writer.finish()
    };
    let read = |ranges: &[(u32, u32)]| {
        Allowlist::read(&mut Reader::new(&bytes(ranges))).map_err(|error| error.code())
    };
    assert!(read(&[(1, 2), (4, 4)]).is_ok());
    assert!(read(&[(4, u32::MAX)]).is_ok());
    for damaged in [&[][..], &[(2, 1)], &[(1, 2), (3, 4)], &[(4, 5), (1, 2)], &[(0, u32::MAX), (0, 0)]] {
        assert_eq!(read(damaged), Err(ErrorCode::InvalidCompiled), "{damaged:?}");
    }
}

fn compile(texts: &[&str]) -> Allowlist {
    Allowlist::compile(&texts.iter().map(|text| Network::parse(text).unwrap()).collect::<Vec<_>>()).unwrap()
}

/// Networks in a small part of the address space, so that they touch and overlap.
fn any_network() -> impl Strategy<Value = Network> {
    let text = (0..64_u32, 0..=6_u8, any::<bool>()).prop_map(|(host, bits, v4)| {
        let start = host & (u32::MAX << bits);
        if v4 {
            std::format!("10.0.0.{start}/{}", 32_u8.saturating_sub(bits))
        } else {
            std::format!("::{start:x}/{}", 128_u8.saturating_sub(bits))
        }
    });
    text.prop_map(|text| Network::parse(&text).unwrap())
}

proptest! {
    #[test]
    fn an_allowlist_contains_what_one_of_its_networks_does(networks in prop::collection::vec(any_network(), 1..12)) {
        let allowlist = Allowlist::compile(&networks).unwrap();
        for host in 0..70 {
            for text in [std::format!("10.0.0.{host}"), std::format!("::{host:x}"), std::format!("::ffff:10.0.0.{host}")] {
                let address = parse_address(&text).unwrap();
                prop_assert_eq!(allowlist.contains(address), networks.iter().any(|network| network.contains(address)), "{}", text);
            }
        }
        let mut writer = Writer::new();
        allowlist.write(&mut writer);
        let bytes = writer.finish();
        let mut reader = Reader::new(&bytes);
        prop_assert_eq!(Allowlist::read(&mut reader), Ok(allowlist));
        prop_assert_eq!(reader.finish(), Ok(()));
        for length in 0..bytes.len() {
            prop_assert!(Allowlist::read(&mut Reader::new(&bytes[..length])).is_err());
        }
    }

    #[test]
    fn addresses_and_networks_are_read_and_written_as_another_reader_does(
        text in "[0-9a-f.:]{0,20}|(([0-9a-fA-F]{0,5}|25[0-9]|[0-9.]{6,15}):){0,8}([0-9a-f]{0,5}|[0-9]{1,3}(\\.[0-9]{1,3}){3})",
        v4: u32,
        v6: u128,
        zeros: u8,
        length in 0..=130_u8,
    ) {
        prop_assert_eq!(text::address(&text), text.parse().ok(), "{}", text);
        // Some groups of zeros, so that there is something to shorten.
        let mut groups = Ipv6Addr::from_bits(v6).segments();
        for (index, group) in groups.iter_mut().enumerate() {
            *group &= if (zeros >> index) & 1 == 0 { 0 } else { u16::MAX };
        }
        let v6 = Ipv6Addr::from(groups);
        for address in [IpAddr::V4(v4.into()), v6.into()] {
            prop_assert_eq!(text::address(&address.to_string()), Some(address));
            prop_assert_eq!(parse_address(&address.to_string()), Ok(address.to_canonical()));
        }
        for address in [IpAddr::V4(v4.into()), v6.into()].map(|address| address.to_canonical()) {
            let theirs = ipnet::IpNet::new(address, length).ok();
            let ours = Network::parse(&std::format!("{address}/{length}"));
            match theirs {
                Some(net) if net.trunc() == net => prop_assert_eq!(ours.unwrap().to_string(), net.to_string()),
                Some(net) => {
                    let Hint::Network(meant) = ours.unwrap_err().hint() else { panic!("{net}") };
                    prop_assert_eq!(meant.to_string(), net.trunc().to_string());
                    prop_assert!(meant.contains(address));
                }
                None => prop_assert_eq!(ours.unwrap_err().code(), ErrorCode::InvalidNetwork),
            }
        }
    }

    #[test]
    fn ranges_are_taken_apart_into_the_fewest_networks(networks in prop::collection::vec(any_network(), 1..12)) {
        let allowlist = Allowlist::compile(&networks).unwrap();
        let apart = allowlist.networks();
        prop_assert_eq!(Allowlist::compile(&apart), Ok(allowlist));
        // Two that are one network together would be that network.
        let fewest = ipnet::IpNet::aggregate(&apart.iter().map(|net| net.to_string().parse().unwrap()).collect());
        prop_assert_eq!(fewest.len(), apart.len());
    }

    #[test]
    fn reading_any_text_or_bytes_never_panics(text in "[0-9a-f.:/%+ ]{0,45}|\\PC{0,30}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(address) = parse_address(&text) {
            prop_assert_eq!(parse_address(&address.to_string()), Ok(address));
        }
        if let Ok(network) = Network::parse(&text) {
            let printed: String = network.to_string();
            prop_assert_eq!(Network::parse(&printed), Ok(network));
        }
        let _ = Allowlist::read(&mut Reader::new(&bytes));
    }
}
