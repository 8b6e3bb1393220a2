//! The types and exports of the interface, generated from `wit/warded.wit`.
#![expect(unsafe_code, reason = "the canonical ABI: generated code lifts and lowers through linear memory")]
#![expect(
    clippy::mem_forget,
    reason = "what generated code lowers belongs to the host until it says that it is done"
)]

wit_bindgen::generate!({ path: "wit", world: "warded" });

pub(crate) use exports::warded::engine::engine::*;

export!(Engine);

/// What the functions of the interface are implemented on.
pub(crate) struct Engine;
