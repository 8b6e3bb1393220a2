//! What a version is bound to, and its way into and out of the engine.

use warded_core::ErrorCode;
use warded_core::crypto::seal::Context;
use warded_core::secret::Secret;
use zeroize::Zeroize;

use crate::authorize::{Effect, Stop};
use crate::error::{ApiCode, ApiError};
use crate::guest::{GuestError, SealedValue};
use crate::store::{SecretRow, VersionRow};

/// The contexts of a version's data key and of its value.
fn contexts<'a>(tenant: [u8; 16], secret: &'a SecretRow, version: u64) -> (Context<'a>, Context<'a>) {
    let (tenant, object, version) = (Some(tenant), secret.id.as_str(), Some(version));
    // The path is left to the value: a data key is re-sealed without knowing where its value stands.
    let key = Context { purpose: "data-key", tenant, object, path: "", version };
    let value = Context { purpose: "value", tenant, object, path: &secret.path, version };
    (key, value)
}

/// Seals a value as the newest version of a secret.
pub(super) fn seal<T: AsRef<[u8]> + Zeroize>(
    authority: &Effect<'_>,
    secret: &SecretRow,
    value: &Secret<T>,
) -> Result<SealedValue, Stop> {
    let (key, bound) = contexts(authority.app.tenant, secret, secret.version);
    authority.ask_guest(|guest| guest.seal_value(&key, &bound, value.expose().as_ref()))
}

/// Opens a version. One that does not open is an error without a cause, which the audit has.
pub(super) fn open(
    authority: &Effect<'_>,
    secret: &SecretRow,
    version: &VersionRow,
) -> Result<Secret<Vec<u8>>, Stop> {
    let (key, bound) = contexts(authority.app.tenant, secret, version.version);
    let guest = &authority.app.guest;
    let opened = match guest.open_value(&key, &bound, &version.sealed_key, &version.sealed_value) {
        Err(error @ GuestError::Refused { .. }) => {
            let code = error.code().unwrap_or(ErrorCode::SealRejected);
            return Err(authority.fail(unopened(), code.name()));
        }
        opened => authority.ask_guest(|_| opened)?,
    };
    match str::from_utf8(opened.expose()) {
        Ok(_) => Ok(opened),
        Err(_) => Err(authority.fail(unopened(), ErrorCode::SealRejected.name())),
    }
}

fn unopened() -> ApiError {
    ApiError::new(ApiCode::Internal, "the stored value cannot be opened")
}
