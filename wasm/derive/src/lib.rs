//! Argon2id and PBKDF2 as a Wasm module with zero imports, apart from the engine: it is instantiated for one derivation, and its memory,
//! which Wasm never gives back, goes with it.
#![cfg_attr(target_arch = "wasm32", no_std)]
extern crate alloc;

pub mod derivation;

#[cfg(target_arch = "wasm32")]
pub mod exports;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Nothing here panics; if it ever does, the call traps, and the instance was for this call only.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
