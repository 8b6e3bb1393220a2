//! The raw module itself in wasmtime, as a program of somebody else's would load it: whatever is sent, and for however long.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests"
)]

#[path = "module/garbage.rs"]
mod garbage;
#[path = "module/instance.rs"]
mod instance;
#[path = "module/layout.rs"]
mod layout;
#[path = "module/memory.rs"]
mod memory;
