//! The Wasm engine: wasmtime, limits and instances, with one owner.

/// A grant as the engine compiled it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompiledGrant {
    /// The engine's own bytes, checked when loaded.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes.
    pub digest: [u8; 32],
}
