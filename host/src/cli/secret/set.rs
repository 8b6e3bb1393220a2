//! `warded secret set`.

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::super::agent::Tier;
use super::super::client::call::{Body, Call};
use super::super::failure::Failure;
use super::super::input::ValueFlags;
use super::super::session::Session;
use super::super::word;
use super::address::Address;

/// The flags of `secret set`.
#[derive(Debug, Args)]
#[command(
    after_help = "The value is read from standard input or a file, never from an argument, which other users and the shell's history \
would see:\n  printf %s \"$STRIPE_KEY\" | warded secret set production/payments/STRIPE_KEY --type api_key"
)]
pub struct SetArgs {
    /// namespace/KEY
    path: Address,
    /// The value.
    #[command(flatten)]
    value: ValueFlags,
    /// Write only if this is the newest version
    #[arg(long, value_name = "NUMBER")]
    if_version: Option<u64>,
    /// What it is.
    #[command(flatten)]
    kind: Kind,
}

/// What a secret is.
#[derive(Debug, Args)]
pub struct Kind {
    /// What it opens
    #[arg(long = "type", value_name = "TYPE")]
    secret_type: Option<SecretType>,
    /// How dangerous it is; a tier is raised or kept, never lowered by this
    #[arg(long, value_name = "TIER")]
    tier: Option<Tier>,
    /// Notes of your own as a JSON object; nothing secret
    #[arg(long, value_name = "JSON")]
    metadata: Option<String>,
}

/// What a secret opens.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum SecretType {
    /// A key of somebody's API
    ApiKey,
    /// A certificate
    Certificate,
    /// Anything else
    Custom,
    /// A database's user and password
    DbCredential,
    /// A token of OAuth
    OauthToken,
    /// A key of SSH
    SshKey,
}

impl Kind {
    /// Adds the fields that were given.
    pub(super) fn add_to(&self, body: Body) -> Result<Body, Failure> {
        let metadata = self.metadata.as_deref().map(|text| match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(fields)) => Ok(Value::Object(fields)),
            _ => Err(Failure::Usage("--metadata is no JSON object".to_owned())),
        });
        Ok(body
            .maybe("secret_type", self.secret_type.and_then(word))
            .maybe("access_tier", self.tier.and_then(word))
            .maybe("metadata", metadata.transpose()?))
    }
}

impl SetArgs {
    pub(super) fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let body = self.kind.add_to(Body::new())?;
        let value = self.value.read()?;
        let body = body.with("value", value.expose().as_str());
        session.record(&Call::put(&self.path.segments(), body).header("If-Match", self.if_version))
    }
}
