//! Bundles: compiled grants and a policy on their way to another place, with proof of who made them, for whom and for how long.
//!
//! ```text
//! 0   4    "wdb", version = 1
//! 4   16   tenant
//! 20  8    serial
//! 28  8    not_before, milliseconds
//! 36  8    not_after, milliseconds
//! 44  4+n  audience, UTF-8, 1 to 128 bytes
//! ..  4    number of grants, and then for each
//!     4+n  id, UTF-8, 1 to 128 bytes
//!     4+n  SHA-256 of the token that it belongs to: 32 bytes or none
//!     4+n  compiled grant
//! ..  4+n  compiled policy, or none
//! ..  32   HMAC-SHA-256 of all bytes before
//! ```
//!
//! Numbers are little-endian. The key is the audience's own ([`audience_key`]), so an audience can open, and forge, what is meant for it alone.

use alloc::vec::Vec;

use subtle::ConstantTimeEq as _;

use crate::codec::{Reader, Writer};
use crate::crypto::hash::hmac_sha256;
use crate::crypto::key::MasterKey;
use crate::error::{Error, ErrorCode, Hint, Place};
use crate::grant::Grant;
use crate::policy::Policy;
use crate::secret::Secret;
use crate::time::{FIVE_MINUTES, Millis};

#[cfg(test)]
mod tests;

/// The longest bundle: 4 MiB.
pub const MAX_BUNDLE: usize = 4 * 1024 * 1024;
/// How long a bundle lives unless its maker says otherwise: five minutes, which is how late a revocation can reach an edge.
pub const DEFAULT_LIFE: Millis = FIVE_MINUTES;
/// The longest audience, and the longest id of a grant.
pub const MAX_NAME: usize = 128;

const MAGIC: [u8; 4] = *b"wdb\x01";
/// How many bytes stand behind what is signed.
pub const TAG: usize = 32;
/// The least that a grant takes: three lengths.
const LEAST_ENTRY: usize = 12;
#[cold]
fn malformed() -> Error {
    Error::new(ErrorCode::BundleMalformed)
}

/// One grant of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the entry of the format")]
pub struct Entry<'a> {
    /// What its maker calls it: 1 to 128 bytes.
    pub id: &'a str,
    /// SHA-256 of the token that it belongs to, by which it is looked up.
    pub token_hash: Option<[u8; 32]>,
    /// The compiled grant, for [`Grant::from_bytes`].
    pub grant: &'a [u8],
}

/// What a bundle says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of the format")]
pub struct Bundle<'a> {
    /// The installation that made it.
    pub tenant: [u8; 16],
    /// For whom: 1 to 128 bytes.
    pub audience: &'a str,
    /// Its number, 1 to 2^53-1: higher than that of any bundle made before for this audience.
    pub serial: u64,
    /// When it begins.
    pub not_before: Millis,
    /// When it has ended.
    pub not_after: Millis,
    /// The grants.
    pub grants: Vec<Entry<'a>>,
    /// The compiled policy, for [`Policy::from_bytes`].
    pub policy: Option<&'a [u8]>,
}

/// The key of an audience: 256 bits that SP 800-108r1 in counter mode derives for the label `wd1/bundle` and tenant and audience as context.
#[must_use]
pub fn audience_key(master: &MasterKey, tenant: &[u8; 16], audience: &str) -> Secret<[u8; 32]> {
    Secret::new(*master.derive(b"wd1/bundle", &[tenant, audience.as_bytes()].concat()))
}

/// Checks an audience or the id of a grant that is given.
///
/// # Errors
/// [`ErrorCode::InvalidText`].
pub fn check_name(text: &str) -> Result<&str, Error> {
    if (1..=MAX_NAME).contains(&text.len()) {
        return Ok(text);
    }
    Err(Error::because(ErrorCode::InvalidText, "1 to 128 bytes"))
}

/// When a bundle ends: as its maker says, or after [`DEFAULT_LIFE`]. A window that is empty is the maker's mistake, and no malformed bundle.
///
/// # Errors
/// [`ErrorCode::InvalidWindow`].
pub fn end(not_before: Millis, not_after: Option<Millis>) -> Result<Millis, Error> {
    match not_after {
        Some(end) if end > not_before => Ok(end),
        Some(_) => Err(Error::because(ErrorCode::InvalidWindow, "it must end after it begins")),
        None => Ok(not_before.checked_add(DEFAULT_LIFE).unwrap_or(Millis::MAX)),
    }
}

/// Makes a bundle for the audience whose key this is.
///
/// # Errors
/// [`ErrorCode::InvalidCompiled`] with the grant or policy that does not load; otherwise as [`sign`].
pub fn make(bundle: &Bundle<'_>, key: &[u8; 32]) -> Result<Vec<u8>, Error> {
    sign(bundle.body(), key)
}

