//! Compiled bytes: little-endian numbers and length-prefixed bytes, read without trust.

use alloc::vec::Vec;

use crate::error::{Error, ErrorCode};

/// Appends to the bytes of a compiled object.
#[derive(Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// An empty writer.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    /// Two bytes, little-endian.
    pub fn u16(&mut self, value: u16) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Four bytes, little-endian.
    pub fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Eight bytes, little-endian.
    pub fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Sixteen bytes, little-endian.
    pub fn u128(&mut self, value: u128) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Bytes as they are, without a length.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Bytes behind their length in four bytes; a length over 2^32-1 is cut, which [`Reader`] then refuses.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.raw(bytes);
    }

    /// What was written.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads the bytes of a compiled object; every error is [`ErrorCode::InvalidCompiled`].
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a>(&'a [u8]);

macro_rules! number {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)*) => { $(
        $(#[$doc])*
        ///
        /// # Errors
        /// Fewer bytes are left.
        pub fn $name(&mut self) -> Result<$type, Error> {
            let (bytes, rest) = self.0.split_first_chunk().ok_or_else(damaged)?;
            self.0 = rest;
            Ok(<$type>::from_le_bytes(*bytes))
        }
    )* };
}

/// The one error of compiled bytes.
#[cold]
#[must_use]
pub fn damaged() -> Error {
    Error::new(ErrorCode::InvalidCompiled)
}

/// The error of a layout that the calling code wrote: what does not fit is its mistake, and not damaged data.
#[cold]
#[must_use]
pub fn misuse(error: Error) -> Error {
    match error.code() {
        ErrorCode::InvalidCompiled => Error::new(ErrorCode::InvalidBuffer),
        _ => error,
    }
}

impl<'a> Reader<'a> {
    /// A reader of all of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    number! {
        /// One byte.
        u8: u8;
        /// Two bytes, little-endian.
        u16: u16;
        /// Four bytes, little-endian.
        u32: u32;
        /// Eight bytes, little-endian.
        u64: u64;
        /// Sixteen bytes, little-endian.
        u128: u128;
    }

    /// The next `length` bytes.
    ///
    /// # Errors
    /// Fewer bytes are left.
    pub fn raw(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// Bytes behind their length in four bytes.
    ///
    /// # Errors
    /// Fewer bytes are left than the length says.
    pub fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let length = usize::try_from(self.u32()?).map_err(|_| damaged())?;
        self.raw(length)
    }

    /// UTF-8 text behind its length in four bytes.
    ///
    /// # Errors
    /// Fewer bytes are left than the length says, or they are not UTF-8.
    pub fn text(&mut self) -> Result<&'a str, Error> {
        core::str::from_utf8(self.bytes()?).map_err(|_| damaged())
    }

    /// A count of entries that take at least `least` bytes each, so that a damaged count cannot make a reader allocate.
    ///
    /// # Errors
    /// That many entries cannot follow.
    pub fn count(&mut self, least: usize) -> Result<usize, Error> {
        let count = usize::try_from(self.u32()?).map_err(|_| damaged())?;
        if count.checked_mul(least).is_none_or(|bytes| bytes > self.0.len()) {
            return Err(damaged());
        }
        Ok(count)
    }

    /// The bytes that are left.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The end.
    ///
    /// # Errors
    /// Bytes are left over.
    pub fn finish(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(damaged()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut writer = Writer::new();
        writer.u8(1);
        writer.u16(2);
        writer.u32(3);
        writer.u64(4);
        writer.u128(5);
        writer.bytes(b"six");
        let bytes = writer.finish();
        let mut reader = Reader::new(&bytes);
        assert_eq!((reader.u8(), reader.u16(), reader.u32()), (Ok(1), Ok(2), Ok(3)));
        assert_eq!((reader.u64(), reader.u128(), reader.text()), (Ok(4), Ok(5), Ok("six")));
        assert_eq!(reader.finish(), Ok(()));
    }

    #[test]
    fn a_count_that_cannot_follow_is_refused() {
        assert_eq!(Reader::new(&[255, 255, 255, 255, 0]).count(1), Err(damaged()));
        assert_eq!(Reader::new(&[1, 0, 0, 0, 0]).count(1), Ok(1));
        assert_eq!(Reader::new(&[1, 0, 0, 0, 0]).finish(), Err(damaged()));
    }
}
