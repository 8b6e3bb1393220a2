//! The key that a command uses: where it comes from, and that nothing prints it.

use std::fs::File;
use std::io::{Read as _, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use warded_core::crypto::token::{self, TokenKind};
use warded_core::secret::Secret;
use zeroize::Zeroizing;

use super::origin::Origin;
use crate::cli::connection::Connection;
use crate::cli::failure::Failure;

/// The first admin's key, where a server started in this folder puts it.
const FIRST_ADMIN: &str = "keys/admin.key";
/// A key and a line's end, with room to see that something else is too long.
const LONGEST: u64 = 256;

/// A credential of good form, on its way into one header.
#[derive(Debug)]
pub struct Key(Secret<String>);

impl Key {
    /// Finds the key: the flag, the environment, or the first admin's for a server on this machine, which is said on `err`.
    ///
    /// # Errors
    /// There is none, or what is there is no key.
    pub fn find(
        connection: &Connection,
        origin: &Origin,
        variable: impl Fn(&str) -> Option<String>,
        err: &mut dyn Write,
    ) -> Result<Self, Failure> {
        let given = |name: &str| variable(name).filter(|text| !text.is_empty());
        if let Some(path) = &connection.key_file {
            return Self::read(path, err);
        }
        match (given("WARDED_KEY_FILE"), given("WARDED_API_KEY").map(Zeroizing::new)) {
            (Some(_), Some(_)) => Err(Failure::Usage(
                "WARDED_KEY_FILE and WARDED_API_KEY are both set: unset one of them".to_owned(),
            )),
            (Some(path), None) => Self::read(Path::new(&path), err),
            (None, Some(text)) => Self::parse(&text, "WARDED_API_KEY"),
            (None, None) => Self::first_admin(origin, err),
        }
    }

    fn first_admin(origin: &Origin, err: &mut dyn Write) -> Result<Self, Failure> {
        let path = Path::new(FIRST_ADMIN);
        if !(origin.is_loopback() && path.exists()) {
            return Err(Failure::Usage(
                "there is no key to use: name its file with --key-file or WARDED_KEY_FILE, or set WARDED_API_KEY".to_owned(),
            ));
        }
        writeln!(err, "warded: using the key in {FIRST_ADMIN}")?;
        Self::read(path, err)
    }

    fn read(path: &Path, err: &mut dyn Write) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let unusable = |error| Failure::Usage(format!("the key file `{name}` cannot be read: {error}"));
        let file = File::open(path).map_err(unusable)?;
        if file.metadata().map_err(unusable)?.mode() & 0o077 != 0 {
            // A secret mounted into a container is often so, which is no reason to stop.
            writeln!(err, "warded: `{name}` can be read by other users: run `chmod go-rwx` on it")?;
        }
        let mut text = Zeroizing::new(String::with_capacity(512));
        file.take(LONGEST)
            .read_to_string(&mut text)
            .map_err(|_| Failure::Usage(format!("the file `{name}` holds no key of Warded")))?;
        Self::parse(&text, &name)
    }

    /// Anything else than a key is not sent anywhere.
    fn parse(text: &str, place: &str) -> Result<Self, Failure> {
        let text = text.trim();
        match token::parse(text) {
            Ok(TokenKind::Agent | TokenKind::ApiKey | TokenKind::Scoped) => {
                Ok(Self(Secret::new(text.to_owned())))
            }
            _ => Err(Failure::Usage(format!(
                "`{place}` holds no key of Warded: expected wdk_…, wda_… or wds_… with its checksum, and nothing else"
            ))),
        }
    }

    /// The value of the header `Authorization`.
    #[must_use]
    pub fn bearer(&self) -> Zeroizing<String> {
        let mut header = Zeroizing::new(String::with_capacity("Bearer ".len().saturating_add(token::LENGTH)));
        header.push_str("Bearer ");
        header.push_str(self.0.expose());
        header
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(connection: &Connection, variables: &[(&str, &str)]) -> Result<Key, String> {
        let origin = Origin::parse("https://warded.example.com", false).unwrap();
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Key::find(connection, &origin, variable, &mut Vec::new()).map_err(|failure| failure.to_string())
    }

    fn key_text() -> String {
        token::mint(TokenKind::ApiKey, &[7; 32]).expose().to_owned()
    }

    #[test]
    fn a_key_comes_from_the_flag_or_one_variable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, format!("{}\n", key_text())).unwrap();
        let path_text = path.to_str().unwrap();
        let none = Connection::default();
        let flag = Connection { key_file: Some(path.clone()), ..Connection::default() };
        for key in [
            find(&flag, &[("WARDED_API_KEY", "nonsense")]),
            find(&none, &[("WARDED_KEY_FILE", path_text), ("WARDED_API_KEY", "")]),
            find(&none, &[("WARDED_API_KEY", &key_text())]),
        ] {
            let key = key.unwrap();
            assert_eq!(*key.bearer(), format!("Bearer {}", key_text()));
            assert_eq!(format!("{key:?}"), "Key(Secret(..))");
        }
        let both = find(&none, &[("WARDED_KEY_FILE", path_text), ("WARDED_API_KEY", &key_text())]);
        assert!(both.unwrap_err().contains("unset one"));
    }

    #[test]
    fn what_is_no_key_is_not_sent_and_not_repeated() {
        let wrong = key_text().replace('7', "8") + "x";
        for text in ["hunter2", &wrong] {
            let message = find(&Connection::default(), &[("WARDED_API_KEY", text)]).unwrap_err();
            assert!(
                message.contains("`WARDED_API_KEY` holds no key") && !message.contains(text),
                "{message}"
            );
        }
        assert!(find(&Connection::default(), &[]).unwrap_err().contains("no key to use"));
    }

    #[test]
    fn a_key_that_others_can_read_is_used_with_a_warning() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, key_text()).unwrap();
        for (mode, warned) in [(0o600, false), (0o644, true)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let mut err = Vec::new();
            Key::read(&path, &mut err).unwrap();
            let said = String::from_utf8(err).unwrap();
            assert_eq!(said.contains("chmod go-rwx"), warned, "{said}");
        }
    }
}
