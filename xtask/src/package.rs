//! The npm package: one file of code per module system, the Wasm bytes inside it, and declarations from the same sources;
//! beside them the builds for other languages, as files.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::command;
use crate::step;

/// The modules of the package.
const ENGINE: &str = "target/wasm/js/engine.wasm";
const DERIVE: &str = "target/wasm/js/derive.wasm";

/// Fills pkg/dist, unless nothing it is made of has changed.
pub(crate) fn build(root: &Path, raw: &Path, component: &Path) -> Result<()> {
    let dist = root.join("pkg/dist");
    let interface = root.join("wasm/component/wit/warded.wit");
    let copies = [(raw, "raw.wasm"), (component, "component.wasm"), (&interface, "warded.wit")];
    let inputs = inputs(root, copies.map(|(from, _)| from))?;
    let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    let outputs = ["esm/index.js", "cjs/index.js", "raw.wasm", "component.wasm", "warded.wit"];
    let outputs = outputs.map(|name| dist.join(name));
    let outputs = outputs.each_ref().map(AsRef::as_ref);
    step::unless_current(&root.join("target/wasm/package.key"), &inputs, &outputs, || {
        if dist.exists() {
            fs::remove_dir_all(&dist).context("cannot empty pkg/dist")?;
        }
        types(root)?;
        code(root, "esm", "esm", "--loader:.wasm=base64")?;
        code(root, "cjs", "cjs", "--loader:.wasm=base64")?;
        code(root, "precompiled", "esm", "--external:#load*")?;
        loaders(root)?;
        step::write(&dist.join("cjs/package.json"), b"{ \"type\": \"commonjs\" }\n")?;
        for (from, name) in copies {
            step::write(&dist.join(name), &step::read(from)?)?;
        }
        step::write(&root.join("pkg/LICENSE"), &step::read(&root.join("LICENSE"))?)
    })
}

fn inputs(root: &Path, copies: [&Path; 3]) -> Result<Vec<Vec<u8>>> {
    let mut paths = step::files(&root.join("js/src"))?;
    paths.extend(
        ["js/tsconfig.json", "js/package-lock.json", ENGINE, DERIVE, "xtask/src/package.rs"]
            .map(|path| root.join(path)),
    );
    paths.extend(copies.map(Path::to_path_buf));
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

/// `internal.js` and `derivation.js` hold all code and the Wasm bytes; the entries only name what is public, so that they share one instance.
fn code(root: &Path, folder: &str, format: &str, engine: &str) -> Result<()> {
    let esbuild = || {
        let mut command = command::tool(root, "esbuild");
        command
            .args(["--target=es2022", "--platform=neutral", "--tsconfig=js/tsconfig.json"])
            .args(["--log-level=warning", &format!("--format={format}")])
            .arg(format!("--outdir=pkg/dist/{folder}"))
            .current_dir(root);
        command
    };
    command::run(esbuild().args(["js/src/internal.ts", "js/src/derivation.ts", "--bundle", engine]))?;
    // The guard is code of its own: whoever only decides does not load it.
    command::run(esbuild().args(["js/src/edge.ts", "--bundle", "--external:./internal.js"]))?;
    command::run(esbuild().args(["js/src/index.ts", "js/src/hazmat.ts", "js/src/derive.ts"]))
}

/// Where bytes cannot be compiled, the module is a file of its own; `imports` of package.json says how each runtime asks for it.
fn loaders(root: &Path) -> Result<()> {
    command::run(
        command::tool(root, "esbuild")
            .args(["--target=es2022", "--log-level=warning", "--outdir=pkg/dist/precompiled"])
            .args(["js/src/load-workerd.ts", "js/src/load-edge-light.ts"])
            .args(["js/src/load-derive-workerd.ts", "js/src/load-derive-edge-light.ts"])
            .current_dir(root),
    )?;
    step::write(&root.join("pkg/dist/derive.wasm"), &step::read(&root.join(DERIVE))?)?;
    step::write(&root.join("pkg/dist/engine.wasm"), &step::read(&root.join(ENGINE))?)
}
