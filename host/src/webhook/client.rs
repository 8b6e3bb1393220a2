//! The HTTP client of webhooks: one request, within a time, to an address that was looked at, and nowhere else.

use std::time::Duration;

use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error, Timeout};
use warded_core::ip::Network;

use super::address::may_reach;
use crate::tls;

/// How long an attempt takes at most, from the look-up of the name to the answer's head.
const WITHIN: Duration = Duration::from_secs(15);
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// What one attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// 2xx.
    Arrived(u16),
    /// 410: nobody wants it any more.
    Gone,
    /// Not delivered, and worth another attempt; the status, if there was one.
    Failed(&'static str, Option<u16>),
}

/// One request.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) url: &'a str,
    pub(super) id: &'a str,
    pub(super) seconds: u64,
    pub(super) signature: &'a str,
    pub(super) body: &'a str,
}

/// Sends webhooks.
#[derive(Debug)]
pub(super) struct Client(Agent);

impl Client {
    /// A client that goes to public addresses, and to those that are listed.
    pub(super) fn new(listed: Vec<Network>) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // A redirect, and a proxy of the environment, would be another address than the one that was looked at.
            .max_redirects(0)
            .proxy(None)
            .max_idle_connections(0)
            .timeout_global(Some(WITHIN))
            .timeout_connect(Some(CONNECT_WITHIN))
            .user_agent(concat!("warded/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls::trusting(tls::authorities()))
            .build();
        Self(Agent::with_parts(
            config,
            DefaultConnector::default(),
            Guarded { listed, names: DefaultResolver::default() },
        ))
    }

    /// Sends one message. Blocks its thread.
    pub(super) fn send(&self, message: &Message<'_>) -> Sent {
        let request = self
            .0
            .post(message.url)
            .header("content-type", "application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", message.seconds.to_string())
            .header("webhook-signature", message.signature);
        match request.send(message.body) {
            // The body is not read: what a receiver has to say is its status.
            Ok(answer) => match answer.status().as_u16() {
                status @ 200..=299 => Sent::Arrived(status),
                410 => Sent::Gone,
                status @ 300..=399 => Sent::Failed("redirected", Some(status)),
                status => Sent::Failed("refused", Some(status)),
            },
            Err(error) => Sent::Failed(reason(&error), None),
        }
    }
}

/// A word for the audit; the error's own text could repeat the address.
fn reason(error: &Error) -> &'static str {
    if tls::refusal(error).is_some() {
        return TLS_FAILED;
    }
    match error {
        Error::HostNotFound => "host_not_found",
        Error::Other(_) => ADDRESS_NOT_ALLOWED,
        Error::Tls(_) => TLS_FAILED,
        Error::Timeout(Timeout::Resolve) => "host_not_found",
        Error::Timeout(_) => "timed_out",
        _ => "unreachable",
    }
}

const TLS_FAILED: &str = "tls_failed";
const ADDRESS_NOT_ALLOWED: &str = "address_not_allowed";

#[derive(Debug, thiserror::Error)]
#[error("the host has no address that a webhook may go to")]
struct NotAllowed;

/// Resolves names to addresses that may be reached. The connection is made to what this answers, so no second look-up can differ.
#[derive(Debug)]
struct Guarded {
    listed: Vec<Network>,
    names: DefaultResolver,
}

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let is_tls = uri.scheme_str() == Some("https");
        let found = self.names.resolve(uri, config, timeout)?;
        let mut allowed = self.empty();
        for address in found.iter().filter(|address| may_reach(address.ip(), is_tls, &self.listed)) {
            allowed.push(*address);
        }
        if allowed.is_empty() { Err(Error::Other(Box::new(NotAllowed))) } else { Ok(allowed) }
    }
}
