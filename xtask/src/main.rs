//! Builds the Wasm artifacts and the npm package.
fn main() {}
