//! The operating system's randomness: the only reader of it in the server.

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no random bytes: {0}")]
pub struct RngError(getrandom::Error);

/// Fills the bytes with fresh randomness.
///
/// # Errors
/// The operating system has none to give; nothing that needs them may go on.
pub fn fill(bytes: &mut [u8]) -> Result<(), RngError> {
    getrandom::fill(bytes).map_err(RngError)
}

/// So many fresh random bytes.
///
/// # Errors
/// As [`fill`].
pub fn bytes<const N: usize>() -> Result<[u8; N], RngError> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}
