//! The raw module itself in wasmtime, as a program of somebody else's would load it: whatever is sent, and for however long.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "helpers of tests")]

#[path = "module/garbage.rs"]
mod garbage;
#[path = "module/instance.rs"]
mod instance;
#[path = "module/layout.rs"]
mod layout;
#[path = "module/memory.rs"]
mod memory;
