//! The Warded engine as a Wasm module with zero imports: the operations of `warded-hot` as exports, an allocator and a panic handler.
//!
//! `docs/abi.md` is the contract.
#![cfg_attr(target_arch = "wasm32", no_std)]

// Under Miri too, which checks the unsafe code that the exports reach.
#[cfg(any(target_arch = "wasm32", miri))]
pub mod exports;
#[cfg(all(test, miri))]
mod tests;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// The engine does not panic; if it ever does, the call traps, and the host replaces the instance.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
