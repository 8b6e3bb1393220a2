//! The npm package: one file of code per module system, the Wasm bytes inside it, and declarations from the same sources.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::command;
use crate::step;

/// Fills pkg/dist, unless nothing it is made of has changed.
pub(crate) fn build(root: &Path, raw: &Path) -> Result<()> {
    let dist = root.join("pkg/dist");
    let inputs = inputs(root, raw)?;
    let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    let outputs = [dist.join("esm/index.js"), dist.join("cjs/index.js"), dist.join("raw.wasm")];
    let outputs: Vec<&Path> = outputs.iter().map(AsRef::as_ref).collect();
    step::unless_current(&root.join("target/wasm/package.key"), &inputs, &outputs, || {
        if dist.exists() {
            fs::remove_dir_all(&dist).context("cannot empty pkg/dist")?;
        }
        types(root)?;
        for system in ["esm", "cjs"] {
            code(root, system)?;
        }
        step::write(&dist.join("cjs/package.json"), b"{ \"type\": \"commonjs\" }\n")?;
        step::write(&dist.join("raw.wasm"), &step::read(raw)?)?;
        step::write(&root.join("pkg/LICENSE"), &step::read(&root.join("LICENSE"))?)
    })
}

fn inputs(root: &Path, raw: &Path) -> Result<Vec<Vec<u8>>> {
    let mut paths = step::files(&root.join("js/src"))?;
    paths.extend(step::files(&root.join("target/wasm/js/glue"))?);
    paths.extend(
        ["js/tsconfig.json", "js/package-lock.json", "target/wasm/js/engine.wasm", "xtask/src/package.rs"]
            .map(|path| root.join(path)),
    );
    paths.push(raw.into());
    let mut inputs = Vec::new();
    for path in paths {
        inputs.push(path.as_os_str().as_encoded_bytes().to_vec());
        inputs.push(step::read(&path)?);
    }
    Ok(inputs)
}

/// Checks the sources and writes their declarations, the same for both module systems.
fn types(root: &Path) -> Result<()> {
    for system in ["esm", "cjs"] {
        let folder = root.join("pkg/dist").join(system);
        command::run(
            command::tool(root, "tsc").args(["-p", "js", "--outDir"]).arg(folder).current_dir(root),
        )?;
    }
    Ok(())
}

/// `internal.js` holds all code and the Wasm bytes; the entries only name what is public, so that both share one instance.
fn code(root: &Path, system: &str) -> Result<()> {
    let format = format!("--format={system}");
    let common =
        ["--target=es2022", "--platform=neutral", "--tsconfig=js/tsconfig.json", "--log-level=warning"];
    let esbuild = || {
        let mut command = command::tool(root, "esbuild");
        command.arg(&format).args(common).current_dir(root);
        command
    };
    command::run(
        esbuild()
            .args(["js/src/internal.ts", "--bundle", "--loader:.wasm=base64"])
            .arg(format!("--outfile=pkg/dist/{system}/internal.js")),
    )?;
    command::run(
        esbuild().args(["js/src/index.ts", "js/src/hazmat.ts"]).arg(format!("--outdir=pkg/dist/{system}")),
    )
}
