//! JSON text (RFC 8259): a strict reader, a writer, and where in a text something stands.
//!
//! It is our own because of what stands around it. The room in the package's module is scarce, and a general parser with floating
//! point takes a fifth; an operator who made a mistake on line 300 of a policy wants the line and the column; and a redacted document keeps
//! the bytes of every number and every space, which no tree of values can give back. The reader is total: any bytes at all end in an event
//! or an error. It keeps its nesting in one word and calls nothing recursively, and it never builds a floating-point number.
//!
//! Stricter than some: no byte order mark, no lone surrogate (`\ud800`), no text that is not UTF-8, no more than [`MAX_DEPTH`] levels.

use alloc::string::String;

mod locate;
mod reader;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use locate::key_of;
pub use locate::{Position, locate};
pub use reader::{Event, Kind, Reader};
pub(crate) use write::write;
pub use write::write_text;

/// How deep objects and lists may stand in each other.
pub const MAX_DEPTH: u32 = 32;

/// Appends a whole number in decimal digits.
pub(crate) fn push_decimal(text: &mut String, value: u64) {
    // Twenty digits hold any 64 bits.
    let mut digits = [b'0'; 20];
    let mut rest = value;
    let mut first = digits.len();
    for (index, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0' | u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        first = index;
        if rest == 0 {
            break;
        }
    }
    text.extend(digits.iter().skip(first).map(|digit| char::from(*digit)));
}
