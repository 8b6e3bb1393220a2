//! How long a token lives, as clients write it: `15m`, or a number of seconds.

use serde::de::{self, Deserialize, Deserializer, Visitor};
use warded_core::time::{Millis, parse_ttl, ttl_seconds};

use crate::error::ApiError;

/// A lifetime as sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Lifetime {
    Seconds(u64),
    Text(String),
}

impl Lifetime {
    /// The lifetime under a ceiling.
    pub(in super::super) fn parse(&self, field: &str, ceiling: Millis) -> Result<Millis, ApiError> {
        let parsed = match self {
            Self::Seconds(seconds) => ttl_seconds(*seconds, ceiling),
            Self::Text(text) => parse_ttl(text, ceiling),
        };
        parsed.map_err(|error| ApiError::from_core(field, &error))
    }
}

impl<'de> Deserialize<'de> for Lifetime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Lifetime;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a duration such as `15m`, or a whole number of seconds")
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Lifetime, E> {
                Ok(Lifetime::Seconds(seconds))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Lifetime, E> {
                Ok(Lifetime::Text(text.to_owned()))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
