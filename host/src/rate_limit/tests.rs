use proptest::prelude::*;

use super::*;

fn at(millis: u64) -> Millis {
    Millis::new(1_700_000_000_000 + millis).unwrap()
}

fn limits() -> RateLimits {
    RateLimits::new(RateLimitSettings {
        enabled: true,
        unauthenticated: 3,
        login: 2,
        principal: 6,
        tokens: 2,
    })
}

fn ip(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

#[test]
fn a_principal_has_its_requests_and_gets_them_back_one_by_one() {
    let limits = limits();
    for left in (0..6).rev() {
        let standing = limits.take("agt_1", Rate::Principal, at(0)).unwrap().unwrap();
        assert_eq!((standing.limit, standing.remaining), (6, left));
    }
    let refused = limits.take("agt_1", Rate::Principal, at(0)).unwrap_err();
    assert_eq!((refused.remaining, refused.reset, refused.retry_after), (0, 60, Some(10)));
    assert_eq!(limits.take("agt_1", Rate::Principal, at(9_999)).unwrap_err().retry_after, Some(1));
    assert_eq!(limits.take("agt_1", Rate::Principal, at(10_000)).unwrap().unwrap().remaining, 0);
    assert!(limits.take("agt_1", Rate::Principal, at(10_001)).is_err());
}

#[test]
fn principals_and_token_issue_have_buckets_of_their_own() {
    let limits = limits();
    for _ in 0..2 {
        assert!(limits.take("agt_1", Rate::Tokens, at(0)).is_ok());
    }
    let refused = limits.take("agt_1", Rate::Tokens, at(0)).unwrap_err();
    assert_eq!((refused.policy, refused.limit), ("tokens", 2));
    assert!(limits.take("agt_1", Rate::Principal, at(0)).is_ok());
    assert!(limits.take("agt_2", Rate::Tokens, at(0)).is_ok());
}

#[test]
fn an_address_is_checked_without_being_charged() {
    let limits = limits();
    for _ in 0..10 {
        assert!(limits.check_address(ip("192.0.2.1"), at(0)).is_ok());
    }
    for _ in 0..3 {
        assert!(limits.charge_address(ip("192.0.2.1"), at(0)).is_some());
    }
    assert_eq!(limits.check_address(ip("192.0.2.1"), at(0)).unwrap_err().retry_after, Some(20));
    assert!(limits.check_address(ip("::ffff:192.0.2.1"), at(0)).is_err());
    assert!(limits.check_address(ip("192.0.2.2"), at(0)).is_ok());
    assert!(limits.check_address(ip("192.0.2.1"), at(20_000)).is_ok());
}

#[test]
fn a_64_of_ipv6_is_one_source_and_the_unknown_are_another() {
    let limits = limits();
    for host in ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:1:1"] {
        limits.charge_address(ip(host), at(0));
    }
    assert!(limits.check_address(ip("2001:db8::3"), at(0)).is_err());
    assert!(limits.check_address(ip("2001:db8:0:1::3"), at(0)).is_ok());
    assert!(limits.check_address(None, at(0)).is_ok());
}

#[test]
fn nothing_is_counted_when_limits_are_off() {
    let limits = RateLimits::new(RateLimitSettings {
        enabled: false,
        unauthenticated: 1,
        login: 1,
        principal: 1,
        tokens: 1,
    });
    for _ in 0..5 {
        assert_eq!(limits.take("agt_1", Rate::Principal, at(0)), Ok(None));
        assert_eq!(limits.charge_address(None, at(0)), None);
        assert_eq!(limits.check_address(None, at(0)), Ok(()));
    }
}

#[test]
fn a_full_table_forgets_those_who_have_the_most_left() {
    let mut table: Table<String> = Table { most: 100, ..Table::new("principal", 60) };
    for _ in 0..60 {
        table.take("greedy", at(0)).unwrap();
    }
    for index in 0..1_000 {
        table.take(index.to_string().as_str(), at(0)).unwrap();
        assert!(table.full_at.len() <= 100);
    }
    assert!(table.take("greedy", at(0)).is_err());
}

#[test]
fn a_flood_of_addresses_is_held_in_bounded_memory_and_frees_nobody() {
    let limits = limits();
    let greedy = ip("192.0.2.1");
    for _ in 0..3 {
        limits.charge_address(greedy, at(0));
        limits.take_address(greedy, Rate::Login, at(0)).ok();
    }
    for host in 0..200_000_u32 {
        let flood = Some(IpAddr::from(Ipv6Addr::from_bits(u128::from(host) << 64)));
        limits.charge_address(flood, at(1));
        limits.take_address(flood, Rate::Login, at(1)).unwrap();
    }
    for table in [&limits.addresses, &limits.logins] {
        assert!(lock(table).full_at.len() <= MOST_BUCKETS);
    }
    assert!(limits.check_address(greedy, at(2)).is_err());
    assert!(limits.take_address(greedy, Rate::Login, at(2)).is_err());
}

proptest! {
    #[test]
    fn no_minute_admits_more_than_twice_the_limit(limit in 1_u32..50, waits in proptest::collection::vec(0_u64..3_000, 1..300)) {
        let mut table: Table<String> = Table::new("principal", limit);
        let (mut now, mut admitted) = (0, Vec::new());
        for wait in waits {
            now += wait;
            if table.take("one", at(now)).is_ok() {
                admitted.push(now);
            }
        }
        for start in &admitted {
            let within = admitted.iter().filter(|time| (*start..start + 60_000).contains(time)).count();
            prop_assert!(within <= 2 * limit as usize);
        }
    }
}
