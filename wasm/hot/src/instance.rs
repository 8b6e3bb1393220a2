//! The one engine of a module instance.
//!
//! The exported functions stand in the artifacts and not here: an export of this crate would be in every module, with all that it needs.
#![expect(unsafe_code, reason = "the one static engine of a single-threaded module")]

use core::cell::UnsafeCell;

use crate::engine::{Engine, Export};

struct Global(UnsafeCell<Engine>);

// SAFETY: a module instance without shared memory has one thread.
unsafe impl Sync for Global {}

static ENGINE: Global = Global(UnsafeCell::new(Engine::new()));

/// Runs `work` on the module's engine.
///
/// # Security
/// `work` must not come back here: it may call operations, and neither an import nor an export.
pub fn with_engine<T>(work: impl FnOnce(&mut Engine) -> T) -> T {
    // SAFETY: one thread, and nothing that runs inside `work` comes back here: operations call no import and no export.
    work(unsafe { &mut *ENGINE.0.get() })
}

/// Runs an export on the first `length` bytes of the buffer, and returns the answer's status and length.
pub fn run(length: u32, export: Export) -> u64 {
    with_engine(|engine| engine.run(usize::try_from(length).unwrap_or(usize::MAX), export))
}

/// The address of the exchange buffer, grown to at least `length` bytes; 0 over the limit.
pub fn buffer(length: u32) -> usize {
    with_engine(|engine| {
        let buffer = usize::try_from(length).ok().and_then(|length| engine.buffer(length));
        buffer.map_or(0, |buffer| buffer.as_mut_ptr().expose_provenance())
    })
}
