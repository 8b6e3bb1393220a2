//! Requests refused before their caller is known: counted per reason and source network, recorded together once a minute.
//!
//! A record for each would let a stranger fill the disk.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use ipnet::IpNet;

use crate::audit::{Actor, ActorType, Detail, Event, EventType, Outcome};
use crate::error::ApiCode;

/// Pairs of reason and network in one record; what does not fit is counted as other.
const MOST_LINES: usize = 64;

/// The counts since the last record.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    lines: HashMap<(ApiCodeName, Option<IpNet>), u64>,
    other: u64,
}

type ApiCodeName = &'static str;

impl Refusals {
    /// Counts one refusal.
    pub fn count(&self, code: ApiCode, ip: Option<IpAddr>) {
        let key = (code.name(), ip.and_then(network));
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = counts.lines.len() < MOST_LINES;
        match counts.lines.get_mut(&key) {
            Some(count) => *count = count.saturating_add(1),
            None if room => {
                counts.lines.insert(key, 1);
            }
            None => counts.other = counts.other.saturating_add(1),
        }
    }

    /// The record of everything counted since the last one, if there is anything.
    #[must_use]
    pub fn take(&self) -> Option<Event> {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if counts.lines.is_empty() {
            return None;
        }
        let mut event = Event::new(EventType::RequestRefused, system(), None);
        event.outcome = Outcome::Deny;
        event.reasons = counts.lines.keys().map(|(code, _)| *code).collect();
        event.reasons.sort_unstable();
        event.reasons.dedup();
        let total = counts.lines.values().fold(counts.other, |sum, count| sum.saturating_add(*count));
        let mut lines: Vec<String> = counts.lines.iter().map(|(key, count)| line(*key, *count)).collect();
        lines.sort_unstable();
        event.details = vec![
            ("counts", Detail::List(lines)),
            ("other", Detail::Integer(counts.other)),
            ("total", Detail::Integer(total)),
        ];
        Some(event)
    }
}

/// The server itself as an actor.
#[must_use]
pub fn system() -> Actor {
    Actor { kind: ActorType::System, id: "system".to_owned() }
}

fn line((code, network): (ApiCodeName, Option<IpNet>), count: u64) -> String {
    network.map_or_else(|| format!("{code} unknown {count}"), |network| format!("{code} {network} {count}"))
}

/// The network of an address: a /24 of IPv4, a /48 of IPv6, as they are handed out.
fn network(ip: IpAddr) -> Option<IpNet> {
    let ip = ip.to_canonical();
    IpNet::new(ip, if ip.is_ipv4() { 24 } else { 48 }).ok().map(|network| network.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn refusals_are_counted_by_reason_and_network() {
        let refusals = Refusals::default();
        refusals.count(ApiCode::Unauthorized, ip("192.0.2.1"));
        refusals.count(ApiCode::Unauthorized, ip("192.0.2.200"));
        refusals.count(ApiCode::RateLimited, ip("2001:db8:1:2::3"));
        refusals.count(ApiCode::Unauthorized, None);
        let event = refusals.take().unwrap();
        assert_eq!(event.reasons, ["RATE_LIMITED", "UNAUTHORIZED"]);
        let lines =
            ["RATE_LIMITED 2001:db8:1::/48 1", "UNAUTHORIZED 192.0.2.0/24 2", "UNAUTHORIZED unknown 1"];
        assert_eq!(event.details[0].1, Detail::List(lines.map(str::to_owned).to_vec()));
        assert_eq!(event.details[2], ("total", Detail::Integer(4)));
        assert_eq!(refusals.take(), None);
    }

    #[test]
    fn the_record_is_bounded_and_nothing_is_lost() {
        let refusals = Refusals::default();
        for third in 0..200 {
            refusals.count(ApiCode::Unauthorized, ip(&format!("192.0.{third}.1")));
        }
        let event = refusals.take().unwrap();
        assert!(matches!(&event.details[0].1, Detail::List(lines) if lines.len() == MOST_LINES));
        assert_eq!(event.details[1..], [("other", Detail::Integer(136)), ("total", Detail::Integer(200))]);
    }
}
