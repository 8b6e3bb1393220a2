//! Who may use which credential, from where, how often and at which tier; and the sealing of the credentials themselves.
//!
//! The crate has no effects: time, randomness and stored counters are arguments, and the answer says what to store.
//! Modules are listed in reading order.
#![no_std]
#![forbid(unsafe_code)]
#![deny(
    clippy::alloc_instead_of_core,
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::needless_pass_by_value,
    clippy::panic_in_result_fn,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core
)]
#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]
extern crate alloc;
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
#[cfg(test)]
extern crate std;

pub mod error;
mod sorted;
mod wide;

pub mod codec;
pub mod document;
mod hex;
pub mod json;

pub mod path;
pub mod pattern;
pub mod scope;
pub mod scope_set;

pub mod ip;
pub mod namespaces;
pub mod tier;
pub mod time;
pub mod trust;

pub mod attribute;
pub mod cost;
pub mod limit;

pub mod grant;
pub mod narrowing;
pub mod request;
pub mod usage;

pub mod policy;

mod ask;
pub mod decide;
pub mod decision;
pub mod explain;
pub mod filter;
pub mod lint;
pub mod quota;
pub mod reason;

pub mod secret;

pub mod crypto;

pub mod bundle;

pub mod chain;

pub mod redact;

pub mod call;

#[cfg(feature = "audit")]
pub mod audit;

#[cfg(test)]
mod vectors;

pub use error::{Error, ErrorCode};
