//! Requests per minute: of one address without a valid credential or where credentials are had, and of one principal with one.
//!
//! Each bucket is one number (GCRA): the time at which it would be full again. Time is an argument, in milliseconds.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use warded_core::time::Millis;

use crate::config::RateLimitSettings;

/// Buckets of one table; a table that is full forgets those that have the most left.
const MOST_BUCKETS: usize = 50_000;
const MINUTE: u64 = 60_000_000;

/// Which bucket a route charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// That of the address, as for requests without a valid credential: routes that take none, and are not for probes.
    Address,
    /// That of the address for guesses: routes where a credential is had by knowing something, such as logins.
    Login,
    /// That of the principal; none on a route that takes no credential.
    Principal,
    /// That of the principal for tokens.
    Tokens,
}

impl Rate {
    /// Whether the bucket is charged before anything is known of the caller.
    #[must_use]
    pub const fn is_of_address(self) -> bool {
        matches!(self, Self::Address | Self::Login)
    }
}

/// Where a bucket stands, for the headers of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The policy's name.
    pub policy: &'static str,
    /// Requests per minute.
    pub limit: u32,
    /// Requests left now.
    pub remaining: u32,
    /// Seconds until all are left again.
    pub reset: u64,
    /// Seconds until one is left, where none is.
    pub retry_after: Option<u64>,
}

/// Every bucket of this server.
#[derive(Debug)]
pub struct RateLimits {
    settings: RateLimitSettings,
    addresses: Mutex<Table<Option<IpAddr>>>,
    logins: Mutex<Table<Option<IpAddr>>>,
    principals: Mutex<Table<String>>,
    tokens: Mutex<Table<String>>,
}

impl RateLimits {
    /// Full buckets.
    #[must_use]
    pub fn new(settings: RateLimitSettings) -> Self {
        Self {
            settings,
            addresses: Mutex::new(Table::new("address", settings.unauthenticated)),
            logins: Mutex::new(Table::new("login", settings.login)),
            principals: Mutex::new(Table::new("principal", settings.principal)),
            tokens: Mutex::new(Table::new("tokens", settings.tokens)),
        }
    }

    /// Whether an address may still fail: asked before a credential is looked up. Takes nothing.
    ///
    /// # Errors
    /// The bucket is empty.
    pub fn check_address(&self, ip: Option<IpAddr>, now: Millis) -> Result<(), Standing> {
        if !self.settings.enabled {
            return Ok(());
        }
        let standing = lock(&self.addresses).standing(&source(ip), now);
        if standing.remaining == 0 { Err(standing) } else { Ok(()) }
    }

    /// Charges an address for a request without a valid credential.
    pub fn charge_address(&self, ip: Option<IpAddr>, now: Millis) -> Option<Standing> {
        self.settings.enabled.then(|| match lock(&self.addresses).take(&source(ip), now) {
            Ok(standing) | Err(standing) => standing,
        })
    }

    /// Charges an address for a request to a route that charges addresses; `None` for other routes and where limits are off.
    ///
    /// # Errors
    /// The bucket is empty.
    pub fn take_address(
        &self,
        ip: Option<IpAddr>,
        rate: Rate,
        now: Millis,
    ) -> Result<Option<Standing>, Standing> {
        let table = match rate {
            _ if !self.settings.enabled => return Ok(None),
            Rate::Address => &self.addresses,
            Rate::Login => &self.logins,
            Rate::Principal | Rate::Tokens => return Ok(None),
        };
        lock(table).take(&source(ip), now).map(Some)
    }

    /// Charges a principal for a request; `None` where limits are off.
    ///
    /// # Errors
    /// The bucket is empty.
    pub fn take(&self, principal: &str, rate: Rate, now: Millis) -> Result<Option<Standing>, Standing> {
        if !self.settings.enabled {
            return Ok(None);
        }
        let table = if rate == Rate::Tokens { &self.tokens } else { &self.principals };
        lock(table).take(principal, now).map(Some)
    }
}

/// What counts as one source: an IPv4 address, or a /64 of IPv6, which is one household or machine.
#[must_use]
pub fn source(ip: Option<IpAddr>) -> Option<IpAddr> {
    ip.map(|ip| match ip.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
    })
}

/// A panic elsewhere leaves a bucket at worst uncharged.
fn lock<K>(table: &Mutex<Table<K>>) -> std::sync::MutexGuard<'_, Table<K>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Buckets of one size. A bucket that is not in the table is full.
#[derive(Debug)]
struct Table<K> {
    policy: &'static str,
    limit: u32,
    most: usize,
    /// When each bucket will be full again, in microseconds.
    full_at: HashMap<K, u64>,
}

impl<K: Eq + Hash> Table<K> {
    fn new(policy: &'static str, limit: u32) -> Self {
        Self { policy, limit: limit.max(1), most: MOST_BUCKETS, full_at: HashMap::new() }
    }

    /// What one request costs, in microseconds.
    fn cost(&self) -> u64 {
        MINUTE.checked_div(self.limit.into()).unwrap_or(MINUTE).max(1)
    }

    fn standing<Q: Eq + Hash + ?Sized>(&self, key: &Q, now: Millis) -> Standing
    where
        K: Borrow<Q>,
    {
        let full_at = self.full_at.get(key).copied().unwrap_or_default();
        self.describe(full_at.saturating_sub(micros(now)))
    }

    fn take<Q>(&mut self, key: &Q, now: Millis) -> Result<Standing, Standing>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        let (cost, now) = (self.cost(), micros(now));
        let known = self.full_at.get(key).copied();
        let debt = known.unwrap_or_default().saturating_sub(now);
        if debt.saturating_add(cost) > MINUTE {
            return Err(self.describe(debt));
        }
        let debt = debt.saturating_add(cost);
        if known.is_none() {
            self.make_room(now);
        }
        match self.full_at.get_mut(key) {
            Some(full_at) => *full_at = now.saturating_add(debt),
            None => {
                self.full_at.insert(key.to_owned(), now.saturating_add(debt));
            }
        }
        Ok(self.describe(debt))
    }

    fn describe(&self, debt: u64) -> Standing {
        let left = MINUTE.saturating_sub(debt).checked_div(self.cost()).unwrap_or_default();
        let remaining = u32::try_from(left).unwrap_or(u32::MAX).min(self.limit);
        let wait = debt.saturating_add(self.cost()).saturating_sub(MINUTE);
        Standing {
            policy: self.policy,
            limit: self.limit,
            remaining,
            reset: seconds(debt),
            retry_after: (remaining == 0).then(|| seconds(wait).max(1)),
        }
    }

    /// Forgets buckets until a quarter of the table is free, the fullest first, so that sweeping is rare however many sources there are.
    fn make_room(&mut self, now: u64) {
        if self.full_at.len() < self.most {
            return;
        }
        for quarter in 0..=4 {
            let least = now.saturating_add(MINUTE.saturating_mul(quarter) / 4);
            self.full_at.retain(|_, full_at| *full_at > least);
            if self.full_at.len() <= self.most.saturating_mul(3) / 4 {
                return;
            }
        }
    }
}

fn micros(now: Millis) -> u64 {
    now.as_u64().saturating_mul(1_000)
}

fn seconds(micros: u64) -> u64 {
    micros.div_ceil(1_000_000)
}

#[cfg(test)]
mod tests;
