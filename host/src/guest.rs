//! The Wasm engine: wasmtime, its limits and its instances, with one owner.
//!
//! Every decision, seal and open of the server happens in here. Instances are pooled; one that traps, meets a limit or refuses is thrown away,
//! the call that it failed is refused, and the next call gets a fresh one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use warded_core::crypto::seal::Context;
use warded_core::crypto::token::TokenKind;
use warded_core::decision::{Decision, Outcome};
use warded_core::reason::Reason;
use warded_core::request::Request;
use warded_core::secret::Secret;
use warded_core::usage::Usage;
use warded_core::{Error, ErrorCode};
use wasmtime::{Engine, InstancePre, Linker, Module};
use zeroize::Zeroizing;

use crate::rng;

mod config;
mod instance;
mod layout;
#[cfg(test)]
pub(crate) mod strike;

use instance::{Export, Failure, Instance, Limits, Refusal};
pub use layout::{states_from_bytes, states_to_bytes};

/// The module, compiled by the build script.
const COMPILED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/warded_raw.cwasm"));
/// The steps that a call may take whatever its input, and for each byte of it: ten times what the dearest call was seen to need.
const BASE_FUEL: u64 = 50_000_000;
const FUEL_PER_BYTE: u64 = 5_000;

/// A grant as the engine compiled it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompiledGrant {
    /// The engine's own bytes, checked when loaded.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes.
    pub digest: [u8; 32],
}

/// A policy as the engine compiled it. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompiledPolicy {
    /// The engine's own bytes, checked when loaded.
    pub bytes: Arc<[u8]>,
    /// SHA-256 of the bytes.
    pub digest: [u8; 32],
}

/// A place in a text, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}

impl Position {
    /// The place that an error or a warning of the engine names.
    #[must_use]
    pub fn of(document: &serde_json::Value) -> Option<Self> {
        let number = |name: &str| u32::try_from(document.get(name)?.as_u64()?).ok();
        Some(Self { line: number("line")?, column: number("column")? })
    }
}

/// A link of a chain to decide about.
#[derive(Debug, Clone, Copy)]
pub struct LinkRef<'a> {
    /// The grant.
    pub grant: &'a CompiledGrant,
    /// What has been used of it.
    pub usage: &'a Usage,
}

/// A sealed value and its sealed data key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedValue {
    /// The data key, sealed under the current master key.
    pub key: Vec<u8>,
    /// The value, sealed under the data key.
    pub value: Vec<u8>,
}

/// A token as minted; its text is shown once.
#[derive(Debug)]
pub struct MintedToken {
    /// The text.
    pub text: Secret<String>,
    /// SHA-256 of the text.
    pub hash: [u8; 32],
    /// The characters that may be shown.
    pub display: String,
}

/// Why the engine did not answer.
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
    /// It refused the input.
    #[error("{message}")]
    Refused {
        /// What is wrong.
        code: ErrorCode,
        /// The engine's message, which names the field.
        message: String,
        /// The field that is wrong.
        field: Option<String>,
        /// Where it stands, if the input was a text.
        position: Option<Position>,
    },
    /// It trapped or met a limit. The instance has been replaced.
    #[error("the engine failed: {0}")]
    Trapped(String),
    /// The operating system gave no randomness.
    #[error(transparent)]
    Random(#[from] rng::RngError),
}

impl GuestError {
    /// The code of a refusal.
    #[must_use]
    pub const fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::Random(_) | Self::Trapped(_) => None,
        }
    }
}

/// The one owner of engine, limits, keys and instances.
pub struct Guest {
    engine: Engine,
    module: InstancePre<Limits>,
    keys: Zeroizing<Vec<u8>>,
    idle: Mutex<Vec<Instance>>,
    base_fuel: AtomicU64,
    traps: AtomicU64,
    #[cfg(test)]
    strike: Mutex<Option<strike::Strike>>,
}

impl std::fmt::Debug for Guest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guest").field("traps", &self.traps()).finish_non_exhaustive()
    }
}

/// As many idle instances are kept; the writer uses one, and requests that hash a token another.
const MAX_IDLE: usize = 8;

