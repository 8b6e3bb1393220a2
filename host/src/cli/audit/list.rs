//! `warded audit list`.

use clap::Args;

use super::super::client::call::Call;
use super::super::failure::Failure;
use super::super::session::{PageFlags, Session};
use super::super::show::List;

const EVENTS: List = List {
    what: "events",
    items: "events",
    columns: &[
        "seq",
        "created_at",
        "event_type",
        "outcome",
        "actor_id",
        "resource_id",
        "path",
        "ip_address",
        "reasons",
    ],
};

/// Which events are meant.
#[derive(Debug, Args)]
pub struct Filter {
    /// Such as secret.read
    #[arg(long, value_name = "TYPE")]
    event_type: Option<String>,
    /// The first word of the event's type, such as secret
    #[arg(long, value_name = "TYPE")]
    resource_type: Option<String>,
    /// The id of who did it
    #[arg(long, value_name = "ID")]
    actor: Option<String>,
    /// The path of a secret or namespace, exactly
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// allow, deny, ask or error
    #[arg(long, value_name = "OUTCOME")]
    outcome: Option<String>,
    /// The address it came from
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<String>,
    /// From this time on, such as 2026-01-31T00:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

impl Filter {
    /// Whether everything is meant.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { event_type, resource_type, actor, path, outcome, ip, since, until } = self;
        [event_type, resource_type, actor, path, outcome, ip, since, until].iter().all(|part| part.is_none())
    }

    /// The filter as parameters of a query.
    pub(super) fn add_to(&self, call: Call) -> Call {
        call.query("event_type", self.event_type.as_deref())
            .query("resource_type", self.resource_type.as_deref())
            .query("actor_id", self.actor.as_deref())
            .query("path", self.path.as_deref())
            .query("outcome", self.outcome.as_deref())
            .query("ip", self.ip.as_deref())
            .query("start_time", self.since.as_deref())
            .query("end_time", self.until.as_deref())
    }
}

/// The flags of `audit list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Which events.
    #[command(flatten)]
    filter: Filter,
    /// How much.
    #[command(flatten)]
    page: PageFlags,
}

impl ListArgs {
    /// Lists events.
    ///
    /// # Errors
    /// The server refuses, or nothing can be written.
    pub fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        session.page(self.filter.add_to(Call::get(&["audit"])), &self.page, &EVENTS)
    }
}
