//! The Warded server: parse, decide in Wasm, carry out in one transaction, answer.
#![forbid(unsafe_code)]

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