impl Guest {
    /// An engine with master keys, current first.
    ///
    /// # Errors
    /// The compiled module does not fit this processor, or the keys are refused.
    pub fn new(keys: &[Secret<[u8; 32]>]) -> Result<Self, GuestError> {
        let trapped = |error: wasmtime::Error| GuestError::Trapped(format!("{error:#}"));
        let engine = Engine::new(&config::engine()).map_err(trapped)?;
        #[expect(unsafe_code, reason = "wasmtime has no safe way to load precompiled code")]
        // SAFETY: the bytes were made by this crate's build script from the module beside it, and are part of this binary.
        let module = unsafe { Module::deserialize(&engine, COMPILED) }.map_err(trapped)?;
        let module = Linker::new(&engine).instantiate_pre(&module).map_err(trapped)?;
        let guest = Self {
            engine,
            module,
            keys: Zeroizing::new(keys.iter().flat_map(|key| *key.expose()).collect()),
            idle: Mutex::new(Vec::new()),
            base_fuel: AtomicU64::new(BASE_FUEL),
            traps: AtomicU64::new(0),
            #[cfg(test)]
            strike: Mutex::default(),
        };
        guest.run(&[], |instance| instance.keyring().map(|_| ()))?;
        Ok(guest)
    }

    /// How many calls have trapped or met a limit.
    #[must_use]
    pub fn traps(&self) -> u64 {
        self.traps.load(Ordering::Relaxed)
    }

    /// Sets the steps that a call may take whatever its input. With 0, every call fails: nothing is allowed and nothing opens.
    pub fn limit_fuel(&self, steps: u64) {
        self.base_fuel.store(steps, Ordering::Relaxed);
    }

    /// Compiles a grant document given as JSON text.
    ///
    /// # Errors
    /// The field that is wrong.
    pub fn compile_grant(&self, document: &[u8]) -> Result<CompiledGrant, GuestError> {
        self.run(document, |instance| {
            let bytes = instance.call(Export::CompileGrant, document)?.to_vec();
            let digest = instance.call(Export::Sha256, &bytes)?.try_into().map_err(|_| Failure::layout())?;
            Ok(CompiledGrant { bytes, digest })
        })
    }

    /// Compiles the text of a policy.
    ///
    /// # Errors
    /// The field that is wrong, and where it stands.
    pub fn compile_policy(&self, text: &str) -> Result<CompiledPolicy, GuestError> {
        self.run(text.as_bytes(), |instance| {
            let bytes = Arc::from(instance.call(Export::CompilePolicy, text.as_bytes())?);
            let digest = instance.call(Export::Sha256, &bytes)?.try_into().map_err(|_| Failure::layout())?;
            Ok(CompiledPolicy { bytes, digest })
        })
    }

