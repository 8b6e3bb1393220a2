//! Lists of addresses and networks in request bodies.

use std::net::IpAddr;

use ipnet::IpNet;
use warded_core::ip::Network;

use crate::authorize::{Effect, Stop, scopes};
use crate::error::ApiError;

/// The canonical text of each network.
pub(super) fn networks(field: &str, list: &[String], most: usize) -> Result<Vec<String>, ApiError> {
    if !(1..=most).contains(&list.len()) {
        return Err(ApiError::invalid(field, format!("1 to {most} addresses or networks")));
    }
    let canonical = |(index, text): (usize, &String)| {
        let network = Network::parse(text);
        network
            .map_err(|error| ApiError::from_core(&format!("{field}[{index}]"), &error))
            .map(|one| one.to_string())
    };
    list.iter().enumerate().map(canonical).collect()
}

/// Whether each of the canonical `networks` lies in one of those that are `held`.
pub(super) fn lie_within(authority: &Effect<'_>, held: &[String], networks: &[String]) -> Result<bool, Stop> {
    for network in networks {
        let Some((first, last)) = ends(network) else { return Ok(false) };
        let mut is_held = false;
        for outer in held {
            let contains = |address: IpAddr| {
                authority.ask_guest(|guest| scopes::contains(guest, outer, &address.to_string()))
            };
            // A network is one range, so one that contains both ends contains all of it.
            is_held |= contains(first)? && contains(last)?;
        }
        if !is_held {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The first and the last address of a canonical network or address.
fn ends(network: &str) -> Option<(IpAddr, IpAddr)> {
    if let Ok(address) = network.parse() {
        return Some((address, address));
    }
    let network: IpNet = network.parse().ok()?;
    Some((network.network(), network.broadcast()))
}
