//! The `warded` binary.
fn main() {}
