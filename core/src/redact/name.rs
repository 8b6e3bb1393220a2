//! Names of fields that hold credentials, in any spelling: `api_key`, `X-Api-Key`, `apiKey` and `APIKEY` are one name.

use alloc::vec::Vec;

use super::has_word;
use crate::document::{Fields, Item};
use crate::error::{Error, ErrorCode};

/// How many bytes the caller's names may have together, each counted with two bytes more.
pub const MAX_NAMES: usize = 4096;
/// The shortest name that the engine knows.
const SHORTEST: usize = 3;
/// How much of a name is looked at, from its end: what a name means stands there.
const LONGEST: usize = 64;

/// A name that ends so holds a credential; `s` may follow, except behind `token`.
const SECRET_ENDS: &[u8] = b"password passwd passphrase passcode passwordhash pwd secret token credential \
apikey apisecret appkey secretkey privatekey accesskey accountkey sharedkey signingkey encryptionkey masterkey sessionkey authkey \
subscriptionkey servicekey sshkey hmackey clientkey connectionstring connstr amzsignature googsignature recoverycode backupcode \
seedphrase mnemonic";
/// A name that is just this holds a credential.
const SECRETS: &[u8] = b"pass auth bearer jwt pin otp totp mfacode cvv cvc sig sid dsn";
/// A name that ends so holds what only looks like a credential: a digest, or the place where the next page begins.
const PLAIN_ENDS: &[u8] =
    b"hash digest checksum integrity etag fingerprint pagetoken nexttoken continuationtoken synctoken";

/// A name that ends so is a header whose value reaches to the end of its line.
const HEADER_ENDS: &[u8] = b"authorization cookie";

/// What a name says about the value beside it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Meaning {
    /// Nothing: what the value looks like decides.
    #[default]
    Unknown,
    /// It is no credential unless it has the very form of one.
    Plain,
    /// They are credentials; a number is a count of them.
    Secrets,
    /// It is a credential.
    Secret,
    /// It is one, and in text it has spaces in it.
    Header,
}

/// What is masked by name and what is not, besides what the engine knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Each name in lower case behind a `+` or, if it is kept, a `-`, and before a space.
    names: Vec<u8>,
}

impl Options {
    /// Options with more names to mask by, and names not to mask by; how they are spelled plays no part.
    ///
    /// What is kept is still masked where it has the form of a known credential. A name on both lists is kept.
    ///
    /// # Errors
    /// [`ErrorCode::LimitExceeded`] above [`MAX_NAMES`], [`ErrorCode::InvalidText`] for a name without a letter or digit.
    pub fn new(fields: &[&str], keep: &[&str]) -> Result<Self, Error> {
        let mut options = Self::default();
        fields.iter().try_for_each(|name| options.add(["+", name].concat().as_bytes()))?;
        keep.iter().try_for_each(|name| options.add(["-", name].concat().as_bytes()))?;
        Ok(options)
    }

    /// Reads an options document: `{"fields"?, "keep"?}`, lists of names.
    ///
    /// # Errors
    /// The field that is unknown or wrong.
    pub fn from_document(item: &Item<'_, '_>) -> Result<Self, Error> {
        let mut fields = Fields::of(item.value(), item.place())?;
        let mut options = Self::default();
        for (sign, name) in [("+", "fields"), ("-", "keep")] {
            if let Some(list) = fields.optional(name) {
                list.each(MAX_NAMES, |item| {
                    item.parsed(|name| options.add([sign, name].concat().as_bytes()))
                })?;
            }
        }
        fields.finish()?;
        Ok(options)
    }

    /// Adds one name, with its sign before it: `+` to mask by it, `-` not to.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidText`] for a name without a letter or digit, or another sign; [`ErrorCode::LimitExceeded`] above [`MAX_NAMES`].
    pub fn add(&mut self, signed: &[u8]) -> Result<(), Error> {
        let mut buffer = [0; LONGEST];
        let name = compress(signed, &mut buffer);
        let sign = signed.get(..1).unwrap_or_default();
        if name.is_empty() || !matches!(sign, b"+" | b"-") {
            return Err(Error::because(ErrorCode::InvalidText, "a name has a letter or a digit"));
        }
        if self.names.len() > MAX_NAMES {
            return Err(Error::new(ErrorCode::LimitExceeded));
        }
        for part in [sign, name, b" "] {
            self.names.extend_from_slice(part);
        }
        Ok(())
    }

    /// Whether a value of this name is masked.
    pub(super) fn is_secret(&self, name: &[u8]) -> bool {
        self.meaning(name) >= Meaning::Secrets
    }

