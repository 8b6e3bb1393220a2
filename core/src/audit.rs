//! The audit chain outside its database: canonical records, checkpoints that sign it, and the verification of exports.
//!
//! [`chain`](crate::chain) computes leaves and links. This module is the feature `audit`, because Ed25519 is larger than the rest of the engine.

pub mod canonical;
pub mod checkpoint;
pub mod export;
