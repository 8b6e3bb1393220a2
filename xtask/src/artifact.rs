//! The Wasm modules: cargo, wasm-opt.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use wit_component::ComponentEncoder;

use crate::command;
use crate::step;

/// Every JavaScript runtime has SIMD, not every Wasm runtime. It makes SHA-256 1.6 times as fast, and the module smaller.
const SIMD: &str = "-Ctarget-feature=+simd128";

/// The module with zero imports, for any Wasm runtime.
pub(crate) fn raw(root: &Path) -> Result<PathBuf> {
    let built = cargo(root, "warded-raw", "wasm-fast", &[])?;
    let optimised = root.join("target/wasm/warded_raw.wasm");
    optimise(root, &built, &optimised)?;
    Ok(optimised)
}

/// The component, for hosts of the component model: zero imports too.
pub(crate) fn component(root: &Path) -> Result<PathBuf> {
    let built = cargo(root, "warded-component", "wasm", &[])?;
    let core = root.join("target/wasm/warded_component.core.wasm");
    optimise(root, &built, &core)?;
    let encoded = root.join("target/wasm/warded_component.wasm");
    let module = step::read(&core)?;
    step::unless_current(&encoded.with_extension("key"), &[&module], &[&encoded], || {
        // The section that says which interface the exports are was put there by wit-bindgen, and is taken out here.
        let component =
            ComponentEncoder::default().validate(true).module(&module).and_then(ComponentEncoder::encode);
        step::write(&encoded, &component.context("wit-component failed")?)
    })?;
    Ok(encoded)
}

/// The module of the npm package.
pub(crate) fn engine(root: &Path) -> Result<PathBuf> {
    let built = cargo(root, "warded-js", "wasm", &[SIMD])?;
    let optimised = root.join("target/wasm/js/engine.wasm");
    optimise(root, &built, &optimised)?;
    Ok(optimised)
}

/// The module of derivations, with zero imports, for the package.
pub(crate) fn derive(root: &Path) -> Result<PathBuf> {
    let built = cargo(root, "warded-derive", "wasm", &[SIMD])?;
    let optimised = root.join("target/wasm/js/derive.wasm");
    optimise(root, &built, &optimised)?;
    Ok(optimised)
}

/// Builds one artifact with its own command, because built together their features would be united.
fn cargo(root: &Path, package: &str, profile: &str, flags: &[&str]) -> Result<PathBuf> {
    // A folder for each, whatever CARGO_TARGET_DIR says: flags differ, and a build of the host at the same time does not wait for this one.
    let target = root.join("target/wasm/cargo").join(package);
    let flags: Vec<String> = remap(root)?.into_iter().chain(flags.iter().map(ToString::to_string)).collect();
    command::run(
        Command::new("cargo")
            .args(["build", "--locked", "--package", package])
            .args(["--target", "wasm32-unknown-unknown", "--profile", profile, "--target-dir"])
            .arg(&target)
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
            .current_dir(root),
    )?;
    let file = format!("{}.wasm", package.replace('-', "_"));
    Ok(target.join("wasm32-unknown-unknown").join(profile).join(file))
}

/// Keeps the paths of this machine out of the module, so that every machine makes the same bytes.
fn remap(root: &Path) -> Result<Vec<String>> {
    let home = std::env::home_dir().context("no home folder")?;
    let cargo = std::env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
    let map = |path: &Path, name: &str| format!("--remap-path-prefix={}={name}", path.display());
    Ok(vec![map(root, "warded"), map(&cargo, "cargo")])
}

/// `-O3` and not `-Oz`: a decision takes 0.38 µs instead of 0.40, a seal 3.5 instead of 3.7, and the gzip size is the same.
/// No object lies in the first kilobyte, where the stack would have overflowed all but entirely: knowing that saves 0.5 kB of gzip.
const WASM_OPT: [&str; 5] =
    ["-O3", "--low-memory-unused", "--strip-debug", "--strip-producers", "--strip-target-features"];

fn optimise(root: &Path, input: &Path, output: &Path) -> Result<()> {
    let lock = step::read(&root.join("js/package-lock.json"))?;
    let flags = WASM_OPT.join(" ");
    let key = output.with_extension("key");
    step::unless_current(&key, &[&step::read(input)?, flags.as_bytes(), &lock], &[output], || {
        command::run(command::tool(root, "wasm-opt").args(WASM_OPT).arg(input).arg("-o").arg(output))
    })
}
