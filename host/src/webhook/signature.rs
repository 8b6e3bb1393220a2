//! Signatures as Standard Webhooks 1.0 says: HMAC-SHA-256 over id, time and body, under a secret that begins with `whsec_`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use warded_core::crypto::hash::hmac_sha256;
use warded_core::secret::Secret;
use zeroize::Zeroizing;

use crate::rng::{self, RngError};

const PREFIX: &str = "whsec_";

/// A new secret: 256 random bits.
///
/// # Errors
/// The operating system gives no random bytes.
pub fn new_secret() -> Result<Secret<String>, RngError> {
    let random = Zeroizing::new(rng::bytes::<32>()?);
    let mut text = String::with_capacity(64);
    text.push_str(PREFIX);
    STANDARD.encode_string(random.as_slice(), &mut text);
    Ok(Secret::new(text))
}

/// The value of `webhook-signature`; `None` if the secret is not one.
#[must_use]
pub fn sign(secret: &[u8], id: &str, seconds: u64, body: &str) -> Option<String> {
    let encoded = secret.strip_prefix(PREFIX.as_bytes())?;
    let key = Zeroizing::new(STANDARD.decode(encoded).ok()?);
    let signed = format!("{id}.{seconds}.{body}");
    Some(format!("v1,{}", STANDARD.encode(hmac_sha256(&key, signed.as_bytes()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the specification's own libraries are tested with.
    #[test]
    fn the_vector_of_the_specification() {
        let secret = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signature =
            sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn a_new_secret_signs_and_is_never_the_same() {
        let (one, other) = (new_secret().unwrap(), new_secret().unwrap());
        assert_ne!(one.expose(), other.expose());
        assert_eq!(one.expose().len(), PREFIX.len() + 44);
        assert!(sign(one.expose().as_bytes(), "evt_1", 1, "{}").is_some());
        for wrong in ["", "whsec_", "whsec_*", "g0hM9SsE"] {
            let signature = sign(wrong.as_bytes(), "evt_1", 1, "{}");
            assert!(signature.is_none() || wrong == PREFIX, "{wrong}");
        }
    }
}
