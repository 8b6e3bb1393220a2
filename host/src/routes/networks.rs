//! Lists of addresses and networks in request bodies.

use warded_core::ip::Network;

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
