//! Asks a server the same question over many kept-alive connections, and says how often and how fast it was answered.
//!
//! One JSON object on stdout. Everything runs on one thread, so that on two cores one is left to the server.
#![expect(clippy::disallowed_methods, reason = "measuring time is what this program does")]

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, Subcommand};

mod client;
mod disk;
mod report;

/// A load generator.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sends one request again and again over each of many connections.
    Http(Http),
    /// Writes 4 KiB and makes it durable, again and again: what the disk can do.
    Sync {
        /// Where the file is made and removed.
        #[arg(long)]
        folder: PathBuf,
        /// How long.
        #[arg(long, default_value_t = 2.0)]
        seconds: f64,
    },
}

/// The request and how often it is sent.
#[derive(Debug, Clone, Parser)]
pub(crate) struct Http {
    /// The server.
    #[arg(long)]
    address: SocketAddr,
    /// The bearer token; given more than once, each connection takes the next one.
    #[arg(long, required = true)]
    token: Vec<String>,
    /// Connections, each with one request under way.
    #[arg(long, default_value_t = 1)]
    clients: usize,
    /// How long, after as much as a fifth of it to warm up.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// The method.
    #[arg(long, default_value = "GET")]
    method: String,
    /// The path; `{client}` becomes the number of the connection. Given more than once, each connection takes the next one.
    #[arg(long, required = true)]
    path: Vec<String>,
    /// The JSON body.
    #[arg(long)]
    body: Option<String>,
}

fn main() -> Result<()> {
    let report = match Arguments::parse().command {
        Command::Http(http) => client::run(&http)?,
        Command::Sync { folder, seconds } => disk::run(&folder, Duration::from_secs_f64(seconds))?,
    };
    writeln!(std::io::stdout(), "{}", report.into_json())?;
    Ok(())
}
