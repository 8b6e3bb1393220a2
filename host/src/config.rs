//! Settings: as typed (flags, environment, file), and as resolved.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Value;
use warded_core::ip::Network;
use warded_core::time::{DAY, Millis, parse_ttl};

mod settings;
#[cfg(test)]
mod tests;

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
            listen: self.parsed("listen", parse_listen)?,
            metrics_listen: self.parsed("metrics_listen", parse_metrics_listen)?,
            data: self.parsed("data", parse_folder)?,
            keys: self.parsed("keys", parse_folder)?,
            production: self.flag("production"),
            accept_clock: self.flag("accept_clock"),
            trusted_proxies: self.networks("trusted_proxies")?,
            forwarded_header: self.parsed("forwarded_header", parse_header)?,
            rate_limits: RateLimitSettings {
                enabled: self.parsed("rate_limits", parse_switch)?,
                unauthenticated: self.number("rate_limit_unauthenticated", 1, PER_MINUTE_MOST)?,
                principal: self.number("rate_limit_principal", 1, PER_MINUTE_MOST)?,
                tokens: self.number("rate_limit_tokens", 1, PER_MINUTE_MOST)?,
            },
            connections_per_address: self.number("connections_per_address", 1, 1_000_000)?,
            header_timeout: self.parsed("header_timeout", parse_timeout)?,
            body_timeout: self.parsed("body_timeout", parse_timeout)?,
            drain_timeout: self.parsed("drain_timeout", parse_timeout)?,
            tokens_per_agent: self.number("tokens_per_agent", 1, 1_000_000)?,
            token_ttl_ceiling: self.parsed("token_ttl_ceiling", parse_ceiling)?,
            log: self.parsed("log", |text| Ok(text.to_owned()))?,
            log_format: self.parsed("log_format", parse_log_format)?,
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
        let (value, source) = self.found(key)?;
        let entries = value.as_array().into_iter().flatten().filter_map(Value::as_str).enumerate();
        let parse = |(index, text)| {
            Network::parse(text).map_err(|error| source.error(&format!("{key}[{index}]"), error.to_string()))
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

/// Settings as resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where the API listens.
    pub listen: SocketAddr,
    /// Where the metrics listen.
    pub metrics_listen: MetricsListen,
    /// The folder of the database.
    pub data: PathBuf,
    /// The folder of the keyring.
    pub keys: PathBuf,
    /// Refuses what is not fit for production.
    pub production: bool,
    /// Starts although the clock is behind the last audit record.
    pub accept_clock: bool,
    /// The proxies whose header is believed.
    pub trusted_proxies: Vec<Network>,
    /// The one header that names the client behind a trusted proxy.
    pub forwarded_header: ForwardedHeader,
    /// Requests per minute.
    pub rate_limits: RateLimitSettings,
    /// Open connections from one address, trusted proxies aside.
    pub connections_per_address: u32,
    /// How long a request's headers may take.
    pub header_timeout: Duration,
    /// How long a request's body may take.
    pub body_timeout: Duration,
    /// How long running requests may take once the server is told to stop.
    pub drain_timeout: Duration,
    /// Live tokens of one agent.
    pub tokens_per_agent: u32,
    /// The longest life of a scoped token.
    pub token_ttl_ceiling: Millis,
    /// Which log lines are written, in tracing's filter syntax.
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
}

/// Requests per minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimitSettings {
    /// Off for load tests.
    pub enabled: bool,
    /// Per address, without a valid credential.
    pub unauthenticated: u32,
    /// Per principal.
    pub principal: u32,
    /// Per principal, for `POST /v1/tokens`.
    pub tokens: u32,
}

/// Where the metrics listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsListen {
    /// At an address.
    At(SocketAddr),
    /// On loopback, one port above the API's.
    Auto,
    /// Nowhere.
    Off,
}

/// The header that names the client behind a trusted proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// RFC 7239.
    Forwarded,
    /// The older list of addresses.
    XForwardedFor,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Human,
    /// One JSON object per line.
    Json,
}

fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected an address and a port, such as 127.0.0.1:8200".to_owned())
}

fn parse_metrics_listen(text: &str) -> Result<MetricsListen, String> {
    match text {
        "auto" => Ok(MetricsListen::Auto),
        "off" => Ok(MetricsListen::Off),
        _ => text
            .parse()
            .map(MetricsListen::At)
            .map_err(|_| "expected `auto`, `off`, or an address and a port".to_owned()),
    }
}

fn parse_folder(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("expected a folder".to_owned()) } else { Ok(text.into()) }
}

fn parse_header(text: &str) -> Result<ForwardedHeader, String> {
    match text.to_ascii_lowercase().as_str() {
        "forwarded" => Ok(ForwardedHeader::Forwarded),
        "x-forwarded-for" => Ok(ForwardedHeader::XForwardedFor),
        _ => Err("expected `x-forwarded-for` or `forwarded`".to_owned()),
    }
}

fn parse_switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("expected `on` or `off`".to_owned()),
    }
}

fn parse_timeout(text: &str) -> Result<Duration, String> {
    let span = parse_ttl(text, DAY).map_err(|error| error.to_string())?;
    Ok(Duration::from_millis(span.as_u64()))
}

fn parse_ceiling(text: &str) -> Result<Millis, String> {
    parse_ttl(text, Millis::MAX).map_err(|error| error.to_string())
}

fn parse_log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "auto" => Ok(LogFormat::Auto),
        "human" => Ok(LogFormat::Human),
        "json" => Ok(LogFormat::Json),
        _ => Err("expected `auto`, `human` or `json`".to_owned()),
    }
}

/// A variable of the environment; one that is not UTF-8 is left out, since no setting could hold it.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
