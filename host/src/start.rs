//! From settings to a server's parts: folders looked at, keys read or made, data opened and matched with its keyring.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::{App, Shared};
use crate::clock::Clock;
use crate::config::Config;
use crate::guest::{Guest, GuestError};
use crate::keys::{self, KeyError, MasterKeys};
use crate::store::sqlite::{OpenError, SqliteStore};
use crate::store::{AuditQuery, Role, StoreError, query};
use crate::timestamp::rfc3339;

mod canary;
mod member;
#[cfg(test)]
mod tests;

use canary::Canary;
pub use member::{HandedOver, NewMember};

/// Why the server does not start: one line that says what is wrong and what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The witness of the audit's checkpoints cannot be written.
    #[error("`checkpoint_file`: `{path}` cannot be written: {error}")]
    CheckpointFile {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// There is no data for the keyring.
    #[error("there is a keyring in `{keys}` but no data in `{data}`: {advice}")]
    DataMissing {
        /// The keys folder.
        keys: PathBuf,
        /// The data folder.
        data: PathBuf,
        /// What to do.
        advice: &'static str,
    },
    /// The engine does not start.
    #[error("the engine cannot be started: {0}")]
    Guest(#[from] GuestError),
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// There is no keyring for the data.
    #[error("there is no keyring in `{keys}`: {advice}")]
    KeyringMissing {
        /// The keys folder.
        keys: PathBuf,
        /// What to do.
        advice: &'static str,
    },
    /// The member cannot be added.
    #[error("the member cannot be added: {0}")]
    Member(String),
    /// The data folder cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A setting that production does not allow.
    #[error("not for production: {0}")]
    Production(&'static str),
    /// The database failed.
    #[error("the database cannot be read: {0}")]
    Store(#[from] StoreError),
    /// The keyring did not seal this data.
    #[error(
        "the keyring in `{keys}` is not the one that sealed the data in `{data}`: put the right one there"
    )]
    WrongKeyring {
        /// The keys folder.
        keys: PathBuf,
        /// The data folder.
        data: PathBuf,
    },
}

/// A server's parts, opened and checked.
#[derive(Debug)]
pub struct Opened {
    /// For the requests.
    pub app: Shared,
    /// To be closed at the end.
    pub store: Arc<SqliteStore>,
    /// What was made, if this is a first start.
    pub made: Vec<PathBuf>,
}

/// Opens what `warded serve` works on, and makes keys and the first admin on a first start outside production.
///
/// # Errors
/// The one line that says why not.
pub async fn open(config: Config) -> Result<Opened, StartError> {
    if config.production {
        check_production(&config)?;
    }
    let mut parts = Parts::open(&config, !config.production)?;
    if parts.fresh && config.production {
        return Err(StartError::DataMissing { keys: config.keys, data: config.data, advice: NO_MEMBER });
    }
    if parts.fresh {
        parts.made.push(parts.add_first_admin(&config.keys).await?);
    }
    let Parts { store, guest, clock, made, .. } = parts;
    let tenant = store.tenant();
    let app = App::new(Arc::<SqliteStore>::clone(&store), guest, config, tenant, clock);
    app.checkpoints.check_witness().map_err(|(path, error)| StartError::CheckpointFile { path, error })?;
    Ok(Opened { app: Arc::new(app), store, made })
}

/// Adds a member to a data folder that no server is using.
///
/// # Errors
/// The folder is in use or does not open, or the address is taken.
pub async fn create_member(config: &Config, member: &NewMember<'_>) -> Result<HandedOver, StartError> {
    let parts = Parts::open(config, false)?;
    let handed_over = parts.add_member(&config.keys, member).await;
    parts.store.close();
    handed_over
}

const NO_MEMBER: &str = "run `warded member create --role admin` first";

/// What `warded doctor` calls an error.
fn check_production(config: &Config) -> Result<(), StartError> {
    if !config.listen.ip().to_canonical().is_loopback() && config.trusted_proxies.is_empty() {
        return Err(StartError::Production(
            "`listen` is plain HTTP off loopback, put a proxy with TLS in front and name it in `trusted_proxies`",
        ));
    }
    if !config.rate_limits.enabled {
        return Err(StartError::Production("`rate_limits` is off, switch it on"));
    }
    if is_inside(&config.keys, &config.data) {
        return Err(StartError::Production("`keys` is inside `data`, keep them apart"));
    }
    Ok(())
}

/// Whether a folder is another one or lies in it, links followed where the folders exist.
fn is_inside(inner: &Path, outer: &Path) -> bool {
    let resolved = |path: &Path| fs::canonicalize(path).or_else(|_| std::path::absolute(path));
    match (resolved(inner), resolved(outer)) {
        (Ok(inner), Ok(outer)) => inner.starts_with(outer),
        _ => false,
    }
}

/// Store, engine and keys that belong together.
struct Parts {
    store: Arc<SqliteStore>,
    guest: Arc<Guest>,
    clock: Clock,
    /// Nothing was ever recorded, so nothing was ever sealed or handed out.
    fresh: bool,
    made: Vec<PathBuf>,
}

impl Parts {
    fn open(config: &Config, first_start: bool) -> Result<Self, StartError> {
        let known = look(config, first_start)?;
        let clock = Clock::system();
        let store = Arc::new(SqliteStore::open(&config.data, clock.clone(), config.accept_clock)?);
        let fresh = is_fresh(&store)?;
        let mut made = Vec::new();
        let keys = match known {
            Some(keys) => keys,
            None if fresh => {
                made.push(keys::create_keyring(
                    &config.keys,
                    &rfc3339(clock.now()),
                    config.keyring_passphrase_file.as_deref(),
                )?);
                keys::read_keyring(&config.keys, config.keyring_passphrase_file.as_deref())?
            }
            None => return Err(keyring_missing(config, RESTORE_KEYRING)),
        };
        let guest = Arc::new(Guest::new(&keys)?);
        let canary = Canary { store: &store, guest: &guest };
        if !canary.sings()? {
            return Err(StartError::WrongKeyring { keys: config.keys.clone(), data: config.data.clone() });
        }
        Ok(Self { store, guest, clock, fresh, made })
    }

    async fn add_first_admin(&self, keys: &Path) -> Result<PathBuf, StartError> {
        let member = NewMember {
            role: Role::Admin,
            email: "admin@localhost",
            name: "First admin",
            file: Some("admin.key"),
            replace: true,
        };
        match self.add_member(keys, &member).await? {
            HandedOver::File(path) => Ok(path),
            HandedOver::Key(_) => Err(StartError::Member("its key was not written".to_owned())),
        }
    }
}

const RESTORE_KEYRING: &str = "the data cannot be opened without it, restore it from where it is kept";
const CREATE_KEYRING: &str = "run `warded keyring create` first";
const BEGIN_ANEW: &str = "restore the data, or move the keys away to begin anew";

/// Reads the keyring before any data is touched; `None` where it may be made.
fn look(config: &Config, first_start: bool) -> Result<Option<MasterKeys>, StartError> {
    // A folder that cannot be listed is reported by whoever opens it.
    let has_data = fs::read_dir(&config.data).is_ok_and(|mut entries| entries.next().is_some());
    if !keys::has_keyring(&config.keys) {
        return match (first_start, has_data) {
            (true, _) => Ok(None),
            (false, true) => Err(keyring_missing(config, RESTORE_KEYRING)),
            (false, false) => Err(keyring_missing(config, CREATE_KEYRING)),
        };
    }
    let keys = keys::read_keyring(&config.keys, config.keyring_passphrase_file.as_deref())?;
    if first_start && !has_data && !config.data.is_file() {
        return Err(StartError::DataMissing {
            keys: config.keys.clone(),
            data: config.data.clone(),
            advice: BEGIN_ANEW,
        });
    }
    Ok(Some(keys))
}

fn keyring_missing(config: &Config, advice: &'static str) -> StartError {
    StartError::KeyringMissing { keys: config.keys.clone(), advice }
}

fn is_fresh(store: &SqliteStore) -> Result<bool, StoreError> {
    let newest = AuditQuery { limit: 1, ..AuditQuery::default() };
    query(store, |read| Ok(read.audit(&newest)?.is_empty()))
}
