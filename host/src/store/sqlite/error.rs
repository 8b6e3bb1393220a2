//! Why a data folder does not open, and what SQLite's own errors mean here.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::audit::record::RecordError;
use crate::rng::RngError;
use crate::store::StoreError;

/// Why the data folder cannot be used: one line that says what is wrong and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The clock was set back, or the data is from the future.
    #[error(
        "the clock is {seconds} s behind the last audit record in `{path}`: set the clock, or start with --accept-clock"
    )]
    ClockBehind {
        /// The data folder.
        path: PathBuf,
        /// How far.
        seconds: u64,
    },
    /// The file is not what was written.
    #[error("the database `{path}` is damaged ({what}): restore a backup")]
    Damaged {
        /// The database's file.
        path: PathBuf,
        /// What does not hold.
        what: String,
    },
    /// The database did not do what it was asked to.
    #[error("the database `{path}` cannot be opened: {what}")]
    Database {
        /// The database's file.
        path: PathBuf,
        /// What SQLite says.
        what: String,
    },
    /// A database of something else.
    #[error("`{path}` is not a database of warded: choose another data folder")]
    Foreign {
        /// The database's file.
        path: PathBuf,
    },
    /// Another server holds the lock.
    #[error("the data folder `{path}` is in use by another server: stop it, or choose another data folder")]
    InUse {
        /// The data folder.
        path: PathBuf,
    },
    /// There is nothing to read.
    #[error("there is no database in `{path}`: name the data folder of a server")]
    Missing {
        /// The data folder.
        path: PathBuf,
    },
    /// A newer server wrote it.
    #[error(
        "the database `{path}` is of version {found}, this server knows up to {known}: start a newer server"
    )]
    Newer {
        /// The database's file.
        path: PathBuf,
        /// The version of the file.
        found: u32,
        /// The newest that this server knows.
        known: u32,
    },
    /// An older server wrote it, and reading alone does not change it.
    #[error("the database `{path}` is of version {found}, and {known} is needed: start the server once")]
    Older {
        /// The database's file.
        path: PathBuf,
        /// The version of the file.
        found: u32,
        /// The version that can be read.
        known: u32,
    },
    /// The first start needs randomness.
    #[error(transparent)]
    Rng(#[from] RngError),
    /// A thread could not be started.
    #[error("a thread cannot be started: {0}")]
    Thread(io::Error),
    /// The folder or a file in it cannot be made, read or written.
    #[error("the data folder `{path}` cannot be used: {source}")]
    Unusable {
        /// The data folder.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

impl OpenError {
    /// What SQLite's error means for whoever opens this file.
    pub(super) fn from_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::damaged(path, &error.to_string())
            }
            _ => Self::Database { path: path.to_path_buf(), what: one_line(&error.to_string()) },
        }
    }

    /// What does not hold in this file.
    pub(super) fn damaged(path: &Path, what: &str) -> Self {
        Self::Damaged { path: path.to_path_buf(), what: one_line(what) }
    }
}

/// SQLite reports some things over several lines, and in a damaged file with whatever bytes it found.
fn one_line(text: &str) -> String {
    let words: Vec<_> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match (error.sqlite_error_code(), &error) {
            (Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt), _) => {
                Self::Damaged("the database file")
            }
            (
                None,
                rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..),
            ) => Self::Damaged("a column of the wrong type"),
            _ => Self::Database(error.to_string()),
        }
    }
}

impl From<RngError> for StoreError {
    fn from(error: RngError) -> Self {
        Self::Database(error.to_string())
    }
}

impl From<RecordError> for StoreError {
    fn from(error: RecordError) -> Self {
        Self::Database(error.to_string())
    }
}
