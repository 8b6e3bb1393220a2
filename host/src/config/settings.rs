//! Every setting: its key, type, default and flag. The one table that flags, environment and files are read by.

use std::path::Path;

use toml::Value;

use super::ConfigError;

/// The type of a setting, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Integer,
    /// A list of strings; in the environment separated by commas.
    List,
    /// A string.
    Text,
}

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// The key in the TOML file; the environment variable is `WARDED_` and the key in capitals.
    pub key: &'static str,
    /// The type.
    pub kind: Kind,
    /// The default, as it would stand in the file.
    pub default: &'static str,
}

const fn setting(key: &'static str, kind: Kind, default: &'static str) -> Setting {
    Setting { key, kind, default }
}

/// Every setting, in the order of `config.default.toml`.
pub const SETTINGS: &[Setting] = &[
    setting("listen", Kind::Text, r#""127.0.0.1:8200""#),
    setting("metrics_listen", Kind::Text, r#""auto""#),
    setting("data", Kind::Text, r#""./data""#),
    setting("keys", Kind::Text, r#""./keys""#),
    setting("keyring_passphrase_file", Kind::Text, r#""""#),
    setting("production", Kind::Bool, "false"),
    setting("accept_clock", Kind::Bool, "false"),
    setting("trusted_proxies", Kind::List, "[]"),
    setting("forwarded_header", Kind::Text, r#""x-forwarded-for""#),
    setting("rate_limits", Kind::Text, r#""on""#),
    setting("rate_limit_unauthenticated", Kind::Integer, "100"),
    setting("rate_limit_login", Kind::Integer, "20"),
    setting("rate_limit_principal", Kind::Integer, "600"),
    setting("rate_limit_tokens", Kind::Integer, "60"),
    setting("connections_per_address", Kind::Integer, "256"),
    setting("header_timeout", Kind::Text, r#""10s""#),
    setting("body_timeout", Kind::Text, r#""30s""#),
    setting("send_timeout", Kind::Text, r#""30s""#),
    setting("cors_origins", Kind::List, "[]"),
    setting("drain_timeout", Kind::Text, r#""30s""#),
    setting("tokens_per_agent", Kind::Integer, "1000"),
    setting("token_ttl_ceiling", Kind::Text, r#""24h""#),
    setting("deleted_retention", Kind::Text, r#""30d""#),
    setting("rotation_periods", Kind::List, ROTATION_PERIODS),
    setting("second_operator", Kind::Text, r#""recorded""#),
    setting("webhook_allow", Kind::List, "[]"),
    setting("webhook_retries", Kind::List, r#"["5s", "30s", "2m", "10m", "1h", "6h"]"#),
    setting("approvals_strict", Kind::Bool, "false"),
    setting("checkpoint_interval", Kind::Text, r#""60s""#),
    setting("checkpoint_file", Kind::Text, r#""""#),
    setting("audit_retention", Kind::Text, r#""off""#),
    setting("log", Kind::Text, r#""info""#),
    setting("log_format", Kind::Text, r#""auto""#),
];

/// By type, environment and what the metadata says of the purpose.
const ROTATION_PERIODS: &str = r#"[
  "purpose=payment 14d",
  "purpose=webhook 180d",
  "purpose=read_only 365d",
  "type=oauth_token 60d",
  "environment=staging 180d",
  "type=db_credential environment=production 30d",
  "type=ssh_key environment=production 30d",
  "type=api_key environment=production 90d",
  "365d",
]"#;

impl Setting {
    /// The environment variable.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("WARDED_{}", self.key.to_ascii_uppercase())
    }

    /// The value of an environment variable or flag; what is wrong with it otherwise.
    pub(super) fn read_text(&self, text: &str) -> Result<Value, &'static str> {
        match self.kind {
            Kind::Bool => text.parse().map(Value::Boolean).map_err(|_| self.expected()),
            Kind::Integer => text.parse().map(Value::Integer).map_err(|_| self.expected()),
            Kind::List => Ok(Value::Array(
                text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(Value::from).collect(),
            )),
            Kind::Text => Ok(Value::from(text)),
        }
    }

    /// The value of a file, if it has the setting's type; what is wrong with it otherwise.
    fn check(&self, value: Value) -> Result<Value, &'static str> {
        let right = match (self.kind, &value) {
            (Kind::Bool, Value::Boolean(_))
            | (Kind::Integer, Value::Integer(_))
            | (Kind::Text, Value::String(_)) => true,
            (Kind::List, Value::Array(list)) => list.iter().all(Value::is_str),
            _ => false,
        };
        if right { Ok(value) } else { Err(self.expected()) }
    }

    const fn expected(&self) -> &'static str {
        match self.kind {
            Kind::Bool => "expected true or false",
            Kind::Integer => "expected a whole number",
            Kind::List => "expected a list of strings",
            Kind::Text => "expected a string",
        }
    }
}

/// The setting of a key.
#[must_use]
pub fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// Where a value comes from, the weakest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// The TOML file of this name.
    File(String),
    /// The environment variable of this name.
    Environment(String),
    /// The flag of this name.
    Flag(String),
}

impl Source {
    /// The error of a value from here, named by the key.
    pub(super) fn error(&self, key: &str, message: impl Into<String>) -> ConfigError {
        let message = message.into();
        ConfigError(match self {
            Self::Default => format!("`{key}`: {message}"),
            Self::File(file) => format!("{file}: `{key}`: {message}"),
            Self::Environment(name) | Self::Flag(name) => format!("`{name}`: {message}"),
        })
    }

    /// A few words for people.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::File(name) | Self::Environment(name) | Self::Flag(name) => name.clone(),
        }
    }
}

/// The settings of a TOML text.
pub(super) fn read_file(path: &Path, text: &str) -> Result<Vec<(&'static str, Value)>, ConfigError> {
    let file = path.display();
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count().saturating_add(1);
        // The parser's message can quote the text, line breaks included.
        let message = error.message().lines().next().unwrap_or_default();
        ConfigError(format!("{file}: line {line}: {message}"))
    })?;
    let source = Source::File(file.to_string());
    let entry = |(key, value): (String, Value)| {
        let setting = find(&key).ok_or_else(|| source.error(&key, "unknown setting, see `warded config`"))?;
        let value = setting.check(value).map_err(|message| source.error(&key, message))?;
        Ok((setting.key, value))
    };
    table.into_iter().map(entry).collect()
}
