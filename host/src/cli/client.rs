//! HTTP to a server, as any client does it: one key, one origin, no redirect followed, no proxy asked.

use std::io::{self, Read, Write};
use std::time::Duration;

use rustls::CertificateError;
use serde_json::Value;
use ureq::http::{HeaderValue, Request, Response, header};
use ureq::tls::TlsConfig;
use ureq::{Agent, Body as AnswerBody, Timeout};
use zeroize::Zeroizing;

use super::connection::{Connection, DEFAULT_URL};
use super::failure::Failure;
use super::plain::plain;
use crate::tls;

pub mod call;
pub mod key;
pub mod origin;
pub(super) mod problem;

use call::{Body, Call};
use key::Key;
use origin::Origin;

/// Longer than any name takes to resolve and any handshake to end.
const CONNECT: Duration = Duration::from_secs(10);
/// Longer than the server lets a request take.
const ANSWER: Duration = Duration::from_secs(60);
/// A page of a thousand secrets with all the metadata that they can have, and more.
const LARGEST: u64 = 64 * 1024 * 1024;

/// A server and the key to it.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    origin: Origin,
    key: Key,
}

impl Client {
    /// Finds address and key; nothing is sent yet.
    ///
    /// # Errors
    /// One of them is missing or cannot be used.
    pub fn new(
        connection: &Connection,
        variable: impl Fn(&str) -> Option<String>,
        err: &mut dyn Write,
    ) -> Result<Self, Failure> {
        let named = variable("WARDED_URL").filter(|text| !text.is_empty());
        let url = connection.url.clone().or(named);
        let origin = Origin::parse(url.as_deref().unwrap_or(DEFAULT_URL), connection.insecure_http)?;
        let key = Key::find(connection, &origin, variable, err)?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // A key goes to the named server only: a redirect and a proxy of the environment would be somebody else.
            .max_redirects(0)
            .proxy(None)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .timeout_per_read(Some(ANSWER))
            .user_agent(concat!("warded/", env!("CARGO_PKG_VERSION")));
        let config = if origin.is_https() { config.tls_config(trust()?) } else { config };
        Ok(Self { agent: config.build().new_agent(), origin, key })
    }

    /// Makes a call and reads the answer whole.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses.
    pub fn send(&self, call: &Call) -> Result<Answer, Failure> {
        let mut answer = self.open(call)?;
        let lost = |error: ureq::Error| self.unanswered(call, &error);
        let body = answer.body_mut().with_config().limit(LARGEST).read_to_vec().map_err(lost)?;
        Ok(Answer { status: answer.status().as_u16(), body: Zeroizing::new(body) })
    }

    /// Makes a call and hands the answer's bytes on as they come.
    ///
    /// # Errors
    /// The server cannot be reached, refuses, or breaks off; or `out` cannot be written.
    pub fn stream(&self, call: &Call, out: &mut dyn Write) -> Result<u64, Failure> {
        let mut answer = self.open(call)?;
        let mut reader = answer.body_mut().with_config().limit(u64::MAX).reader();
        let mut buffer = vec![0; 64 * 1024];
        let mut total: u64 = 0;
        loop {
            let length = reader.read(&mut buffer).map_err(|error| {
                Failure::Failed(format!("the answer broke off after {total} bytes: {error}"))
            })?;
            let Some(bytes) = buffer.get(..length).filter(|bytes| !bytes.is_empty()) else { break };
            out.write_all(bytes)?;
            total = total.saturating_add(bytes.len() as u64);
        }
        out.flush()?;
        Ok(total)
    }

    /// The answer of a call that was not refused, its body unread.
    fn open(&self, call: &Call) -> Result<Response<AnswerBody>, Failure> {
        let bytes = call.body.as_ref().map(Body::to_bytes).transpose()?;
        let builder = Request::builder().method(call.method.clone()).uri(format!(
            "{}{}",
            self.origin.as_str(),
            call.target
        ));
        let mut authorization = HeaderValue::from_str(&self.key.bearer())
            .map_err(|_| Failure::Usage("the key has characters that no key has".to_owned()))?;
        authorization.set_sensitive(true);
        let mut builder = builder.header(header::AUTHORIZATION, authorization);
        for (name, value) in &call.headers {
            builder = builder.header(*name, value);
        }
        let wrong =
            |error: ureq::http::Error| Failure::Usage(format!("this cannot be asked of the server: {error}"));
        let answered = match &bytes {
            Some(bytes) => {
                let builder = builder.header(header::CONTENT_TYPE, "application/json");
                self.agent.run(builder.body(bytes.as_slice()).map_err(wrong)?)
            }
            None => self.agent.run(builder.body(()).map_err(wrong)?),
        };
        let answer = answered.map_err(|error| self.unanswered(call, &error))?;
        if answer.status().is_success() { Ok(answer) } else { Err(self.refused(answer)) }
    }