    /// Decides a request that comes through a chain, outermost link first, under a policy; without one, the chain decides alone.
    ///
    /// # Errors
    /// The engine trapped, or the request is malformed. Neither is an allow.
    pub fn decide(
        &self,
        chain: &[LinkRef<'_>],
        policy: Option<&CompiledPolicy>,
        request: &Request<'_>,
    ) -> Result<Decision, GuestError> {
        let grants: usize = chain.iter().map(|link| link.grant.bytes.len()).sum();
        let loaded = grants.saturating_add(policy.map_or(0, |policy| policy.bytes.len()));
        self.run_with(loaded, |instance| {
            let mut packed = Vec::with_capacity(512);
            layout::write_request(&mut packed, &instance.handles(chain, policy)?, chain, request)?;
            match instance.call(Export::Decide, &packed) {
                Err(Failure::Refused(error)) if error.code == ErrorCode::Stale => {
                    // Others have pushed one of these out of the module's cache.
                    instance.forget_handles();
                    packed.clear();
                    layout::write_request(&mut packed, &instance.handles(chain, policy)?, chain, request)?;
                    layout::read_decision(instance.call(Export::Decide, &packed)?)
                }
                // More rules speak against it, or ask about it, than the answer has room for.
                Err(Failure::Refused(error)) if error.code == ErrorCode::LimitExceeded => {
                    let reason = Reason::of_policy(ErrorCode::LimitExceeded, None);
                    let unchanged: Vec<_> = chain.iter().map(|link| link.usage.clone()).collect();
                    Decision::from_parts(Outcome::Deny, vec![reason], &unchanged, Vec::new(), None)
                        .ok_or_else(Failure::layout)
                }
                answer => layout::read_decision(answer?),
            }
        })
    }

    /// Seals a value under a fresh data key, and the data key under the current master key.
    ///
    /// # Errors
    /// The engine trapped, or there is no randomness.
    pub fn seal_value(
        &self,
        key_context: &Context<'_>,
        value_context: &Context<'_>,
        value: &[u8],
    ) -> Result<SealedValue, GuestError> {
        // A data key and two salts.
        let mut random = Zeroizing::new([0; 96]);
        rng::fill(random.as_mut_slice())?;
        self.run(value, |instance| {
            let mut input = Zeroizing::new(Vec::with_capacity(value.len() + 2048));
            input.extend_from_slice(&instance.keyring()?);
            input.extend_from_slice(random.as_slice());
            key_context.write(&mut input);
            value_context.write(&mut input);
            input.extend_from_slice(value);
            layout::read_sealed(instance.call(Export::SealWithDataKey, &input)?)
        })
    }

    /// Opens a value that [`seal_value`](Self::seal_value) sealed in the same contexts.
    ///
    /// # Errors
    /// [`ErrorCode::KeyUnknown`] or [`ErrorCode::SealRejected`], or the engine trapped.
    pub fn open_value(
        &self,
        key_context: &Context<'_>,
        value_context: &Context<'_>,
        sealed_key: &[u8],
        sealed_value: &[u8],
    ) -> Result<Secret<Vec<u8>>, GuestError> {
        self.run(sealed_value, |instance| {
            let mut input = Vec::with_capacity(sealed_value.len() + 2048);
            input.extend_from_slice(&instance.keyring()?);
            key_context.write(&mut input);
            value_context.write(&mut input);
            layout::write_bytes(&mut input, sealed_key)?;
            input.extend_from_slice(sealed_value);
            instance.call_secret(Export::OpenWithDataKey, &input, |opened| Ok(Secret::new(opened.to_vec())))
        })
    }

    /// Checks a token's form and checksum, and hashes it.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidToken`], or the engine trapped.
    pub fn hash_token(&self, text: &str) -> Result<(TokenKind, [u8; 32]), GuestError> {
        self.run(text.as_bytes(), |instance| {
            layout::read_hashed(instance.call(Export::HashToken, text.as_bytes())?)
        })
    }

    /// Makes a token.
    ///
    /// # Errors
    /// The engine trapped, or there is no randomness.
    pub fn mint_token(&self, kind: TokenKind) -> Result<MintedToken, GuestError> {
        let mut input = Zeroizing::new([kind.letter(); 33]);
        let [_, random @ ..] = &mut *input;
        rng::fill(random)?;
        self.run(input.as_slice(), |instance| {
            instance.call_secret(Export::MintToken, input.as_slice(), layout::read_minted)
        })
    }

    /// Answers a document call: the status and the answer's JSON text. See `docs/abi.md`.
    ///
    /// # Errors
    /// The engine trapped. A refusal is an answer.
    pub fn call(&self, json: &[u8]) -> Result<(u16, Vec<u8>), GuestError> {
        self.run(json, |instance| instance.answer(Export::Call, json))
    }

    fn run<T>(
        &self,
        input: &[u8],
        work: impl FnOnce(&mut Instance) -> Result<T, Failure>,
    ) -> Result<T, GuestError> {
        self.run_with(input.len(), work)
    }

    /// Runs `work` on an instance of its own, with steps for `length` bytes of input.
    fn run_with<T>(
        &self,
        length: usize,
        work: impl FnOnce(&mut Instance) -> Result<T, Failure>,
    ) -> Result<T, GuestError> {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        let base = self.base_fuel.load(Ordering::Relaxed);
        let fuel = if base == 0 { 0 } else { base.saturating_add(length.saturating_mul(FUEL_PER_BYTE)) };
        let result = self.instance().and_then(|mut instance| {
            instance.refuel(fuel)?;
            #[cfg(test)]
            self.meet_strike(&mut instance)?;
            let result = work(&mut instance);
            // One that refused is thrown away too: the server asks nothing that the engine refuses, so it may be the damaged one.
            if result.is_ok() {
                self.keep(instance);
            }
            result
        });
        result.map_err(|failure| match failure {
            Failure::Refused(error) => {
                let Refusal { code, message, field, position } = error;
                GuestError::Refused { code, message, field, position }
            }
            Failure::Trapped(error) => {
                self.traps.fetch_add(1, Ordering::Relaxed);
                GuestError::Trapped(format!("{error:#}"))
            }
        })
    }

    fn instance(&self) -> Result<Instance, Failure> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| Instance::new(&self.engine, &self.module, self.keys.clone()), Ok)
    }

    fn keep(&self, instance: Instance) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE {
            idle.push(instance);
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::refused(error.code(), error.to_string())
    }
}

#[cfg(test)]
mod tests;
