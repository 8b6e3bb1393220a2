//! The two derivations, from packed bytes to a key. Numbers have four bytes, little-endian; bytes stand behind their length in four.

use alloc::vec;
use alloc::vec::Vec;

use warded_core::codec::{Reader, misuse};
use warded_core::crypto::derive::{self, Argon2idInput, MAX_OUTPUT};
use warded_core::error::{Error, ErrorCode};

/// Length of the output, memory in KiB, iterations, parallelism, password, salt, secret, associated data.
///
/// # Errors
/// [`ErrorCode::InvalidBuffer`] for another layout, otherwise as [`derive::argon2id`].
pub fn argon2id(input: &[u8]) -> Result<Vec<u8>, Error> {
    let mut reader = Reader::new(input);
    let mut output = output(&mut reader)?;
    let input = read_argon2id(&mut reader).map_err(misuse)?;
    derive::argon2id(&input, &mut output)?;
    Ok(output)
}

fn read_argon2id<'a>(reader: &mut Reader<'a>) -> Result<Argon2idInput<'a>, Error> {
    let input = Argon2idInput {
        memory: reader.u32()?,
        iterations: reader.u32()?,
        parallelism: reader.u32()?,
        password: reader.bytes()?,
        salt: reader.bytes()?,
        secret: reader.bytes()?,
        associated_data: reader.bytes()?,
    };
    reader.finish()?;
    Ok(input)
}

/// Length of the output, iterations, password, salt.
///
/// # Errors
/// [`ErrorCode::InvalidBuffer`] for another layout, otherwise as [`derive::pbkdf2_sha256`].
pub fn pbkdf2_sha256(input: &[u8]) -> Result<Vec<u8>, Error> {
    let mut reader = Reader::new(input);
    let mut output = output(&mut reader)?;
    let (iterations, password, salt) = read_pbkdf2(&mut reader).map_err(misuse)?;
    derive::pbkdf2_sha256(password, salt, iterations, &mut output)?;
    Ok(output)
}

fn read_pbkdf2<'a>(reader: &mut Reader<'a>) -> Result<(u32, &'a [u8], &'a [u8]), Error> {
    let parts = (reader.u32()?, reader.bytes()?, reader.bytes()?);
    reader.finish()?;
    Ok(parts)
}

fn output(reader: &mut Reader<'_>) -> Result<Vec<u8>, Error> {
    let length = usize::try_from(reader.u32().map_err(misuse)?).unwrap_or(usize::MAX);
    if length > MAX_OUTPUT {
        return Err(Error::new(ErrorCode::OutOfRange));
    }
    Ok(vec![0; length])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    fn pieces(pieces: &[&[u8]]) -> Vec<u8> {
        let piece = |piece: &&[u8]| [&numbers(&[u32::try_from(piece.len()).unwrap()])[..], piece].concat();
        pieces.iter().flat_map(piece).collect()
    }

    #[test]
    fn the_examples_of_the_rfcs() {
        // RFC 9106, section 5.3.
        let packed = [numbers(&[32, 32, 3, 4]), pieces(&[&[1; 32], &[2; 16], &[3; 8], &[4; 12]])].concat();
        let tag = argon2id(&packed).unwrap();
        assert_eq!(tag[..8], [0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c]);
        assert_eq!(tag.len(), 32);
        // RFC 7914, section 11.
        let packed = [numbers(&[64, 1]), pieces(&[b"passwd", b"salt"])].concat();
        assert_eq!(pbkdf2_sha256(&packed).unwrap()[..4], [0x55, 0xac, 0x04, 0x6e]);
    }

    fn refuses_another_layout(derive: fn(&[u8]) -> Result<Vec<u8>, Error>, packed: &[u8]) {
        for end in 0..packed.len() {
            assert_eq!(derive(&packed[..end]).unwrap_err().code(), ErrorCode::InvalidBuffer, "{end}");
        }
        assert_eq!(derive(&[packed, &[0]].concat()).unwrap_err().code(), ErrorCode::InvalidBuffer);
        let endless = [&numbers(&[u32::MAX])[..], &packed[4..]].concat();
        assert_eq!(derive(&endless).unwrap_err().code(), ErrorCode::OutOfRange);
    }

    #[test]
    fn another_layout_is_refused() {
        let packed = [numbers(&[32, 32, 3, 4]), pieces(&[&[1; 32], &[2; 16], &[3; 8], &[4; 12]])].concat();
        refuses_another_layout(argon2id, &packed);
        refuses_another_layout(pbkdf2_sha256, &[numbers(&[64, 1]), pieces(&[b"passwd", b"salt"])].concat());
    }
}
