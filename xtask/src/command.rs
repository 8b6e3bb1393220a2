//! Runs other programs; one that fails ends the build.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::step;

/// Says what is run, runs it, and fails if it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    println!("+ {}", shown(command));
    let status = command.status().with_context(|| format!("cannot start {}", shown(command)))?;
    ensure!(status.success(), "{} failed with {status}", shown(command));
    Ok(())
}

/// A command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect();
    words.join(" ")
}

/// Installs exactly what a folder's lock file names, if that has not been done since it changed.
pub(crate) fn node_modules(folder: &Path) -> Result<()> {
    let lock = step::read(&folder.join("package-lock.json"))?;
    let stamp = folder.join("node_modules/.warded-lock");
    step::unless_current(&stamp, &[&lock], &[], || {
        run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder))
    })
}

/// A development tool of js/package.json.
pub(crate) fn tool(root: &Path, name: &str) -> Command {
    let path: PathBuf = root.join("js/node_modules/.bin").join(name);
    Command::new(path)
}
