//! Steps that do nothing while their inputs are the same.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Runs `make` unless it has run with the same inputs before and all outputs are there.
/// The folders of the outputs are there when it runs: tools like wasm-opt do not make them.
///
/// The key file holds the inputs themselves: nothing can collide, and they are small.
pub(crate) fn unless_current(
    key: &Path,
    inputs: &[&[u8]],
    outputs: &[&Path],
    make: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let mut wanted = Vec::new();
    for input in inputs {
        wanted.extend_from_slice(&input.len().to_le_bytes());
        wanted.extend_from_slice(input);
    }
    let current = fs::read(key).is_ok_and(|made| made == wanted);
    if current && outputs.iter().all(|output| output.exists()) {
        return Ok(());
    }
    // A step that stops half-way must not look done.
    if key.exists() {
        fs::remove_file(key).with_context(|| format!("cannot remove {}", key.display()))?;
    }
    for output in outputs {
        folder_of(output)?;
    }
    make()?;
    write(key, &wanted)
}

/// Reads a file; the error names it.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Writes a file and the folders above it; the error names it.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    folder_of(path)?;
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Makes the folders above a file.
fn folder_of(path: &Path) -> Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}

/// The files of a folder and of those in it, in the order of their names.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_step_finds_the_folders_of_its_outputs() {
        let folder = std::env::temp_dir().join(format!("warded-folders-{}", std::process::id()));
        let output = folder.join("a/b/output");
        unless_current(&folder.join("key"), &[], &[&output], || Ok(fs::write(&output, b"made")?)).unwrap();
        assert_eq!(read(&output).unwrap(), b"made");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_step_runs_again_only_when_an_input_changed_or_an_output_is_gone() {
        let folder = std::env::temp_dir().join(format!("warded-step-{}", std::process::id()));
        let (key, output) = (folder.join("key"), folder.join("output"));
        let runs = Cell::new(0);
        let step = |inputs: &[&[u8]]| {
            unless_current(&key, inputs, &[&output], || {
                runs.set(runs.get() + 1);
                write(&output, b"made")
            })
            .unwrap();
            runs.get()
        };
        assert_eq!((step(&[b"ab", b"c"]), step(&[b"ab", b"c"])), (1, 1));
        assert_eq!(step(&[b"a", b"bc"]), 2, "the border between inputs is part of the key");
        fs::remove_file(&output).unwrap();
        assert_eq!(step(&[b"a", b"bc"]), 3);
        assert!(unless_current(&key, &[], &[], || anyhow::bail!("stopped")).is_err());
        assert_eq!(step(&[b"a", b"bc"]), 4, "a step that failed is not done");
        fs::remove_dir_all(folder).unwrap();
    }
}