    /// What a name says.
    #[inline(never)]
    pub(super) fn meaning(&self, name: &[u8]) -> Meaning {
        let mut buffer = [0; LONGEST];
        let name = compress(name, &mut buffer);
        let ends = |words| has_word(words, &|word| name.ends_with(word));
        let listed = |sign: u8| has_word(&self.names, &|word| word.split_first() == Some((&sign, name)));
        if listed(b'-') || (ends(PLAIN_ENDS) && !name.ends_with(b"passwordhash")) {
            return Meaning::Plain;
        }
        if name.len() < SHORTEST && !listed(b'+') {
            return Meaning::Unknown;
        }
        if ends(HEADER_ENDS) {
            return Meaning::Header;
        }
        if listed(b'+') || has_word(SECRETS, &|word| name == word) || ends(SECRET_ENDS) {
            return Meaning::Secret;
        }
        let one = name.strip_suffix(b"s").unwrap_or_default();
        let is_plural = |words| has_word(words, &|word| word != b"token" && one.ends_with(word));
        if is_plural(HEADER_ENDS) || is_plural(SECRET_ENDS) { Meaning::Secrets } else { Meaning::Unknown }
    }
}

/// The letters and digits of a name in lower case, the last 64 of them.
fn compress<'b>(name: &[u8], buffer: &'b mut [u8; LONGEST]) -> &'b [u8] {
    let mut start = LONGEST;
    for byte in name.iter().rev() {
        if !byte.is_ascii_alphanumeric() {
            continue;
        }
        let Some(before) = start.checked_sub(1) else { break };
        start = before;
        if let Some(place) = buffer.get_mut(start) {
            *place = byte.to_ascii_lowercase();
        }
    }
    buffer.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(name: &str) -> Meaning {
        Options::default().meaning(name.as_bytes())
    }

    #[test]
    fn every_spelling_of_a_name_means_the_same() {
        for name in [
            "api_key",
            "api-key",
            "apiKey",
            "APIKey",
            "API_KEY",
            "X-Api-Key",
            "stripe.api.key",
            "PGPASSWORD",
            "db_passwd",
            "clientSecret",
            "aws_secret_access_key",
            "refreshToken",
            "user[password]",
            "pass",
            "_auth",
        ] {
            assert_eq!(meaning(name), Meaning::Secret, "{name}");
        }
        for name in ["Set-Cookie", "Proxy-Authorization", "cookie"] {
            assert_eq!(meaning(name), Meaning::Header, "{name}");
        }
        for name in ["cookies", "secrets", "apiKeys", "credentials", "Recovery-Codes"] {
            assert_eq!(meaning(name), Meaning::Secrets, "{name}");
        }
    }

    #[test]
    fn names_that_only_resemble_one_mean_nothing() {
        for name in [
            "max_tokens",
            "tokens",
            "total_tokens",
            "key",
            "author",
            "passed",
            "compass",
            "shipping",
            "secretary",
            "keyboard",
            "tokenizer",
            "authorization_url",
            "password_changed_at",
            "",
            "é",
            "public_key",
            "access_key_id",
            "auth_method",
        ] {
            assert_eq!(meaning(name), Meaning::Unknown, "{name}");
        }
        for name in ["content_hash", "SHA-Digest", "nextPageToken", "ETag"] {
            assert_eq!(meaning(name), Meaning::Plain, "{name}");
        }
        assert_eq!(meaning("password_hash"), Meaning::Secret);
    }

    #[test]
    fn a_callers_names_are_added_and_kept_ones_win() {
        let options =
            Options::new(&["Patient-Name", "both"], &["tokenName", "logprob_token", "both"]).unwrap();
        assert_eq!(options.meaning(b"patient_name"), Meaning::Secret);
        assert_eq!(options.meaning(b"the_patient_name"), Meaning::Unknown);
        assert_eq!(options.meaning(b"logprobToken"), Meaning::Plain);
        assert_eq!(options.meaning(b"token"), Meaning::Secret);
        assert_eq!(options.meaning(b"both"), Meaning::Plain);
    }

    #[test]
    fn a_list_that_is_too_long_or_names_nothing_is_refused() {
        let code = |fields: &[&str]| Options::new(fields, &[]).map_err(|error| error.code());
        assert_eq!(code(&["a"; 1367]), Err(ErrorCode::LimitExceeded));
        assert_eq!(code(&["--"]), Err(ErrorCode::InvalidText));
        assert!(code(&["a"; 1366]).is_ok());
        assert_eq!(
            Options::default().add(b"name").map_err(|error| error.code()),
            Err(ErrorCode::InvalidText)
        );
    }

    #[test]
    fn the_end_of_a_long_name_counts() {
        let long = "x".repeat(1000) + "_password";
        assert_eq!(meaning(&long), Meaning::Secret);
        assert_eq!(meaning(&(long + &"x".repeat(100))), Meaning::Unknown);
    }
}
