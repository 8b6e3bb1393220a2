//! Keys from passphrases: Argon2id (RFC 9106) and PBKDF2-HMAC-SHA-256 (RFC 8018), with floors below which nothing is derived.
//!
//! Slow on purpose, so this is for commands and never for the way of a request. [`Argon2id`] and [`Pbkdf2`] are what to build on;
//! [`argon2id`] and [`pbkdf2_sha256`] take any parameters, for interoperability and for other people's vectors.

use alloc::vec::Vec;

use argon2::{Algorithm, Argon2, AssociatedData, Block, ParamsBuilder, Version};
use zeroize::Zeroize as _;

use crate::error::{Error, ErrorCode};
use crate::secret::Secret;

#[cfg(test)]
mod tests;

/// The least bytes of salt.
pub const MIN_SALT: usize = 16;
/// The most memory, in KiB: 2 GiB.
pub const MAX_MEMORY: u32 = 2 * 1024 * 1024;
/// The most bytes that are derived at once.
pub const MAX_OUTPUT: usize = 1024;

/// What Argon2id costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2id {
    memory: u32,
    iterations: u32,
    parallelism: u32,
}

impl Argon2id {
    /// For a keyring's passphrase: 64 MiB, three passes, one lane.
    pub const KEYRING: Self = Self { memory: 64 * 1024, iterations: 3, parallelism: 1 };
    /// For login passwords, and the floor: 19 MiB, two passes, one lane.
    pub const LOGIN: Self = Self { memory: 19 * 1024, iterations: 2, parallelism: 1 };

    /// So many KiB of memory, passes and lanes.
    ///
    /// # Errors
    /// [`ErrorCode::OutOfRange`] below [`LOGIN`](Self::LOGIN), or above [`MAX_MEMORY`] or 255 lanes.
    pub fn new(memory: u32, iterations: u32, parallelism: u32) -> Result<Self, Error> {
        let rule = if !(Self::LOGIN.memory..=MAX_MEMORY).contains(&memory) {
            "memory is 19456 to 2097152 KiB"
        } else if iterations < Self::LOGIN.iterations {
            "iterations are at least 2"
        } else if !(1..=255).contains(&parallelism) {
            "parallelism is 1 to 255"
        } else {
            return Ok(Self { memory, iterations, parallelism });
        };
        Err(Error::because(ErrorCode::OutOfRange, rule))
    }

    /// KiB of memory, passes and lanes.
    #[must_use]
    pub const fn parameters(&self) -> (u32, u32, u32) {
        (self.memory, self.iterations, self.parallelism)
    }

    /// The key of a passphrase.
    ///
    /// # Errors
    /// [`ErrorCode::OutOfRange`] for a salt under [`MIN_SALT`] bytes, [`ErrorCode::LimitExceeded`] where the memory is not to be had.
    pub fn derive(&self, password: &[u8], salt: &[u8]) -> Result<Secret<[u8; 32]>, Error> {
        check_salt(salt)?;
        let Self { memory, iterations, parallelism } = *self;
        let input = Argon2idInput {
            memory,
            iterations,
            parallelism,
            password,
            salt,
            secret: &[],
            associated_data: &[],
        };
        key(|key| argon2id(&input, key))
    }
}

/// What PBKDF2-HMAC-SHA-256 costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pbkdf2 {
    iterations: u32,
}

impl Pbkdf2 {
    /// 600,000 iterations.
    pub const DEFAULT: Self = Self { iterations: 600_000 };
    /// The fewest iterations.
    pub const FEWEST: u32 = 100_000;

    /// So many iterations.
    ///
    /// # Errors
    /// [`ErrorCode::OutOfRange`] for fewer than [`FEWEST`](Self::FEWEST).
    pub fn new(iterations: u32) -> Result<Self, Error> {
        if iterations < Self::FEWEST {
            return Err(Error::because(ErrorCode::OutOfRange, "iterations are at least 100000"));
        }
        Ok(Self { iterations })
    }

