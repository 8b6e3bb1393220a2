//! Builds what `cargo build` cannot, the Wasm artifacts and the npm package, and checks the dependencies. The Makefile calls it.
#![expect(clippy::print_stdout, reason = "a build tool talks to the terminal")]

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

mod artifact;
mod command;
mod deny;
mod package;
mod size;
mod step;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Result<()> {
    // Asked when it runs and not when it is compiled: two checkouts may share a target folder.
    let own = std::env::var_os("CARGO_MANIFEST_DIR").context("run it as `cargo xtask`")?;
    let root = Path::new(&own).parent().context("xtask lies in the workspace")?;
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["deny"] => deny::check(root),
        ["wasm"] => wasm(root),
        _ => bail!("usage: cargo xtask wasm | deny"),
    }
}

/// Builds the modules, the component and the package, and says how large they are.
fn wasm(root: &Path) -> Result<()> {
    command::node_modules(&root.join("js"))?;
    let raw = artifact::raw(root)?;
    let engine = artifact::engine(root)?;
    let derive = artifact::derive(root)?;
    let component = artifact::component(root)?;
    package::build(root, &raw, &component)?;
    size::print("warded_raw.wasm", &raw)?;
    size::print("warded_component.wasm", &component)?;
    size::print("engine.wasm (in the package)", &engine)?;
    size::print("derive.wasm (in the package)", &derive)
}
