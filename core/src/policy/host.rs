//! Names of hosts: exact, or all below one.

use crate::error::{Error, ErrorCode};
use crate::ip::parse_address;

use super::texts::Texts;

/// The longest name of a host (RFC 1035, section 2.3.4), without the dot at its end.
const MAX_NAME: usize = 253;
/// The longest part of a name.
const MAX_LABEL: usize = 63;

/// Whether the text is a host's name in its one spelling: lower-case ASCII, no dot at the end, and not a number in disguise.
pub(super) fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
    };
    // A name whose last part is a number is read as an address by every resolver: `127.1`, `2130706433`, `0x7f.1`.
    let is_number = |label: &str| {
        label.bytes().all(|b| b.is_ascii_digit())
            || label.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    text.len() <= MAX_NAME
        && text.split('.').all(is_label)
        && !is_number(text.rsplit('.').next().unwrap_or_default())
}

/// A list of names and of `*.name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hosts {
    pub(super) exact: Texts,
    /// Without their `*.`.
    pub(super) below: Texts,
}

impl Hosts {
    /// The entries of a list, each checked by [`check`].
    pub(super) fn of(entries: &[&str]) -> Self {
        let split = |wild: bool| {
            let kept = entries.iter().filter(|entry| entry.starts_with(WILD) == wild);
            let names: alloc::vec::Vec<&str> =
                kept.map(|entry| entry.strip_prefix(WILD).unwrap_or(entry)).collect();
            Texts::of(&names)
        };
        Self { exact: split(false), below: split(true) }
    }

    /// Whether a name is one of the list's, or below one.
    pub(super) fn has(&self, name: &str) -> bool {
        self.exact.has(name) || parents(name).any(|parent| self.below.has(parent))
    }

    /// Whether some name is in both lists.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let meets = |a: &Self, b: &Self| {
            a.exact.iter().any(|name| b.has(name))
                || a.below.iter().any(|name| b.below.has(name) || parents(name).any(|up| b.below.has(up)))
        };
        meets(self, other) || meets(other, self)
    }
}

const WILD: &str = "*.";

/// What stands behind each dot of a name.
fn parents(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('.').filter_map(|(dot, _)| name.get(dot.saturating_add(1)..))
}

/// Checks an entry of a list.
pub(super) fn check(entry: &str) -> Result<&str, Error> {
    let refused = |rule| Err(Error::because(ErrorCode::InvalidText, rule));
    if parse_address(entry).is_ok() {
        return refused("compare an address with `cidr`");
    }
    if is_name(entry.strip_prefix(WILD).unwrap_or(entry)) {
        return Ok(entry);
    }
    refused("`name` or `*.name`, lower-case ASCII without a dot at the end")
}
