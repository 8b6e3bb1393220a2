//! The Warded server: parse, decide in Wasm, carry out in one transaction, answer.
#![forbid(unsafe_code)]

pub mod audit;
pub mod error;
pub mod guest;
pub mod store;
