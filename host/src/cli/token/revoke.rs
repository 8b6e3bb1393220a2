//! `warded token revoke`: one token, or all that something has to do with.

use clap::Args;

use super::super::client::call::{Body, Call};
use super::super::failure::Failure;
use super::super::session::{Session, Sure};

/// The flags of `token revoke`.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// Which.
    #[command(flatten)]
    which: Which,
    /// Confirmation.
    #[command(flatten)]
    sure: Sure,
}

/// Which tokens end.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// The token's id
    token: Option<String>,
    /// All of an agent's, by its id or name
    #[arg(long, value_name = "AGENT")]
    agent: Option<String>,
    /// All that overlap a scope
    #[arg(long, value_name = "SCOPE")]
    scope: Option<String>,
    /// All that the key reaches
    #[arg(long)]
    all: bool,
}

impl RevokeArgs {
    pub(super) fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let Which { token, agent, scope, all } = &self.which;
        if let Some(token) = token {
            session.confirm(&format!("this ends the token {token}"), &self.sure)?;
            return session.done(&Call::delete(&["tokens", token]), &format!("{token} is revoked"));
        }
        let what = match (agent, scope) {
            (Some(agent), _) => format!("all tokens of the agent `{agent}`"),
            (_, Some(scope)) => format!("all tokens that overlap `{scope}`"),
            _ => "all tokens that this key reaches".to_owned(),
        };
        session.confirm(&format!("this ends {what}"), &self.sure)?;
        let body = Body::new()
            .maybe("agent_id", agent.as_deref())
            .maybe("scope", scope.as_deref())
            .maybe("all", all.then_some(true));
        session.record(&Call::post(&["tokens", "revoke"], body))
    }
}
