//! The keys folder: the keyring's file, and the files in which API keys are handed over.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use warded_core::crypto::key::MasterKey;
use warded_core::secret::Secret;
use zeroize::Zeroizing;

use crate::rng::{self, RngError};

mod passphrase;
#[cfg(test)]
mod tests;

use passphrase::{Argon2idEntry, Passphrase, Pbkdf2Entry};

/// The keyring's file.
pub const KEYRING: &str = "keyring";
/// Far more than 64 keys take.
const LONGEST: u64 = 64 * 1024;
const VERSION: u32 = 1;

/// Why keys cannot be used: one line that says what is wrong and what to do.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is one already.
    #[error("`{0}` exists already, and whatever it sealed opens with nothing else: move it away first")]
    Exists(PathBuf),
    /// A derivation needs 64 MiB.
    #[error("there is not enough memory to derive the key of a passphrase")]
    Memory,
    /// The passphrase's file holds none.
    #[error("`{0}` is not a passphrase: expected one line of 8 to 1024 bytes")]
    NoPassphrase(PathBuf),
    /// It is not a keyring.
    #[error("`{path}` is not a usable keyring ({what}): restore it from where it is kept")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it; never its content.
        what: String,
    },
    /// Other users may read it.
    #[error("`{0}` can be read by other users: run `chmod go-rwx` on it")]
    Open(PathBuf),
    /// No randomness.
    #[error(transparent)]
    Rng(#[from] RngError),
    /// The folder or a file in it cannot be read or written.
    #[error("`{path}` cannot be used: {source}")]
    Unusable {
        /// The folder or file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

/// The master keys, current first.
pub type MasterKeys = Vec<Secret<[u8; 32]>>;

/// Whether a folder holds a keyring, readable or not.
#[must_use]
pub fn has_keyring(folder: &Path) -> bool {
    fs::symlink_metadata(folder.join(KEYRING)).is_ok()
}

/// Reads the keyring of a folder; the file of the passphrase is read only if a key is derived from it.
///
/// # Errors
/// It is missing, malformed, or open to other users, and so for the passphrase's file.
pub fn read_keyring(folder: &Path, passphrase: Option<&Path>) -> Result<MasterKeys, KeyError> {
    let path = folder.join(KEYRING);
    let text = read_private(&path)?;
    let mut passphrase = Passphrase::new(passphrase);
    parse(&text, &mut passphrase).map_err(|refusal| match refusal {
        Refusal::Passphrase(error) => error,
        Refusal::Malformed(what) => KeyError::Malformed { path, what },
    })
}

/// The content of a file that nobody else may read.
fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let unusable = |source| KeyError::Unusable { path: path.to_path_buf(), source };
    let file = File::open(path).map_err(unusable)?;
    let metadata = file.metadata().map_err(unusable)?;
    if metadata.mode() & 0o077 != 0 {
        return Err(KeyError::Open(path.to_path_buf()));
    }
    let length = usize::try_from(metadata.len().min(LONGEST)).unwrap_or_default();
    // One byte more, so that reading to the end does not make it grow and leave a copy behind.
    let mut text = Zeroizing::new(Vec::with_capacity(length.saturating_add(1)));
    file.take(LONGEST).read_to_end(&mut text).map_err(unusable)?;
    Ok(text)
}

/// Why a keyring's text gives no keys.
#[derive(Debug)]
enum Refusal {
    Malformed(String),
    Passphrase(KeyError),
}

impl From<String> for Refusal {
    fn from(what: String) -> Self {
        Self::Malformed(what)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyringFile<'a> {
    version: u32,
    #[serde(borrow)]
    keys: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'a> {
    kid: &'a str,
    #[serde(rename = "created")]
    _created: &'a str,
    raw: Option<&'a str>,
    #[serde(borrow)]
    argon2id: Option<Argon2idEntry<'a>>,
    #[serde(borrow)]
    pbkdf2: Option<Pbkdf2Entry<'a>>,
}

fn parse(text: &[u8], passphrase: &mut Passphrase<'_>) -> Result<MasterKeys, Refusal> {
    // serde's own message could repeat a key.
    let file: KeyringFile<'_> = serde_json::from_slice(text)
        .map_err(|error| format!("line {} is not that of a keyring", error.line()))?;
    if file.version != VERSION {
        return Err(format!("version {} instead of {VERSION}", file.version).into());
    }
    if file.keys.is_empty() {
        return Err("no key".to_owned().into());
    }
    file.keys.iter().enumerate().map(|(index, entry)| parse_entry(index, entry, passphrase)).collect()
}

fn parse_entry(
    index: usize,
    entry: &Entry<'_>,
    passphrase: &mut Passphrase<'_>,
) -> Result<Secret<[u8; 32]>, Refusal> {
    let place = format!("keys[{index}]");
    let key = match (entry.raw, &entry.argon2id, &entry.pbkdf2) {
        (Some(raw), None, None) => {
            let mut key = Zeroizing::new([0; 32]);
            hex::decode_to_slice(raw, &mut *key)
                .map_err(|_| format!("`raw` of {place} is not 64 hex digits"))?;
            Secret::new(*key)
        }
        (None, Some(derived), None) => derived.key(passphrase, &place)?,
        (None, None, Some(derived)) => derived.key(passphrase, &place)?,
        _ => return Err(format!("{place} needs one of `raw`, `argon2id` and `pbkdf2`").into()),
    };
    if hex::encode(MasterKey::new(key.expose()).id().as_bytes()) == entry.kid {
        return Ok(key);
    }
    Err(match entry.raw {
        Some(_) => format!("`kid` of {place} is not the id of its key"),
        None => format!("`kid` of {place} is not the id of its key: is it another passphrase?"),
    }
    .into())
}

/// Makes a keyring with one key, random or derived from a passphrase; `created` is a timestamp. Answers its path.
///
/// # Errors
/// There is one already, the folder cannot be used, or there is no passphrase in its file.
pub fn create_keyring(folder: &Path, created: &str, passphrase: Option<&Path>) -> Result<PathBuf, KeyError> {
    let (key, source) = match passphrase {
        None => {
            let key = Secret::new(rng::bytes::<32>()?);
            let source = format!("\"raw\": \"{}\"", *Zeroizing::new(hex::encode(key.expose())));
            (key, Zeroizing::new(source))
        }
        Some(_) => passphrase::derive_new(&mut Passphrase::new(passphrase))?,
    };
    let kid = hex::encode(MasterKey::new(key.expose()).id().as_bytes());
    let mut text = Zeroizing::new(String::with_capacity(512));
    for part in [
        "{\n  \"version\": 1,\n  \"keys\": [\n    { \"kid\": \"",
        &kid,
        "\", \"created\": \"",
        created,
        "\", ",
        &source,
        " }\n  ]\n}\n",
    ] {
        text.push_str(part);
    }
    write_private(folder, KEYRING, text.as_bytes(), false)
}

/// Writes a key for its owner to fetch; `replace` for one that nobody can have used. Answers its path.
///
/// # Errors
/// The file is there already, or the folder cannot be used.
pub fn hand_over(
    folder: &Path,
    name: &str,
    key: &Secret<String>,
    replace: bool,
) -> Result<PathBuf, KeyError> {
    let mut line = Zeroizing::new(String::with_capacity(key.expose().len().saturating_add(1)));
    line.push_str(key.expose());
    line.push('\n');
    write_private(folder, name, line.as_bytes(), replace)
}

/// The first of `name.key`, `name-2.key`, … that is not there yet.
#[must_use]
pub fn free_name(folder: &Path, name: &str) -> String {
    let numbered = (2_u32..).map(|number| format!("{name}-{number}.key"));
    let is_free = |file: &String| fs::symlink_metadata(folder.join(file)).is_err();
    std::iter::once(format!("{name}.key")).chain(numbered).find(is_free).unwrap_or_default()
}

/// A file of mode 0600 in a folder of mode 0700, durable before this returns.
fn write_private(folder: &Path, name: &str, bytes: &[u8], replace: bool) -> Result<PathBuf, KeyError> {
    let path = folder.join(name);
    let unusable = |path: &Path, source| KeyError::Unusable { path: path.to_path_buf(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| unusable(folder, error))?;
    let mode = fs::metadata(folder).map_err(|error| unusable(folder, error))?.mode();
    if mode & 0o077 != 0 {
        return Err(KeyError::Open(folder.to_path_buf()));
    }
    if replace {
        remove_if_there(&path).map_err(|error| unusable(&path, error))?;
    }
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(KeyError::Exists(path)),
        Err(error) => return Err(unusable(&path, error)),
    };
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.and_then(|()| File::open(folder)?.sync_all()).map_err(|error| unusable(&path, error))?;
    Ok(path)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
