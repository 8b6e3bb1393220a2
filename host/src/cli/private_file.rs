//! A new file that only its owner can read, and that goes again if it does not become whole.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::failure::Failure;

/// A file on its way. What is not kept is removed: half of it would be taken for the whole.
#[derive(Debug)]
pub struct PrivateFile {
    path: PathBuf,
    file: File,
    kept: bool,
}

impl PrivateFile {
    /// Makes the file; never over another one.
    ///
    /// # Errors
    /// It is there already, or cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        Ok(Self { path: path.to_path_buf(), file, kept: false })
    }

    /// The same, for a command.
    ///
    /// # Errors
    /// One line that names it.
    pub fn named(path: &Path) -> Result<Self, Failure> {
        Self::create(path).map_err(|error| {
            Failure::Usage(match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    format!("`{}` is there already: name a new file", path.display())
                }
                _ => format!("`{}` cannot be made: {error}", path.display()),
            })
        })
    }

    /// Writes all of it, and keeps it. Pieces, so that nobody puts a secret together in memory that is not wiped.
    ///
    /// # Errors
    /// One line that names it.
    pub fn fill(mut self, pieces: &[&[u8]]) -> Result<(), Failure> {
        let name = self.path.display().to_string();
        let kept = pieces.iter().try_for_each(|piece| self.write_all(piece)).and_then(|()| self.keep());
        kept.map_err(|error| Failure::Failed(format!("`{name}` cannot be written: {error}")))
    }

    /// Keeps it, whatever happens to this process from here on.
    ///
    /// # Errors
    /// The disk does not take it.
    pub fn keep(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        self.kept = true;
        Ok(())
    }
}

impl Write for PrivateFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        if !self.kept {
            // What is left behind is named by the next attempt.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_private_and_replaces_nothing() {
        use std::os::unix::fs::MetadataExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let mut file = PrivateFile::create(&path).unwrap();
        file.write_all(b"one").unwrap();
        file.keep().unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(PrivateFile::create(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
    }

    #[test]
    fn what_is_not_kept_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("half");
        let mut file = PrivateFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert!(!path.exists());
    }
}
