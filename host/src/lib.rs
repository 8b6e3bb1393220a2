//! The Warded server: parse, decide in Wasm, carry out in one transaction, answer.
// Denied and not forbidden: loading the precompiled module needs the one exception in guest.rs.

pub mod audit;
pub mod clock;
pub mod dotenv;
pub mod error;
pub mod guest;
pub mod id;
pub mod query;
pub mod raw_path;
pub mod rng;
pub mod role;
pub mod store;
