//! The fields that writes share, checked.

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde_json::{Map, Value};
use warded_core::secret::Secret;
use warded_core::tier::Tier;

use super::MAX_VALUE;
use crate::error::ApiError;
use crate::store::SecretType;

/// The longest metadata, as JSON text: 8 KiB.
const MAX_METADATA: usize = 8 * 1024;

/// What is asked for beside the value. `None` keeps what is stored.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) secret_type: Option<SecretType>,
    pub(super) tier: Tier,
    pub(super) metadata: Option<String>,
}

impl Wanted {
    /// One client sends `custom`, `standard` and `null` whenever its caller says nothing, so these keep what is stored.
    pub(super) fn parse(
        secret_type: Option<&str>,
        tier: Option<&str>,
        metadata: Option<&Map<String, Value>>,
    ) -> Result<Self, ApiError> {
        let secret_type = secret_type.map(parse_type).transpose()?;
        let tier = tier.map_or(Ok(Tier::Standard), parse_tier)?;
        let metadata = metadata.map(metadata_text).transpose()?;
        Ok(Self { secret_type: secret_type.filter(|kind| *kind != SecretType::Custom), tier, metadata })
    }
}

pub(super) fn parse_tier(word: &str) -> Result<Tier, ApiError> {
    Tier::parse(word).map_err(|error| ApiError::from_core("access_tier", &error))
}

pub(super) fn parse_type(word: &str) -> Result<SecretType, ApiError> {
    SecretType::parse(word).ok_or_else(|| {
        let words = SecretType::ALL.map(SecretType::word).join(", ");
        ApiError::invalid("secret_type", format!("expected one of: {words}"))
    })
}

pub(super) fn metadata_text(metadata: &Map<String, Value>) -> Result<String, ApiError> {
    // A tree of JSON always serialises.
    let text = serde_json::to_string(metadata).unwrap_or_default();
    if text.len() > MAX_METADATA {
        return Err(ApiError::invalid("metadata", "at most 8 KiB of JSON"));
    }
    Ok(text)
}

/// Whether a value is short enough.
pub(super) fn fits(value: &Secret<String>) -> bool {
    value.expose().len() <= MAX_VALUE
}

/// A string that is wiped when it is dropped.
pub(super) fn secret_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret<String>, D::Error> {
    struct Text;
    impl Visitor<'_> for Text {
        type Value = Secret<String>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a string")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Secret::new(text.to_owned()))
        }

        fn visit_string<E: de::Error>(self, text: String) -> Result<Self::Value, E> {
            Ok(Secret::new(text))
        }
    }
    deserializer.deserialize_string(Text)
}

/// An object, or `null` for none.
pub(super) fn object_or_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Map<String, Value>>, D::Error> {
    Option::<Map<String, Value>>::deserialize(deserializer)
}
