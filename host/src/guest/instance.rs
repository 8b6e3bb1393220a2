//! One instance of the module: its memory, its exports, and what is loaded in it.

use std::collections::HashMap;

use warded_core::ErrorCode;
use wasmtime::{Engine, InstancePre, Memory, Store, StoreLimits, StoreLimitsBuilder, TypedFunc};
use zeroize::Zeroizing;

use super::config::MAX_MEMORY;
use super::layout::Handles;
use super::{CompiledPolicy, LinkRef, Position};

/// The module keeps 256 grants loaded; handles beyond that would be stale more often than not.
const MAX_HANDLES: usize = 256;
/// The length of a handle.
pub(super) const HANDLE: usize = 12;

/// What the store of an instance holds.
pub(super) type Limits = StoreLimits;
/// A slot and 64 bits of what lies there.
pub(super) type Handle = [u8; HANDLE];

/// What the module refused.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: ErrorCode,
    pub(super) message: String,
    pub(super) field: Option<String>,
    pub(super) position: Option<Position>,
}

/// Why a call has no answer.
#[derive(Debug)]
pub(super) enum Failure {
    Refused(Refusal),
    Trapped(wasmtime::Error),
}

impl Failure {
    pub(super) const fn refused(code: ErrorCode, message: String) -> Self {
        Self::Refused(Refusal { code, message, field: None, position: None })
    }

    /// The module's answer is not laid out as `docs/abi.md` says: as bad as a trap.
    pub(super) fn layout() -> Self {
        Self::Trapped(wasmtime::Error::msg("the answer is malformed"))
    }
}

impl From<wasmtime::Error> for Failure {
    fn from(error: wasmtime::Error) -> Self {
        Self::Trapped(error)
    }
}

macro_rules! exports {
    ($($export:ident = $name:literal,)*) => {
        /// An export of the module.
        #[derive(Debug, Clone, Copy)]
        pub(super) enum Export { $($export,)* }

        impl Export {
            const NAMES: &'static [&'static str] = &[$($name,)*];
        }
    };
}

exports! {
    Call = "warded_call",
    CompileGrant = "warded_compile_grant",
    CompilePolicy = "warded_compile_policy",
    LoadGrant = "warded_load_grant",
    LoadPolicy = "warded_load_policy",
    Decide = "warded_decide",
    LoadKeyring = "warded_load_keyring",
    SealWithDataKey = "warded_seal_with_data_key",
    OpenWithDataKey = "warded_open_with_data_key",
    HashToken = "warded_hash_token",
    MintToken = "warded_mint_token",
    Sha256 = "warded_sha256",
}

/// An instance, used by one call at a time.
pub(super) struct Instance {
    store: Store<Limits>,
    memory: Memory,
    buffer: TypedFunc<u32, u32>,
    exports: Vec<TypedFunc<u32, u64>>,
    address: usize,
    capacity: usize,
    handles: HashMap<[u8; 32], Handle>,
    keyring: Option<Handle>,
    keys: Zeroizing<Vec<u8>>,
}