    /// The key of a passphrase.
    ///
    /// # Errors
    /// [`ErrorCode::OutOfRange`] for a salt under [`MIN_SALT`] bytes.
    pub fn derive(&self, password: &[u8], salt: &[u8]) -> Result<Secret<[u8; 32]>, Error> {
        check_salt(salt)?;
        key(|key| pbkdf2_sha256(password, salt, self.iterations, key))
    }
}

fn check_salt(salt: &[u8]) -> Result<(), Error> {
    if salt.len() < MIN_SALT {
        return Err(Error::because(ErrorCode::OutOfRange, "salt is at least 16 bytes"));
    }
    Ok(())
}

fn key(derive: impl FnOnce(&mut [u8]) -> Result<(), Error>) -> Result<Secret<[u8; 32]>, Error> {
    let mut key = [0; 32];
    let derived = derive(&mut key);
    let secret = Secret::new(key);
    key.zeroize();
    derived.map(|()| secret)
}

/// Everything that Argon2id takes.
#[derive(Clone, Copy)]
#[expect(
    clippy::exhaustive_structs,
    missing_debug_implementations,
    reason = "the inputs of RFC 9106, which are secret"
)]
pub struct Argon2idInput<'a> {
    /// KiB of memory: at least 8 for each lane, at most [`MAX_MEMORY`].
    pub memory: u32,
    /// Passes over the memory, at least 1.
    pub iterations: u32,
    /// Lanes, 1 to 2^24-1; they are filled one after the other.
    pub parallelism: u32,
    /// What is known to a person.
    pub password: &'a [u8],
    /// At least 8 bytes.
    pub salt: &'a [u8],
    /// What is known to the program, or nothing.
    pub secret: &'a [u8],
    /// At most 32 bytes.
    pub associated_data: &'a [u8],
}

/// Fills `output`, of 4 to [`MAX_OUTPUT`] bytes, by Argon2id, version 0x13 (RFC 9106).
///
/// # Errors
/// [`ErrorCode::OutOfRange`] for what Argon2id does not take, [`ErrorCode::LimitExceeded`] where the memory is not to be had.
///
/// # Security
/// Safe only with parameters such as those of [`Argon2id`].
pub fn argon2id(input: &Argon2idInput<'_>, output: &mut [u8]) -> Result<(), Error> {
    let wrong = |_| Error::new(ErrorCode::OutOfRange);
    if input.memory > MAX_MEMORY || output.len() > MAX_OUTPUT {
        return Err(Error::new(ErrorCode::OutOfRange));
    }
    let mut builder = ParamsBuilder::new();
    builder
        .m_cost(input.memory)
        .t_cost(input.iterations)
        .p_cost(input.parallelism)
        .output_len(output.len())
        .data(AssociatedData::new(input.associated_data).map_err(wrong)?);
    let params = builder.build().map_err(wrong)?;
    let mut blocks = Vec::new();
    blocks.try_reserve_exact(params.block_count()).map_err(|_| Error::new(ErrorCode::LimitExceeded))?;
    blocks.resize(params.block_count(), Block::new());
    let argon2 =
        Argon2::new_with_secret(input.secret, Algorithm::Argon2id, Version::V0x13, params).map_err(wrong)?;
    let derived = argon2.hash_password_into_with_memory(input.password, input.salt, output, &mut blocks);
    // Whoever found it could try passphrases at no cost.
    blocks.zeroize();
    derived.map_err(wrong)
}

/// Fills `output`, of 1 to [`MAX_OUTPUT`] bytes, by PBKDF2-HMAC-SHA-256 (RFC 8018).
///
/// # Errors
/// [`ErrorCode::OutOfRange`] for no iterations, or another length of output.
///
/// # Security
/// Safe only with as many iterations as [`Pbkdf2`] takes.
pub fn pbkdf2_sha256(password: &[u8], salt: &[u8], iterations: u32, output: &mut [u8]) -> Result<(), Error> {
    if iterations == 0 || !(1..=MAX_OUTPUT).contains(&output.len()) {
        return Err(Error::new(ErrorCode::OutOfRange));
    }
    warded_primitives::pbkdf2(password, salt, iterations, output);
    Ok(())
}
