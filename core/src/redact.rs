//! Redaction: documents and text without the credentials in them, by the names of fields and by what values look like.
//!
//! It is a net under whatever else keeps secrets out of logs, not a proof: a password of a few plain letters, in a place that does not
//! say what it is, looks like any other word. `docs/redaction.md` lists what is masked and what is not.
//!
//! What comes out comes out of it again unchanged. Each value or match that is masked makes the text at most [`MOST_ADDED`] bytes longer.

use alloc::string::String;
use alloc::vec::Vec;

use crate::error::{Error, ErrorCode, Hint};

mod class;
mod document;
mod name;
mod random;
mod shape;

#[cfg(test)]
mod tests;

pub use name::{MAX_NAMES, Options};

/// What stands in the place of what was masked.
const MASK: &[u8] = b"[redacted]";
/// The most bytes of a text or document.
pub const MAX_BYTES: usize = 1 << 20;
/// What a mask adds at most: its own ten bytes and the seven of a number, in the place of one character of a name. For a value it is less: ten
/// bytes and two quotes, in the place of one digit.
pub const MOST_ADDED: usize = 16;
/// How often a text is gone over: what has been masked can set free what stood beside it.
const ROUNDS: usize = 4;

/// JSON text with the credentials in it masked. Everything else keeps its very bytes: numbers, spaces, the order of keys.
///
/// # Errors
/// [`ErrorCode::LimitExceeded`] above [`MAX_BYTES`], and text that is not JSON.
pub fn redact_json(json: &[u8], options: &Options) -> Result<String, Error> {
    check_length(json)?;
    document::mask(json, options)
}

/// Text with the credentials in it masked.
///
/// # Errors
/// [`ErrorCode::LimitExceeded`] above [`MAX_BYTES`].
pub fn redact_text(text: &str, options: &Options) -> Result<String, Error> {
    check_length(text.as_bytes())?;
    let masked = mask_text(text.as_bytes(), options, false);
    // Masks begin and end between characters, so it is text.
    Ok(masked.map_or_else(|| text.into(), |masked| String::from_utf8(masked).unwrap_or_default()))
}

fn check_length(text: &[u8]) -> Result<(), Error> {
    if text.len() > MAX_BYTES {
        return Err(Error::new(ErrorCode::LimitExceeded).with_hint(Hint::AtMost(1 << 20)));
    }
    Ok(())
}

/// Text with the credentials in it masked; `None` if there are none. In `plain` text random characters are not one.
fn mask_text(text: &[u8], options: &Options, plain: bool) -> Option<Vec<u8>> {
    let mut masked = None;
    for _ in 0..=ROUNDS {
        match shape::mask(masked.as_deref().unwrap_or(text), options, plain) {
            Some(again) => masked = Some(again),
            None => return masked,
        }
    }
    // Nothing that anyone writes gets here. It is masked as a whole, because only that is sure to come out of it unchanged.
    Some(MASK.into())
}

/// Whether a test holds of a word of a list.
#[inline(never)]
fn has_word(list: &[u8], test: &dyn Fn(&[u8]) -> bool) -> bool {
    list.split(|byte| *byte == b' ').any(test)
}

#[inline(never)]
fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}
