//! Schemas of texts that have a form: stand-ins for `#[schemars(with = "Timestamp")]` on the fields of bodies and answers.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use warded_core::path::MAX_BYTES;
use warded_core::tier::Tier as CoreTier;

use crate::error::ApiCode;
use crate::store::{Role as StoreRole, SecretType as StoreSecretType};
use crate::text::MAX_CHARACTERS;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident: $schema:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )*};
}

words! {
    /// The code of an error.
    Code: one_of(&ApiCode::ALL.iter().map(|code| code.name()).collect::<Vec<_>>());
    /// An access tier.
    Tier: one_of(&CoreTier::ALL.map(CoreTier::word));
    /// A secret's type.
    SecretType: one_of(&StoreSecretType::ALL.map(StoreSecretType::word));
    /// An operator's role.
    Role: one_of(&StoreRole::ALL.map(StoreRole::word));
    /// RFC 3339 in UTC with milliseconds.
    Timestamp: json_schema!({ "type": "string", "format": "date-time" });
    /// An id, or a name in its place.
    Id: json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$" });
    /// A name of an agent or member's key.
    Name: json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$" });
    /// A path or a namespace, such as `production/payments`.
    SecretPath: json_schema!({ "type": "string", "maxLength": MAX_BYTES, "pattern": SECRET_PATH });
    /// A reason or description: short, on one line.
    FreeText: json_schema!({
        "type": "string",
        "maxLength": MAX_CHARACTERS,
        "pattern": r"^[^\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]*$",
    });
    /// A duration such as `15m`, or seconds.
    Lifetime: json_schema!({
        "anyOf": [
            { "type": "string", "pattern": "^[1-9][0-9]{0,6}[smhd]$", "examples": ["15m", "1h"] },
            { "type": "integer", "minimum": 1 },
        ],
    });
    /// A scope such as `secrets:read:production/*`, or one of the words that stand for scopes.
    Scope: json_schema!({ "type": "string", "minLength": 1, "examples": ["secrets:read:production/*"] });
    /// A namespace such as `production/payments`, or `*`.
    Namespace: json_schema!({ "type": "string", "minLength": 1, "examples": ["production/payments"] });
    /// An address or a network, such as `10.0.0.0/8`.
    Network: json_schema!({ "type": "string", "minLength": 2, "examples": ["10.0.0.0/8"] });
    /// A secret value: at most 64 KiB of UTF-8.
    Value: json_schema!({ "type": "string", "maxLength": 65_536 });
    /// An object, or `null` for none.
    Metadata: json_schema!({ "type": ["object", "null"], "x-nullable": true });
    /// Any JSON object.
    Object: json_schema!({ "type": "object" });
}

/// The segments of a path, as the core reads them; `.`, `..` and `+` are none.
pub(super) const SEGMENT: &str = r"(?!(\.{1,2}|\+)(/|$))[A-Za-z0-9._~@=+-]{1,128}";
const SECRET_PATH: &str = r"^(?!(\.{1,2}|\+)(/|$))[A-Za-z0-9._~@=+-]{1,128}(/(?!(\.{1,2}|\+)(/|$))[A-Za-z0-9._~@=+-]{1,128}){0,31}$";

fn one_of(words: &[&str]) -> Schema {
    json_schema!({ "type": "string", "enum": words })
}