    fn refused(&self, mut answer: Response<AnswerBody>) -> Failure {
        let text = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        if answer.status().is_redirection() {
            let place = text(header::LOCATION).unwrap_or_default();
            return Failure::Failed(format!(
                "{} redirects to `{}`, and the key is not sent there: if it is right, name it with --url",
                self.origin.as_str(),
                plain(&place)
            ));
        }
        let retry_after = text(header::RETRY_AFTER);
        let body = answer.body_mut().with_config().limit(LARGEST).read_to_vec().unwrap_or_default();
        let value: Option<Value> = serde_json::from_slice(&body).ok();
        problem::failure(answer.status().as_u16(), retry_after.as_deref(), value.as_ref())
    }

    /// Why there is no answer, and whether something may have been done nevertheless.
    fn unanswered(&self, call: &Call, error: &ureq::Error) -> Failure {
        let url = self.origin.as_str();
        if let Some(error) = tls::refusal(error) {
            return untrusted(url, error, call);
        }
        let refused = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
        Failure::Failed(match error {
            ureq::Error::Io(error) if refused(error) => format!(
                "nothing listens at {url}: start a server with `warded serve`, or name another one with --url or WARDED_URL"
            ),
            ureq::Error::HostNotFound => {
                format!("the host of {url} is not known: look at --url or WARDED_URL")
            }
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) | ureq::Error::ConnectionFailed => {
                format!("{url} cannot be reached: look at --url or WARDED_URL, and at the network")
            }
            ureq::Error::BodyExceedsLimit(_) => {
                format!("the answer of {url} is larger than 64 MiB: ask for less")
            }
            error if call.is_read() => format!("{url} did not answer: {error}: repeat the command"),
            error => format!(
                "{url} did not answer: {error}: it may be done or not, so look before you repeat the command"
            ),
        })
    }
}

/// A certificate is refused before anything is sent; anything else may come later.
fn untrusted(url: &str, error: &rustls::Error, call: &Call) -> Failure {
    // What stands in a certificate is somebody else's text.
    let told = plain(&error.to_string()).into_owned();
    Failure::Failed(match error {
        rustls::Error::InvalidCertificate(
            CertificateError::BadSignature | CertificateError::UnknownIssuer,
        ) => format!(
            "{url} cannot be trusted ({told}): the operating system, or SSL_CERT_FILE, must know its authority"
        ),
        rustls::Error::InvalidCertificate(_) => {
            format!("{url} cannot be trusted ({told}): look at --url or WARDED_URL, and at its certificate")
        }
        _ if call.is_read() => {
            format!("{url} does not speak TLS as it must ({told}): look at --url or WARDED_URL")
        }
        _ => format!(
            "{url} does not speak TLS as it must ({told}): look at --url or WARDED_URL, and at whether it is done before you repeat the command"
        ),
    })
}

/// The authorities that the operating system trusts, a company's own included.
fn trust() -> Result<TlsConfig, Failure> {
    let authorities = tls::authorities();
    if authorities.is_empty() {
        return Err(Failure::Failed(
            "the operating system trusts no authority: install its certificates, or name a file of them in SSL_CERT_FILE".to_owned(),
        ));
    }
    Ok(tls::trusting(authorities))
}

/// An answer that is no refusal. It may hold a secret, so it has no `Debug`.
#[expect(missing_debug_implementations, reason = "its body may hold a value")]
pub struct Answer {
    status: u16,
    body: Zeroizing<Vec<u8>>,
}

impl Answer {
    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The document in it; null where there is none.
    ///
    /// # Errors
    /// It is not JSON, so it does not come from Warded.
    pub fn json(&self) -> Result<Value, Failure> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body).map_err(|_| {
            Failure::Failed("the answer is not Warded's: look whether --url names the server".to_owned())
        })
    }
}
