//! Names of hosts: exact, or all below one.

use alloc::vec::Vec;

use crate::error::Error;
use crate::ip::parse_address;

use super::read::malformed;
use super::texts::Texts;

/// The longest name of a host (RFC 1035, section 2.3.4), without the dot at its end.
const MAX_NAME: usize = 253;
/// The longest part of a name.
const MAX_LABEL: usize = 63;

/// Whether the text is a host's name in its one spelling: lower-case ASCII, no dot at the end, and not a number in disguise.
pub(super) fn is_name(text: &str) -> bool {
    let mut is_number = false;
    for label in text.as_bytes().split(|byte| *byte == b'.') {
        let is_label = (1..=MAX_LABEL).contains(&label.len())
            && label.first() != Some(&b'-')
            && label.last() != Some(&b'-')
            && label.iter().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
        if !is_label {
            return false;
        }
        let hex = label.strip_prefix(b"0x");
        is_number = label.iter().all(u8::is_ascii_digit)
            || hex.is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    }
    // A name whose last part is a number is read as an address by every resolver: `127.1`, `2130706433`, `0x7f.1`.
    text.len() <= MAX_NAME && !is_number
}

/// Checks an entry of a list: a name or `*.name`.
pub(super) fn check(entry: &str) -> Result<(), Error> {
    if parse_address(entry).is_ok() {
        return malformed("compare an address with `cidr`");
    }
    if is_name(entry.strip_prefix("*.").unwrap_or(entry)) {
        return Ok(());
    }
    malformed("`name` or `*.name`, lower-case ASCII without a dot at the end")
}

/// A list of names; `*.name` is kept as `.name`, so that what stands behind each dot of a name can be looked up as it is.
pub(super) fn compile(entries: &[&str]) -> Texts {
    let mut names = Vec::with_capacity(entries.len());
    for entry in entries {
        names.push(entry.strip_prefix('*').unwrap_or(entry));
    }
    Texts::of(&names)
}

/// Whether a name is one of the list's, or below one; or of a `.name`, whether all below it are.
pub(super) fn has(hosts: &Texts, name: &str) -> bool {
    hosts.has(name)
        || name.match_indices('.').any(|(dot, _)| name.get(dot..).is_some_and(|above| hosts.has(above)))
}

/// Whether some name is in both lists.
pub(super) fn overlap(a: &Texts, b: &Texts) -> bool {
    a.iter().any(|name| has(b, name)) || b.iter().any(|name| has(a, name))
}
