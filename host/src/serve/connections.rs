//! How many connections one address holds open.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::rate_limit::source;

/// Open connections by source. As bounded as the connections themselves.
#[derive(Debug, Clone, Default)]
pub(super) struct Connections(Arc<Mutex<HashMap<Option<IpAddr>, u32>>>);

/// One open connection; it is counted until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    connections: Connections,
    source: Option<IpAddr>,
}

impl Connections {
    /// A place for one more connection of an address; `None` if it has `most` already.
    pub(super) fn enter(&self, peer: IpAddr, most: u32) -> Option<Place> {
        let source = source(Some(peer));
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(source).or_insert(0);
        if *count >= most {
            return None;
        }
        *count = count.saturating_add(1);
        Some(Place { connections: self.clone(), source })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.connections.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.source) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_its_places_back() {
        let connections = Connections::default();
        let peer = "192.0.2.1".parse().unwrap();
        let first = connections.enter(peer, 2).unwrap();
        let _second = connections.enter(peer, 2).unwrap();
        assert!(connections.enter(peer, 2).is_none());
        assert!(connections.enter("192.0.2.2".parse().unwrap(), 2).is_some());
        drop(first);
        assert!(connections.enter(peer, 2).is_some());
    }

    #[test]
    fn nothing_is_kept_of_addresses_that_have_gone() {
        let connections = Connections::default();
        for third in 0..100 {
            drop(connections.enter(IpAddr::from([192, 0, third, 1]), 1));
        }
        assert!(connections.0.lock().unwrap().is_empty());
    }
}
