//! The Warded engine for JavaScript: the operations of `warded-hot`, and randomness from the runtime.
//!
//! Everything passes through the exchange buffer, documents as JSON text. Measured in Node 20 against `serde-wasm-bindgen`: a grant of 1,000
//! networks takes 59 µs instead of 175 on its way in, one of a single network 1.4 instead of 2.3, and the module is 20 kB smaller (gzip).
#![cfg_attr(target_arch = "wasm32", no_std)]
extern crate alloc;

pub mod document;

#[cfg(target_arch = "wasm32")]
pub mod exports;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// The engine does not panic; if it ever does, the call traps, and the package makes a new instance.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
