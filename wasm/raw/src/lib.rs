//! The Warded engine as a Wasm module with zero imports.
#![cfg_attr(target_arch = "wasm32", no_std)]