/// Checks everything of a bundle but its tag, and appends that.
///
/// # Errors
/// [`ErrorCode::LimitExceeded`] over [`MAX_BUNDLE`], [`ErrorCode::BundleMalformed`], [`ErrorCode::InvalidCompiled`].
pub fn sign(mut body: Vec<u8>, key: &[u8; 32]) -> Result<Vec<u8>, Error> {
    check_length(body.len().saturating_add(TAG))?;
    let bundle = Bundle::read(&body)?;
    for (index, entry) in bundle.grants.iter().enumerate() {
        let grants = Place::Name(&Place::Root, "grants");
        Grant::from_bytes(entry.grant).map_err(|error| error.at(Place::Index(&grants, index)))?;
    }
    if let Some(policy) = bundle.policy {
        Policy::from_bytes(policy).map_err(|error| error.at(Place::Name(&Place::Root, "policy")))?;
    }
    let tag = hmac_sha256(key, &body);
    body.extend_from_slice(&tag);
    Ok(body)
}

/// Opens a bundle: the one way in for compiled bytes that come from elsewhere.
///
/// # Errors
/// [`ErrorCode::LimitExceeded`] over [`MAX_BUNDLE`], [`ErrorCode::BundleRejected`] for every byte that its maker did not write;
/// then [`ErrorCode::BundleMalformed`] for another version, [`ErrorCode::BundleForeign`], [`ErrorCode::BundleNotYetValid`],
/// [`ErrorCode::BundleExpired`], and [`ErrorCode::BundleReplayed`] for a serial below `min_serial`.
///
/// # Security
/// Pass the highest serial that was ever opened: an older bundle that has not expired could otherwise bring a revoked grant back.
pub fn open<'a>(
    bytes: &'a [u8],
    key: &[u8; 32],
    now: Millis,
    audience: &str,
    min_serial: u64,
) -> Result<Bundle<'a>, Error> {
    check_length(bytes.len())?;
    let rejected = Error::new(ErrorCode::BundleRejected);
    let Some((body, tag)) = bytes.split_last_chunk::<TAG>() else { return Err(rejected) };
    // Before anything is read of it, and in constant time.
    if !bool::from(hmac_sha256(key, body).ct_eq(tag)) {
        return Err(rejected);
    }
    let bundle = Bundle::read(body)?;
    let refusal = if bundle.audience != audience {
        ErrorCode::BundleForeign
    } else if now < bundle.not_before {
        ErrorCode::BundleNotYetValid
    } else if now >= bundle.not_after {
        ErrorCode::BundleExpired
    } else if bundle.serial < min_serial {
        ErrorCode::BundleReplayed
    } else {
        return Ok(bundle);
    };
    Err(Error::new(refusal))
}

fn check_length(length: usize) -> Result<(), Error> {
    if length > MAX_BUNDLE {
        return Err(Error::new(ErrorCode::LimitExceeded).with_hint(Hint::AtMost(MAX_BUNDLE as u64)));
    }
    Ok(())
}

impl<'a> Bundle<'a> {
    /// Everything but the tag.
    fn body(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.raw(&MAGIC);
        writer.raw(&self.tenant);
        writer.u64(self.serial);
        writer.u64(self.not_before.as_u64());
        writer.u64(self.not_after.as_u64());
        writer.bytes(self.audience.as_bytes());
        writer.u32(u32::try_from(self.grants.len()).unwrap_or(u32::MAX));
        for entry in &self.grants {
            writer.bytes(entry.id.as_bytes());
            writer.bytes(entry.token_hash.as_ref().map_or(&[], <[u8; 32]>::as_slice));
            writer.bytes(entry.grant);
        }
        writer.bytes(self.policy.unwrap_or_default());
        writer.finish()
    }

    /// Reads everything but the tag.
    fn read(body: &'a [u8]) -> Result<Self, Error> {
        Self::read_fields(&mut Reader::new(body)).map_err(|_| malformed())
    }

    fn read_fields(reader: &mut Reader<'a>) -> Result<Self, Error> {
        if reader.raw(MAGIC.len())? != MAGIC {
            return Err(malformed());
        }
        let tenant = fixed(reader.raw(16)?)?;
        let serial = Millis::new(reader.u64()?)?.as_u64();
        let (not_before, not_after) = (Millis::new(reader.u64()?)?, Millis::new(reader.u64()?)?);
        let audience = name(reader)?;
        let mut grants = Vec::new();
        for _ in 0..reader.count(LEAST_ENTRY)? {
            let (id, hash, grant) = (name(reader)?, reader.bytes()?, reader.bytes()?);
            let token_hash = if hash.is_empty() { None } else { Some(fixed(hash)?) };
            grants.push(Entry { id, token_hash, grant });
        }
        let policy = Some(reader.bytes()?).filter(|policy| !policy.is_empty());
        reader.finish()?;
        if serial == 0 || not_before >= not_after {
            return Err(malformed());
        }
        Ok(Self { tenant, audience, serial, not_before, not_after, grants, policy })
    }
}

fn name<'a>(reader: &mut Reader<'a>) -> Result<&'a str, Error> {
    check_name(reader.text()?)
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Error> {
    bytes.try_into().map_err(|_| malformed())
}