impl Instance {
    pub(super) fn new(
        engine: &Engine,
        module: &InstancePre<Limits>,
        keys: Zeroizing<Vec<u8>>,
    ) -> Result<Self, Failure> {
        let limits = StoreLimitsBuilder::new().memory_size(MAX_MEMORY).instances(1).tables(1).build();
        let mut store = Store::new(engine, limits);
        store.limiter(|limits| limits);
        let instance = module.instantiate(&mut store)?;
        let memory = instance.get_memory(&mut store, "memory").ok_or_else(Failure::layout)?;
        let buffer = instance.get_typed_func(&mut store, "warded_buffer")?;
        let exports = Export::NAMES
            .iter()
            .map(|name| instance.get_typed_func(&mut store, name))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            store,
            memory,
            buffer,
            exports,
            address: 0,
            capacity: 0,
            handles: HashMap::new(),
            keyring: None,
            keys,
        })
    }

    /// Allows this many steps from here on.
    pub(super) fn refuel(&mut self, steps: u64) -> Result<(), Failure> {
        Ok(self.store.set_fuel(steps)?)
    }

    /// Overwrites the whole memory.
    #[cfg(test)]
    pub(super) fn damage(&mut self, byte: u8) {
        self.memory.data_mut(&mut self.store).fill(byte);
    }

    /// Sets other limits.
    #[cfg(test)]
    pub(super) fn limit(&mut self, limits: Limits) {
        *self.store.data_mut() = limits;
    }

    /// The keyring's handle, loading it if this instance has not yet.
    pub(super) fn keyring(&mut self) -> Result<Handle, Failure> {
        if let Some(handle) = self.keyring {
            return Ok(handle);
        }
        let keys = self.keys.clone();
        let handle = self.call(Export::LoadKeyring, &keys)?.try_into().map_err(|_| Failure::layout())?;
        self.keyring = Some(handle);
        Ok(handle)
    }

    /// The handles of what a request is decided by, loading what this instance has not yet.
    pub(super) fn handles(
        &mut self,
        chain: &[LinkRef<'_>],
        policy: Option<&CompiledPolicy>,
    ) -> Result<Handles, Failure> {
        let grants =
            chain.iter().map(|link| self.handle(Export::LoadGrant, &link.grant.digest, &link.grant.bytes));
        Ok(Handles {
            grants: grants.collect::<Result<_, _>>()?,
            policy: policy
                .map(|policy| self.handle(Export::LoadPolicy, &policy.digest, &policy.bytes))
                .transpose()?,
        })
    }

    /// A handle is found by the digest of the bytes: the first of a grant's and of a policy's differ, so no two have the same.
    fn handle(&mut self, load: Export, digest: &[u8; 32], bytes: &[u8]) -> Result<Handle, Failure> {
        if let Some(handle) = self.handles.get(digest) {
            return Ok(*handle);
        }
        // The ids of a grant's limits follow, which the host knows.
        let handle = *self.call(load, bytes)?.first_chunk().ok_or_else(Failure::layout)?;
        if self.handles.len() >= MAX_HANDLES {
            self.handles.clear();
        }
        self.handles.insert(*digest, handle);
        Ok(handle)
    }

    /// Forgets what is loaded.
    pub(super) fn forget_handles(&mut self) {
        self.handles.clear();
    }

    /// Runs an export on `input` and lends its answer.
    pub(super) fn call(&mut self, export: Export, input: &[u8]) -> Result<&[u8], Failure> {
        let (status, length) = self.run(export, input)?;
        if status != 0 {
            return Err(self.refusal(status, length));
        }
        self.read(length)
    }

    /// Runs an export, gives its answer to `read`, and wipes it in the module's memory.
    pub(super) fn call_secret<T>(
        &mut self,
        export: Export,
        input: &[u8],
        read: impl FnOnce(&[u8]) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let result = self.call(export, input).map(|answer| (answer.len(), read(answer)));
        let (length, result) = result?;
        let answer =
            self.memory.data_mut(&mut self.store).get_mut(self.address..).and_then(|m| m.get_mut(..length));
        answer.ok_or_else(Failure::layout)?.fill(0);
        result
    }

    /// Runs an export and returns status and answer as they are.
    pub(super) fn answer(&mut self, export: Export, input: &[u8]) -> Result<(u16, Vec<u8>), Failure> {
        let (status, length) = self.run(export, input)?;
        Ok((status, self.read(length)?.to_vec()))
    }

    fn run(&mut self, export: Export, input: &[u8]) -> Result<(u16, usize), Failure> {
        self.reserve(input.len())?;
        self.memory.write(&mut self.store, self.address, input).map_err(|_| Failure::layout())?;
        let function = self.exports.get(export as usize).ok_or_else(Failure::layout)?;
        let length = u32::try_from(input.len()).map_err(|_| Failure::layout())?;
        let packed = function.call(&mut self.store, length)?;
        let status = u16::try_from(packed >> 32).map_err(|_| Failure::layout())?;
        let length = usize::try_from(packed & u64::from(u32::MAX)).map_err(|_| Failure::layout())?;
        self.reserve(length)?;
        Ok((status, length))
    }

    /// Makes the exchange buffer hold `length` bytes.
    fn reserve(&mut self, length: usize) -> Result<(), Failure> {
        if length <= self.capacity && self.address != 0 {
            return Ok(());
        }
        let wanted = u32::try_from(length.max(1024)).map_err(|_| Failure::layout())?;
        let address = self.buffer.call(&mut self.store, wanted)?;
        if address == 0 {
            // No input of the server is longer than the module takes, so this is an instance without memory.
            return Err(Failure::Trapped(wasmtime::Error::msg("the engine has no memory for its input")));
        }
        self.address = usize::try_from(address).map_err(|_| Failure::layout())?;
        self.capacity = length.max(1024);
        Ok(())
    }

    fn read(&self, length: usize) -> Result<&[u8], Failure> {
        let memory = self.memory.data(&self.store);
        memory.get(self.address..).and_then(|rest| rest.get(..length)).ok_or_else(Failure::layout)
    }

    fn refusal(&self, status: u16, length: usize) -> Failure {
        let read = || {
            let code = ErrorCode::from_number(status)?;
            let document: serde_json::Value = serde_json::from_slice(self.read(length).ok()?).ok()?;
            let error = document.get("error")?;
            let text = |name: &str| Some(error.get(name)?.as_str()?.to_owned());
            Some(Refusal {
                code,
                message: text("message")?,
                field: text("field"),
                position: Position::of(error),
            })
        };
        read().map_or_else(Failure::layout, Failure::Refused)
    }
}
