//! Settings: as typed (flags, environment, file), and as resolved.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Value;
use warded_core::ip::Network;

use crate::rotation::{Periods, Rule};

mod origin;
mod resolved;
mod settings;
#[cfg(test)]
mod tests;

pub use resolved::{Config, ForwardedHeader, LogFormat, MetricsListen, RateLimitSettings, SecondOperator};
pub use settings::{Kind, SETTINGS, Setting, Source, find};

/// What is wrong with the settings, and where: one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub(crate) String);

/// Settings as typed: for each key its strongest value and where that comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Typed(BTreeMap<&'static str, (Value, Source)>);

impl Typed {
    /// Collects defaults, the file (`--config` or `WARDED_CONFIG`), the environment and the flags, the last the strongest.
    ///
    /// # Errors
    /// A key that is unknown or a value of the wrong type, with its place.
    pub fn collect(
        flags: &[(&'static str, String)],
        file: Option<&Path>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut typed = Self::defaults()?;
        let named = variable("WARDED_CONFIG").map(PathBuf::from);
        if let Some(path) = file.map(Path::to_path_buf).or(named) {
            let text = std::fs::read_to_string(&path)
                .map_err(|error| ConfigError(format!("{}: cannot be read: {error}", path.display())))?;
            for (key, value) in settings::read_file(&path, &text)? {
                typed.0.insert(key, (value, Source::File(path.display().to_string())));
            }
        }
        for setting in SETTINGS {
            let name = setting.variable();
            if let Some(text) = variable(&name) {
                typed.insert_text(setting, &text, Source::Environment(name))?;
            }
        }
        for (key, text) in flags {
            let source = Source::Flag(format!("--{}", key.replace('_', "-")));
            let setting = find(key).ok_or_else(|| source.error(key, "unknown setting"))?;
            typed.insert_text(setting, text, source)?;
        }
        Ok(typed)
    }

    fn defaults() -> Result<Self, ConfigError> {
        let text: String = SETTINGS.iter().map(|one| format!("{} = {}\n", one.key, one.default)).collect();
        let defaults = settings::read_file(Path::new("defaults"), &text)?;
        Ok(Self(defaults.into_iter().map(|(key, value)| (key, (value, Source::Default))).collect()))
    }

    fn insert_text(&mut self, setting: &Setting, text: &str, source: Source) -> Result<(), ConfigError> {
        let value = setting.read_text(text).map_err(|message| source.error(setting.key, message))?;
        self.0.insert(setting.key, (value, source));
        Ok(())
    }

    /// Every setting with its value and where it comes from, in the order of the documented file.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value, &Source)> {
        SETTINGS
            .iter()
            .filter_map(|setting| self.0.get(setting.key).map(|(value, source)| (setting.key, value, source)))
    }

    /// What the settings mean.
    ///
    /// # Errors
    /// The first value that means nothing, with its place.
    pub fn resolve(&self) -> Result<Config, ConfigError> {
        Ok(Config {
            listen: self.parsed("listen", resolved::parse_listen)?,
            metrics_listen: self.parsed("metrics_listen", resolved::parse_metrics_listen)?,
            data: self.parsed("data", resolved::parse_folder)?,
            keys: self.parsed("keys", resolved::parse_folder)?,
            keyring_passphrase_file: self.parsed("keyring_passphrase_file", resolved::parse_optional_file)?,
            production: self.flag("production"),
            accept_clock: self.flag("accept_clock"),
            trusted_proxies: self.networks("trusted_proxies")?,
            forwarded_header: self.parsed("forwarded_header", resolved::parse_header)?,
            rate_limits: RateLimitSettings {
                enabled: self.parsed("rate_limits", resolved::parse_switch)?,
                unauthenticated: self.number("rate_limit_unauthenticated", 1, PER_MINUTE_MOST)?,
                login: self.number("rate_limit_login", 1, PER_MINUTE_MOST)?,
                principal: self.number("rate_limit_principal", 1, PER_MINUTE_MOST)?,
                tokens: self.number("rate_limit_tokens", 1, PER_MINUTE_MOST)?,
            },
            connections_per_address: self.number("connections_per_address", 1, 1_000_000)?,
            header_timeout: self.parsed("header_timeout", resolved::parse_timeout)?,
            body_timeout: self.parsed("body_timeout", resolved::parse_timeout)?,
            send_timeout: self.parsed("send_timeout", resolved::parse_timeout)?,
            cors_origins: self.origins("cors_origins")?,
            drain_timeout: self.parsed("drain_timeout", resolved::parse_timeout)?,
            tokens_per_agent: self.number("tokens_per_agent", 1, 1_000_000)?,
            token_ttl_ceiling: self.parsed("token_ttl_ceiling", resolved::parse_ceiling)?,
            deleted_retention: self.parsed("deleted_retention", resolved::parse_ceiling)?,
            rotation_periods: Periods::new(self.each("rotation_periods", Rule::parse)?),
            second_operator: self.parsed("second_operator", resolved::parse_second_operator)?,
            webhook_allow: self.networks("webhook_allow")?,
            webhook_retries: self.each("webhook_retries", resolved::parse_ceiling)?,
            approvals_strict: self.flag("approvals_strict") || self.flag("production"),
            checkpoint_interval: self.parsed("checkpoint_interval", resolved::parse_timeout)?,
            checkpoint_file: self.parsed("checkpoint_file", resolved::parse_optional_file)?,
            audit_retention: self.parsed("audit_retention", resolved::parse_retention)?,
            log: self.parsed("log", |text| Ok(text.to_owned()))?,
            log_format: self.parsed("log_format", resolved::parse_log_format)?,
        })
    }

    /// The error of a setting's value, with its place.
    pub(crate) fn error(&self, key: &str, message: &str) -> ConfigError {
        match self.found(key) {
            Ok((_, source)) => source.error(key, message),
            Err(error) => error,
        }
    }

    fn parsed<T>(&self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<T, ConfigError> {
        let (value, source) = self.found(key)?;
        parse(value.as_str().unwrap_or_default()).map_err(|message| source.error(key, message))
    }

    fn number(&self, key: &str, least: u32, most: u32) -> Result<u32, ConfigError> {
        let (value, source) = self.found(key)?;
        let number = value.as_integer().and_then(|number| u32::try_from(number).ok());
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| source.error(key, format!("expected a number from {least} to {most}")))
    }

    fn flag(&self, key: &str) -> bool {
        self.0.get(key).and_then(|(value, _)| value.as_bool()).unwrap_or_default()
    }

    fn networks(&self, key: &str) -> Result<Vec<Network>, ConfigError> {
        self.each(key, |text| Network::parse(text).map_err(|error| error.to_string()))
    }

    fn each<T>(&self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, ConfigError> {
        let (value, source) = self.found(key)?;
        let entries = value.as_array().into_iter().flatten().filter_map(Value::as_str).enumerate();
        let parse =
            |(index, text)| parse(text).map_err(|message| source.error(&format!("{key}[{index}]"), message));
        entries.map(parse).collect()
    }

    fn origins(&self, key: &str) -> Result<Vec<String>, ConfigError> {
        let (value, source) = self.found(key)?;
        let entries = value.as_array().into_iter().flatten().filter_map(Value::as_str).enumerate();
        let parse = |(index, text)| {
            origin::parse(text).map_err(|message| source.error(&format!("{key}[{index}]"), message))
        };
        entries.map(parse).collect()
    }

    fn found(&self, key: &str) -> Result<(&Value, &Source), ConfigError> {
        let (value, source) =
            self.0.get(key).ok_or_else(|| ConfigError(format!("`{key}`: no such setting")))?;
        Ok((value, source))
    }
}

/// A bucket's waits are counted in microseconds per request, which must not be zero.
const PER_MINUTE_MOST: u32 = 10_000_000;

/// A variable of the environment; one that is not UTF-8 is left out, since no setting could hold it.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
