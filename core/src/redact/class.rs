//! Kinds of bytes, as bits: one loop then serves every matcher.

/// What tokens are made of: RFC 7235's token68, and `_`.
pub(super) const TOKEN: u16 = 1;
/// What names are made of.
pub(super) const NAME: u16 = 1 << 1;
/// A space or tab.
pub(super) const BLANK: u16 = 1 << 2;
/// The end of a line, or the backslash that it begins with in JSON.
pub(super) const BREAK: u16 = 1 << 3;
/// What text is quoted with.
pub(super) const QUOTE: u16 = 1 << 4;
/// Brackets that URLs stand in.
pub(super) const ANGLE: u16 = 1 << 5;
/// What ends a value that is not quoted.
pub(super) const STOP: u16 = 1 << 6;
/// What ends one in a list or object.
pub(super) const FLOW: u16 = 1 << 7;
/// What stands between a name and its value.
pub(super) const SIGN: u16 = 1 << 8;
/// What stands in a URL before the first colon, slash or sign of the address.
pub(super) const PART: u16 = 1 << 9;

/// Whether a byte is of one of these classes.
#[inline(never)]
pub(super) const fn is(byte: u8, classes: u16) -> bool {
    let own = match byte {
        b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => TOKEN | NAME | PART,
        b'~' | b'+' => TOKEN | PART,
        b'/' => TOKEN,
        b' ' | b'\t' => BLANK | SIGN,
        b'\n' | b'\r' => BREAK,
        b'\\' => BREAK | SIGN,
        b'"' | b'\'' | b'`' => QUOTE,
        b'>' => ANGLE | SIGN,
        b'<' => ANGLE,
        b'=' | b':' => SIGN,
        b'&' | b';' => STOP | PART,
        b',' | b')' | b']' | b'}' => FLOW,
        b'%' | b'!' | b'$' | b'*' => PART,
        _ => 0,
    };
    own & classes != 0
}
