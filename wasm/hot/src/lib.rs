//! What the Wasm artifacts share: the exchange buffer, the bounded cache of loaded objects and the packed operations.
#![no_std]
