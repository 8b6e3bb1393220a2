//! What a sealed value is bound to.

use alloc::vec::Vec;

use crate::crypto::hash::sha256_parts;
use crate::error::{Error, ErrorCode};

#[cold]
fn malformed() -> Error {
    Error::new(ErrorCode::InvalidBuffer)
}

/// What a sealed value is bound to: it opens with the same five fields only. Empty text and `None` mean that a field is absent.
///
/// In bytes, each field stands behind its length in four bytes, big-endian; an absent one has length 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a sixth field would be another version of the envelope")]
pub struct Context<'a> {
    /// What the value is for, such as `value` or `data-key`.
    pub purpose: &'a str,
    /// The installation.
    pub tenant: Option<[u8; 16]>,
    /// The id of what the value belongs to; an id is never used again.
    pub object: &'a str,
    /// Where it stands.
    pub path: &'a str,
    /// Which version of the object it is.
    pub version: Option<u64>,
}

impl<'a> Context<'a> {
    /// Appends the context in bytes; a field over 4 GiB gets a length that [`Context::read`] then refuses.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        let version = self.version.map(u64::to_be_bytes);
        for field in self.fields(version.as_ref()) {
            bytes.extend_from_slice(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend_from_slice(field);
        }
    }

    /// Reads a context from the front of a buffer, and answers what follows it.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidBuffer`] where the buffer ends early, text is not UTF-8, or the tenant or version has a wrong length.
    pub fn read(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Error> {
        let (purpose, rest) = read_text(bytes)?;
        let (tenant, rest) = read_fixed(rest)?;
        let (object, rest) = read_text(rest)?;
        let (path, rest) = read_text(rest)?;
        let (version, rest) = read_fixed(rest)?;
        Ok((Self { purpose, tenant, object, path, version: version.map(u64::from_be_bytes) }, rest))
    }

    /// The digest that binds a header to this context.
    pub(super) fn bind(&self, header: &[u8]) -> Result<[u8; 32], Error> {
        let version = self.version.map(u64::to_be_bytes);
        let fields = self.fields(version.as_ref());
        let mut lengths = [[0; 4]; 5];
        for (length, field) in lengths.iter_mut().zip(fields) {
            let field = u32::try_from(field.len()).map_err(|_| Error::new(ErrorCode::LimitExceeded))?;
            *length = field.to_be_bytes();
        }
        let [[a, b, c, d, e], [f, g, h, i, j]] = [fields, lengths.each_ref().map(<[u8; 4]>::as_slice)];
        Ok(sha256_parts(&[b"warded/seal/v1", header, f, a, g, b, h, c, i, d, j, e]))
    }

    fn fields<'b>(&'b self, version: Option<&'b [u8; 8]>) -> [&'b [u8]; 5] {
        let tenant = self.tenant.as_ref().map_or(&[][..], <[u8; 16]>::as_slice);
        let version = version.map_or(&[][..], <[u8; 8]>::as_slice);
        [self.purpose.as_bytes(), tenant, self.object.as_bytes(), self.path.as_bytes(), version]
    }
}

fn read_field(bytes: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let (length, rest) = bytes.split_first_chunk().ok_or_else(malformed)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| malformed())?;
    rest.split_at_checked(length).ok_or_else(malformed)
}

fn read_text(bytes: &[u8]) -> Result<(&str, &[u8]), Error> {
    let (field, rest) = read_field(bytes)?;
    Ok((str::from_utf8(field).map_err(|_| malformed())?, rest))
}

fn read_fixed<const N: usize>(bytes: &[u8]) -> Result<(Option<[u8; N]>, &[u8]), Error> {
    let (field, rest) = read_field(bytes)?;
    if field.is_empty() {
        return Ok((None, rest));
    }
    Ok((Some(field.try_into().map_err(|_| malformed())?), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use proptest::prelude::*;

    const FULL: Context<'_> = Context {
        purpose: "value",
        tenant: Some([7; 16]),
        object: "sec_1",
        path: "a/KEY",
        version: Some(258),
    };

    fn written(context: &Context<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        context.write(&mut bytes);
        bytes
    }

    #[test]
    fn each_field_stands_behind_its_length() {
        let expected =
            b"\0\0\0\x05value\0\0\0\x10\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\
            \0\0\0\x05sec_1\0\0\0\x05a/KEY\0\0\0\x08\0\0\0\0\0\0\x01\x02";
        assert_eq!(written(&FULL), expected);
        assert_eq!(written(&Context::default()), [0; 20]);
    }

    #[test]
    fn what_follows_a_context_is_answered() {
        let mut bytes = written(&FULL);
        bytes.extend_from_slice(b"plaintext");
        assert_eq!(Context::read(&bytes), Ok((FULL, &b"plaintext"[..])));
    }

    #[test]
    fn a_context_that_ends_early_is_refused() {
        let bytes = written(&FULL);
        for end in 0..bytes.len() {
            assert_eq!(Context::read(&bytes[..end]), Err(malformed()), "{end}");
        }
    }

    #[test]
    fn a_wrong_length_or_text_that_is_not_utf8_is_refused() {
        let absent = [0_u8; 4];
        let tenant = |length: u8| [&absent[..], &[0, 0, 0, length], &[1; 20], &[0; 20]].concat();
        let version = |length: u8| [&[0; 16][..], &[0, 0, 0, length], &[1; 20]].concat();
        for length in [1, 15, 17, 20] {
            assert_eq!(Context::read(&tenant(length)), Err(malformed()), "{length}");
        }
        for length in [1, 7, 9, 16] {
            assert_eq!(Context::read(&version(length)), Err(malformed()), "{length}");
        }
        assert_eq!(Context::read(b"\0\0\0\x01\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), Err(malformed()));
        assert_eq!(Context::read(&[0xff; 64]), Err(malformed()));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            purpose: String, tenant: Option<[u8; 16]>, object: String, path: String, version: Option<u64>,
        ) {
            let context = Context { purpose: &purpose, tenant, object: &object, path: &path, version };
            let bytes = written(&context);
            prop_assert_eq!(Context::read(&bytes), Ok((context, &[][..])));
        }

        #[test]
        fn whatever_is_read_is_written_as_it_was(bytes: Vec<u8>) {
            if let Ok((context, rest)) = Context::read(&bytes) {
                prop_assert_eq!([written(&context), rest.to_vec()].concat(), bytes);
            }
        }
    }
}
