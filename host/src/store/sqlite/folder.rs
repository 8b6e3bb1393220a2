//! The data folder: its mode, its lock, and connections to the database in it.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, ffi};

use super::error::OpenError;

/// The database's file in the data folder.
const DATABASE: &str = "warded.db";
/// The file whose lock says that a server uses the folder.
const LOCK: &str = "lock";
/// How long a statement waits for a lock: with the time in the queue it stays below the two seconds in which a caller is told.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(1);
/// The longest write-ahead log that is kept for the next writes: longer than it grows where no reader is in its way.
const LONGEST_LOG: i64 = 64 << 20;
/// More than there are statements, so that none is ever prepared twice.
const STATEMENTS: usize = 128;

/// A data folder that belongs to this process until it is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Held, never read: the lock goes with the file.
    _lock: File,
}

impl Folder {
    /// Makes the folder if it is missing, closes it to other users, and takes its lock.
    pub(super) fn take(path: &Path) -> Result<Self, OpenError> {
        let unusable = |source| OpenError::Unusable { path: path.to_path_buf(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unusable)?;
        if is_ours(path).map_err(unusable)? {
            fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(unusable)?;
        }
        // An absolute path: SQLite reads a relative one that begins with `file:` as a URI.
        let path = path.canonicalize().map_err(unusable)?;
        let lock = private_file(&path.join(LOCK)).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse { path }),
            Err(TryLockError::Error(source)) => return Err(OpenError::Unusable { path, source }),
        }
        private_file(&path.join(DATABASE))
            .map_err(|source| OpenError::Unusable { path: path.clone(), source })?;
        Ok(Self { path, _lock: lock })
    }

    pub(super) fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }
}

/// Whether the folder is for a database only. One with other things in it keeps its mode: it may be `/tmp`, named by mistake.
fn is_ours(path: &Path) -> io::Result<bool> {
    Ok(path.join(DATABASE).exists() || fs::read_dir(path)?.next().is_none())
}

/// The database's file of a folder that another process may be using.
pub(super) fn database_of(path: &Path) -> Result<PathBuf, OpenError> {
    let database = path.join(DATABASE);
    match database.canonicalize() {
        Ok(database) => Ok(database),
        Err(source) if source.kind() == io::ErrorKind::NotFound => {
            Err(OpenError::Missing { path: path.to_path_buf() })
        }
        Err(source) => Err(OpenError::Unusable { path: path.to_path_buf(), source }),
    }
}

/// Opens a file for this user only, made if it is missing.
fn private_file(path: &Path) -> io::Result<File> {
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

/// A connection that may write, and has not written a byte: what the file is must be known first.
pub(super) fn connect_to_write(database: &Path) -> rusqlite::Result<Connection> {
    open(database, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

/// Makes a connection that may write one whose commits survive a power loss.
pub(super) fn make_durable(connection: &Connection) -> rusqlite::Result<()> {
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        // Nothing else here would say that readers and the writer now stand in each other's way.
        let what = "the file system does not support a write-ahead log".to_owned();
        return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CANTOPEN), Some(what)));
    }
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // What is destroyed is overwritten, not only unlinked.
    connection.pragma_update(None, "secure_delete", true)?;
    // Savepoints keep their pages in memory, not in temporary files.
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    // The checkpointer does it beside the writer.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // A log that a reader kept from beginning anew gives the disk its room back once it does.
    connection.pragma_update(None, "journal_size_limit", LONGEST_LOG)
}

/// A connection to a database of ours that may write.
pub(super) fn connect(database: &Path) -> rusqlite::Result<Connection> {
    let connection = connect_to_write(database)?;
    make_durable(&connection)?;
    Ok(connection)
}

/// A connection that cannot write.
pub(super) fn connect_to_read(database: &Path) -> rusqlite::Result<Connection> {
    let connection = open(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "cache_size", -4_096)?;
    Ok(connection)
}

fn open(database: &Path, mode: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(database, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A plan is made once: looking at the values bound to it would prepare most statements anew for each request.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // A database may not bring code: functions and views in a damaged or planted schema stay inert.
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}
