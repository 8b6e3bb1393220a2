//! Compiles the raw module to machine code, so that the server starts at once and carries no compiler.

use std::path::PathBuf;
use std::{env, error, fs};

#[path = "src/guest/config.rs"]
mod config;

fn main() -> Result<(), Box<dyn error::Error>> {
    #[expect(clippy::disallowed_methods, reason = "a build script is told by its environment")]
    let var = |name: &str| env::var(name);
    let module = PathBuf::from(var("CARGO_MANIFEST_DIR")?).join("../target/wasm/warded_raw.wasm");
    println!("cargo::rerun-if-changed={}", module.display());
    println!("cargo::rerun-if-changed=src/guest/config.rs");
    let wasm =
        fs::read(&module).map_err(|error| format!("{}: {error}; run `make wasm` first", module.display()))?;
    let mut config = config::engine();
    // Named, so that the code runs on any processor of the target and not only on this one.
    config.target(&var("TARGET")?)?;
    let compiled = wasmtime::Engine::new(&config)?.precompile_module(&wasm)?;
    fs::write(PathBuf::from(var("OUT_DIR")?).join("warded_raw.cwasm"), compiled)?;
    Ok(())
}
