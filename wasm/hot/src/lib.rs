//! What the Wasm artifacts share: the exchange buffer, the bounded cache of loaded objects and the packed operations.
//!
//! `docs/abi.md` is the contract. Everything here is safe code over [`Engine`]; only `instance` touches the one static engine of a module.
#![no_std]
extern crate alloc;
#[cfg(test)]
extern crate std;

mod cache;
mod engine;
mod operations;
mod packed;

// Under Miri too, which checks its unsafe code: see `warded-raw`.
#[cfg(any(target_arch = "wasm32", miri))]
pub mod instance;

pub use cache::Handle;
pub use engine::{Engine, Export, MAX_BUFFER, WithPolicy};
