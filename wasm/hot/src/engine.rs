//! One engine: a buffer to exchange bytes through, and what is loaded.

use alloc::vec::Vec;

use warded_core::call::error_json;
use warded_core::error::{Error, ErrorCode};
use warded_core::policy::Policy;
use zeroize::Zeroize as _;

use crate::cache::{Cache, Handle};
use crate::operations::{self, Operation, Output};
use crate::packed;

/// The longest input: 16 MiB of plaintext with everything around it.
pub const MAX_BUFFER: usize = 17 * 1024 * 1024;

/// The bytes of a handle.
const HANDLE: usize = 12;

/// An operation of a binding's own that takes a loaded policy.
pub type WithPolicy = fn(Option<&Policy>, &[u8]) -> Result<Vec<u8>, Error>;

/// An operation that a module can export.
///
/// A pointer and not an enum: what no artifact names is not linked into it.
#[derive(Debug, Clone, Copy)]
pub struct Export(Operation);

macro_rules! exports {
    ($($(#[$doc:meta])* $export:ident = $operation:ident;)*) => {
        /// The operations, in the order of `docs/abi.md`.
        impl Export {
            $($(#[$doc])* pub const $export: Self = Self(operations::$operation);)*

            /// All of them, for tests of what any of them does.
            pub const ALL: &[Self] = &[$(Self::$export),*];
        }
    };
}

exports! {
    /// One document call.
    CALL = call;
    /// Compiles a grant document.
    COMPILE_GRANT = compile_grant;
    /// Loads a compiled grant.
    LOAD_GRANT = load_grant;
    /// Compiles the text of a policy.
    COMPILE_POLICY = compile_policy;
    /// Loads a compiled policy.
    LOAD_POLICY = load_policy;
    /// Decides a packed request.
    DECIDE = decide;
    /// Loads keys.
    LOAD_KEYRING = load_keyring;
    /// Seals a value.
    SEAL = seal;
    /// Opens a value.
    OPEN = open;
    /// Seals a value again under the current key.
    RESEAL = reseal;
    /// Begins to seal a value that the caller encrypts.
    SEAL_HEAD = seal_head;
    /// Begins to open a value that the caller decrypts.
    OPEN_HEAD = open_head;
    /// Seals a value under a data key of its own.
    SEAL_WITH_DATA_KEY = seal_with_data_key;
    /// Opens a value sealed under a data key.
    OPEN_WITH_DATA_KEY = open_with_data_key;
    /// Signs a bundle.
    MAKE_BUNDLE = make_bundle;
    /// Opens a bundle.
    OPEN_BUNDLE = open_bundle;
    /// Makes a token of random bytes.
    MINT_TOKEN = mint_token;
    /// Checks and hashes a token.
    HASH_TOKEN = hash_token;
    /// Compares a token with a hash.
    VERIFY_TOKEN = verify_token;
    /// Masks credentials in JSON text.
    REDACT = redact;
    /// SHA-256.
    SHA256 = sha256;
    /// HMAC-SHA-256.
    HMAC_SHA256 = hmac_sha256;
    /// AES-256-GCM, sealing.
    AES_GCM_SEAL = aes_gcm_seal;
    /// AES-256-GCM, opening.
    AES_GCM_OPEN = aes_gcm_open;
    /// KBKDF in counter mode.
    KBKDF = kbkdf;
}

/// The exchange buffer and the loaded objects of one module instance.
#[derive(Debug)]
pub struct Engine {
    buffer: Vec<u8>,
    /// How many bytes at the start of the buffer may hold a secret that an earlier call left for its reader.
    secret: usize,
    cache: Cache,
}

impl Engine {
    /// An engine with nothing loaded.
    #[must_use]
    pub const fn new() -> Self {
        Self { buffer: Vec::new(), secret: 0, cache: Cache::new() }
    }

    /// The exchange buffer, grown to at least `length` bytes; `None` over [`MAX_BUFFER`]. What it holds stays.
    pub fn buffer(&mut self, length: usize) -> Option<&mut [u8]> {
        if length > MAX_BUFFER {
            return None;
        }
        // A decision's answer never moves it.
        let length = length.max(packed::ANSWER);
        if self.buffer.len() < length {
            self.grow(length);
        }
        Some(&mut self.buffer)
    }

    /// Loads compiled grant bytes, for a binding that has them at hand.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidCompiled`].
    pub fn load_grant(&mut self, bytes: &[u8]) -> Result<Handle, Error> {
        self.cache.load_grant(bytes)
    }

    /// Runs an export on the first `length` bytes of the buffer, leaves the answer there, and returns status and length.
    pub fn run(&mut self, length: usize, export: Export) -> u64 {
        self.wipe_behind(length);
        let Some(input) = self.buffer.get(..length) else {
            return self.refuse(&Error::new(ErrorCode::InvalidBuffer));
        };
        match (export.0)(&mut self.cache, input) {
            Ok(Output::Public(answer)) => self.answer(0, &answer),
            Ok(Output::Document(status, answer)) => {
                self.wipe(length);
                let answered = self.answer(status, answer.expose());
                self.secret = answer.expose().len();
                answered
            }
            Ok(Output::Decided) => self.decided(),
            Ok(Output::Sealed(answer)) => {
                self.wipe(length);
                self.answer(0, &answer)
            }
            Ok(Output::Hashed(answer)) => {
                self.wipe(length);
                self.answer(0, &answer)
            }
            Ok(Output::Secret(answer)) => {
                self.wipe(length);
                let answered = self.answer(0, answer.expose());
                self.secret = answer.expose().len();
                answered
            }
            Err(error) => {
                self.wipe(length);
                self.refuse(&error)
            }
        }
    }

    /// Runs an operation of a binding's own, one that needs nothing loaded and handles no secrets; otherwise as [`run`](Self::run).
    pub fn run_own(&mut self, length: usize, operation: fn(&[u8]) -> Result<Vec<u8>, Error>) -> u64 {
        self.wipe_behind(length);
        let input = self.buffer.get(..length).ok_or_else(|| Error::new(ErrorCode::InvalidBuffer));
        let answer = input.and_then(operation);
        self.answer_own(answer)
    }

    /// The same with a loaded policy: the input begins with its handle, or with twelve zeros for none.
    pub fn run_with_policy(&mut self, length: usize, operation: WithPolicy) -> u64 {
        self.wipe_behind(length);
        let misuse = || Error::new(ErrorCode::InvalidBuffer);
        let input = self.buffer.get(..length).ok_or_else(misuse);
        let answer = input.and_then(|input| {
            let (handle, rest) = input.split_at_checked(HANDLE).ok_or_else(misuse)?;
            operation(self.cache.policy(handle)?, rest)
        });
        self.answer_own(answer)
    }

    fn answer_own(&mut self, answer: Result<Vec<u8>, Error>) -> u64 {
        match answer {
            Ok(answer) => self.answer(0, &answer),
            Err(error) => self.refuse(&error),
        }
    }

    fn decided(&mut self) -> u64 {
        if self.buffer.len() < packed::ANSWER {
            self.grow(packed::ANSWER);
        }
        u64::try_from(packed::write(&self.cache.work.decision, &mut self.buffer)).unwrap_or_default()
    }

    fn refuse(&mut self, error: &Error) -> u64 {
        self.answer(error.code().number(), &error_json(error))
    }

    fn answer(&mut self, status: u16, answer: &[u8]) -> u64 {
        if self.buffer.len() < answer.len() {
            self.grow(answer.len());
        }
        if let Some(place) = self.buffer.get_mut(..answer.len()) {
            place.copy_from_slice(answer);
        }
        (u64::from(status) << 32) | u64::try_from(answer.len()).unwrap_or_default()
    }

    /// Grows without leaving a copy of the old contents behind in freed memory.
    fn grow(&mut self, length: usize) {
        let mut grown = Vec::with_capacity(length);
        grown.extend_from_slice(&self.buffer);
        grown.resize(length, 0);
        self.buffer.zeroize();
        self.buffer = grown;
    }

    /// Wipes what an earlier answer left behind this input. A length that the buffer does not have says nothing about what is input, so all goes.
    fn wipe_behind(&mut self, length: usize) {
        let (start, end) = if length > self.buffer.len() {
            (0, self.buffer.len())
        } else {
            (length, self.secret.max(length))
        };
        if let Some(rest) = self.buffer.get_mut(start..end) {
            rest.zeroize();
        }
        self.secret = 0;
    }

    fn wipe(&mut self, length: usize) {
        if let Some(input) = self.buffer.get_mut(..length) {
            input.zeroize();
        }
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
