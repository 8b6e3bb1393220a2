//! Settings as resolved, and how each is read from its text.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use warded_core::ip::Network;
use warded_core::time::{DAY, Millis, parse_ttl};

use crate::rotation::Periods;

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
    /// The file with the passphrase that the keyring's keys are derived from.
    pub keyring_passphrase_file: Option<PathBuf>,
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
    /// How long an answer may stand still because its client does not read it.
    pub send_timeout: Duration,
    /// The origins whose pages may read answers in a browser.
    pub cors_origins: Vec<String>,
    /// How long running requests may take once the server is told to stop.
    pub drain_timeout: Duration,
    /// Live tokens of one agent.
    pub tokens_per_agent: u32,
    /// The longest life of a scoped token.
    pub token_ttl_ceiling: Millis,
    /// How long a deleted secret can be restored.
    pub deleted_retention: Millis,
    /// How old a secret's value may become.
    pub rotation_periods: Periods,
    /// Whether what weakens a safeguard needs a second operator.
    pub second_operator: SecondOperator,
    /// Where webhooks may go although it is private, and may go without TLS.
    pub webhook_allow: Vec<Network>,
    /// How long a webhook's delivery waits after each attempt that failed; after the last, nobody tries any more.
    pub webhook_retries: Vec<Millis>,
    /// Whether fewer people than the policy asks for are never enough; always so in production.
    pub approvals_strict: bool,
    /// How long new audit records may go without a checkpoint.
    pub checkpoint_interval: Duration,
    /// The file that every checkpoint is appended to.
    pub checkpoint_file: Option<PathBuf>,
    /// How old an audit record becomes before it is erased.
    pub audit_retention: Option<Millis>,
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
    /// Per address, where credentials are had by knowing something, such as logins.
    pub login: u32,
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

/// Whether what weakens a safeguard needs a second operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondOperator {
    /// One suffices, and the record says so.
    Recorded,
    /// One alone is refused.
    Required,
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

pub(super) fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected an address and a port, such as 127.0.0.1:8200".to_owned())
}

pub(super) fn parse_metrics_listen(text: &str) -> Result<MetricsListen, String> {
    match text {
        "auto" => Ok(MetricsListen::Auto),
        "off" => Ok(MetricsListen::Off),
        _ => text
            .parse()
            .map(MetricsListen::At)
            .map_err(|_| "expected `auto`, `off`, or an address and a port".to_owned()),
    }
}

pub(super) fn parse_folder(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("expected a folder".to_owned()) } else { Ok(text.into()) }
}

pub(super) fn parse_header(text: &str) -> Result<ForwardedHeader, String> {
    match text.to_ascii_lowercase().as_str() {
        "forwarded" => Ok(ForwardedHeader::Forwarded),
        "x-forwarded-for" => Ok(ForwardedHeader::XForwardedFor),
        _ => Err("expected `x-forwarded-for` or `forwarded`".to_owned()),
    }
}

pub(super) fn parse_switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("expected `on` or `off`".to_owned()),
    }
}

pub(super) fn parse_timeout(text: &str) -> Result<Duration, String> {
    let span = parse_ttl(text, DAY).map_err(|error| error.to_string())?;
    Ok(Duration::from_millis(span.as_u64()))
}

pub(super) fn parse_optional_file(text: &str) -> Result<Option<PathBuf>, String> {
    Ok((!text.is_empty()).then(|| PathBuf::from(text)))
}

pub(super) fn parse_retention(text: &str) -> Result<Option<Millis>, String> {
    if text == "off" {
        return Ok(None);
    }
    parse_ttl(text, Millis::MAX)
        .map(Some)
        .map_err(|error| format!("expected `off` or a time such as `365d`: {error}"))
}

pub(super) fn parse_ceiling(text: &str) -> Result<Millis, String> {
    parse_ttl(text, Millis::MAX).map_err(|error| error.to_string())
}

pub(super) fn parse_second_operator(text: &str) -> Result<SecondOperator, String> {
    match text {
        "recorded" => Ok(SecondOperator::Recorded),
        "required" => Ok(SecondOperator::Required),
        _ => Err("expected `recorded` or `required`".to_owned()),
    }
}

pub(super) fn parse_log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "auto" => Ok(LogFormat::Auto),
        "human" => Ok(LogFormat::Human),
        "json" => Ok(LogFormat::Json),
        _ => Err("expected `auto`, `human` or `json`".to_owned()),
    }
}
