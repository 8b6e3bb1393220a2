//! Appends audit records to a data folder that no server is using, many to a transaction, and says how many there are then.
//!
//! They are as different as those of requests: actors, paths, addresses and outcomes vary, so that every index has its share.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use anyhow::{Result, anyhow};
use clap::Parser;
use warded::audit::{Actor, ActorType, Detail, Event, EventType, Origin, Outcome};
use warded::clock::Clock;
use warded::store::sqlite::SqliteStore;
use warded::store::{Verdict, transact};

/// Fills a data folder with audit records.
#[derive(Debug, Parser)]
struct Arguments {
    /// The data folder.
    #[arg(long)]
    data: PathBuf,
    /// Records to append.
    #[arg(long)]
    events: u64,
}

/// Records of one transaction.
const BATCH: u64 = 10_000;
/// How many agents, addresses and paths there are.
const ACTORS: u64 = 1_000;
const ADDRESSES: u64 = 5_000;
const PATHS: u64 = 1_000_000;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let store = SqliteStore::open(&arguments.data, Clock::system(), false)?;
    let mut next = 0;
    while next < arguments.events {
        let end = arguments.events.min(next + BATCH);
        let append = move |_: &mut dyn warded::store::Tx| {
            Ok(Verdict::Done { answer: (), events: (next..end).map(event).collect() })
        };
        runtime.block_on(transact(&store, append)).map_err(|error| anyhow!(error.message))?;
        next = end;
    }
    store.close();
    writeln!(std::io::stdout(), "{next} records appended")?;
    Ok(())
}

/// The event of a number; one in a hundred is a refusal, one in a thousand of an operator.
fn event(number: u64) -> Event {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
    let (kind, prefix) =
        if number % 1_000 == 7 { (ActorType::Operator, "mem") } else { (ActorType::Agent, "agt") };
    let actor = Actor { kind, id: format!("{prefix}_{:032x}", mixed % ACTORS) };
    let [_, high, low, last] = u32::try_from(mixed % ADDRESSES).unwrap_or_default().to_be_bytes();
    let ip = IpAddr::V4(Ipv4Addr::new(10, high, low, last));
    let origin = Origin { request_id: format!("req_{number:032x}"), ip: Some(ip) };
    let event_type = match number % 10 {
        0 => EventType::TokenIssued,
        1 => EventType::SecretUpdated,
        2 => EventType::SecretListed,
        _ => EventType::SecretRead,
    };
    let mut event = Event::new(event_type, actor, Some(origin));
    event.path = Some(format!("fill/n{}/KEY_{}", mixed % 1_000, mixed % PATHS));
    event.resource_id = Some(format!("sec_{:032x}", mixed % PATHS));
    event.details.push(("token_id", Detail::Text(format!("tok_{:032x}", mixed % 50_000))));
    if number % 100 == 42 {
        event.outcome = Outcome::Deny;
        event.reasons = vec!["scope_missing"];
    }
    event
}
