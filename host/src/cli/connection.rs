//! How a command reaches a server: the flags, and what stands behind them in the environment.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Where a server on this machine listens.
pub const DEFAULT_URL: &str = "http://127.0.0.1:8200";

/// The flags of every command to a server.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Server")]
pub struct Connection {
    /// The server [env: WARDED_URL] [default: http://127.0.0.1:8200]
    #[arg(long, global = true, value_name = "URL")]
    pub url: Option<String>,
    /// A file that holds the key to use [env: WARDED_KEY_FILE, or the key itself in WARDED_API_KEY] [default: keys/admin.key, for a
    /// server on this machine]
    #[arg(long, global = true, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Send the key without encryption to another machine
    #[arg(long, global = true)]
    pub insecure_http: bool,
    /// Print the server's answer as JSON
    #[arg(long, global = true)]
    pub json: bool,
}

/// Commands to a server.
#[derive(Debug, Args)]
pub struct Remote<C: Subcommand> {
    /// How to reach it.
    #[command(flatten)]
    pub connection: Connection,
    /// What to do.
    #[command(subcommand)]
    pub command: C,
}

/// One command to a server, beside others that need none.
#[derive(Debug, Args)]
pub struct To<A: Args> {
    /// How to reach it.
    #[command(flatten)]
    pub connection: Connection,
    /// What to do.
    #[command(flatten)]
    pub args: A,
}

/// No flags of its own.
#[derive(Debug, Args)]
pub struct Nothing {}
