//! The Warded server: parse, decide in Wasm, carry out in one transaction, answer.
// Denied and not forbidden: loading the precompiled module needs the one exception in guest.rs.

pub mod app;
pub mod audit;
pub mod authorize;
pub mod body;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dotenv;
pub mod error;
pub mod extract;
pub mod grant;
pub mod guest;
pub mod id;
pub mod keys;
pub mod logging;
pub mod metrics;
pub mod openapi;
pub mod permission;
pub mod policy;
pub mod query;
pub mod rate_limit;
pub mod raw_path;
pub mod refusals;
pub mod reply;
pub mod rng;
pub mod role;
pub mod rotation;
pub mod routes;
pub mod run;
pub mod serve;
pub mod start;
pub mod store;
pub mod text;
pub mod vocabulary;
pub mod webhook;
