//! `warded audit`: what verification and export say.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use warded_core::audit::checkpoint::{Checkpoint, PublicKey};
use warded_core::document::{Item, Value};
use warded_core::error::Place;

use super::connection::{Connection, To};
use super::private_file::PrivateFile;
use crate::audit::checkpoint::open_key;
use crate::audit::export::{ExportError, Format, export as write_export};
use crate::audit::verify::{Broken, Trust, Verified, VerifyError, verify_data, verify_export};
use crate::cli::FolderFlags;
use crate::config::Config;
use crate::guest::{Guest, GuestError};
use crate::keys::{KeyError, read_keyring};
use crate::store::StoreError;
use crate::store::sqlite::{OpenError, Trail};

pub mod checkpoints;
pub mod download;
pub mod erase;
pub mod list;

use checkpoints::CheckpointsArgs;
use erase::EraseArgs;
use list::{Filter, ListArgs};

/// `audit …`
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// List what the server has signed its audit to be, newest first
    Checkpoints(To<CheckpointsArgs>),
    /// Take away what records say, and keep their places in the chain
    Erase(To<EraseArgs>),
    /// Write records to a file or to stdout, as NDJSON or CSV that can be verified anywhere: from a server, or with --data from a folder
    #[command(
        after_help = "Without --data, the export comes from the server, which records who took it; filters work there only.\nWith --data DIR, it comes from \
a data folder, without a server and without a key."
    )]
    Export(ExportArgs),
    /// List what happened, newest first, 50 at once if --limit does not say otherwise
    List(To<ListArgs>),
    /// Print the key that verifies checkpoints, to be kept where nobody who changes the database can change it
    PublicKey(PublicKeyArgs),
    /// Compute the chain again and name the first record that does not hold
    Verify(VerifyArgs),
}

/// The flags of `audit export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Export this data folder, and ask no server
    #[arg(long, value_name = "DIR", conflicts_with_all = ["url", "key_file", "insecure_http"])]
    pub data: Option<String>,
    /// Which records, from a server.
    #[command(flatten)]
    pub filter: Filter,
    /// Where to write [default: stdout]
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// `ndjson`, or `csv` for spreadsheets
    #[arg(long, value_enum, default_value = "ndjson")]
    pub format: FormatArg,
    /// How to reach the server.
    #[command(flatten)]
    pub connection: Connection,
}

/// A format on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum FormatArg {
    /// For spreadsheets
    Csv,
    /// A JSON object on each line
    Ndjson,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Csv => Self::Csv,
            FormatArg::Ndjson => Self::Ndjson,
        }
    }
}

/// The flags of `audit public-key`.
#[derive(Debug, Args)]
pub struct PublicKeyArgs {
    /// The folders.
    #[command(flatten)]
    pub folders: FolderFlags,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// The flags of `audit verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// An export; without it, the data folder
    #[arg(conflicts_with = "data")]
    pub file: Option<PathBuf>,
    /// The folder of the database [default: ./data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// The installation's Ed25519 key in hex, which signs checkpoints; may be given several times
    #[arg(long, value_name = "KEY", value_parser = parse_public_key)]
    pub public_key: Vec<PublicKey>,
    /// A checkpoint that was kept elsewhere, as JSON; may be given several times
    #[arg(long, value_name = "JSON", value_parser = parse_checkpoint)]
    pub checkpoint: Vec<Checkpoint>,
    /// A file of checkpoints that were kept elsewhere, one on each line, as `checkpoint_file` has them
    #[arg(long, value_name = "FILE")]
    pub checkpoints: Option<PathBuf>,
    /// Print the outcome as JSON
    #[arg(long)]
    pub json: bool,
}

fn parse_public_key(text: &str) -> Result<PublicKey, &'static str> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| "expected 64 hex digits")?;
    PublicKey::new(&bytes).ok_or("not an Ed25519 key")
}

fn parse_checkpoint(text: &str) -> Result<Checkpoint, String> {
    let document = Value::parse(text.as_bytes()).map_err(|error| error.to_string())?;
    Checkpoint::from_document(&Item::new(&document, Place::Root)).map_err(|error| error.to_string())
}

/// Why a command about the audit failed.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The export failed.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A file cannot be opened or made.
    #[error("`{path}` cannot be used: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// The key of checkpoints does not open.
    #[error("the key of checkpoints does not open with this keyring: {0}")]
    Guest(#[from] GuestError),
    /// The keyring cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// There is no checkpoint yet.
    #[error("there is no key of checkpoints yet: start the server once")]
    NoKey,
    /// The data folder cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The outcome cannot be printed.
    #[error("the outcome cannot be printed: {0}")]
    Print(#[from] io::Error),
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing could be verified.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

/// Verifies an export or a data folder, prints the outcome, and answers whether everything holds.
///
/// # Errors
/// There is nothing to verify, or it cannot be read.
pub fn verify(args: &VerifyArgs, data: &Path, out: &mut dyn Write) -> Result<bool, AuditError> {
    let trust = trust(args)?;
    let mut progress = Progress::new();
    let mut tell = |done, all| progress.tell(done, all);
    let outcome = match &args.file {
        Some(path) => verify_export(&mut BufReader::new(open(path)?), trust, &mut tell),
        None => verify_data(data, trust, &mut tell),
    };
    progress.end();
    match outcome {
        Ok(verified) => {
            print_verified(&verified, args, out)?;
            Ok(true)
        }
        Err(VerifyError::Broken(broken)) => {
            print_broken(broken, args.json, out)?;
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

fn open(path: &Path) -> Result<File, AuditError> {
    File::open(path).map_err(|error| AuditError::File { path: path.to_path_buf(), error })
}

/// What was given to hold the chain to.
fn trust(args: &VerifyArgs) -> Result<Trust, AuditError> {
    let mut checkpoints = args.checkpoint.clone();
    if let Some(path) = &args.checkpoints {
        for (line, number) in BufReader::new(open(path)?).lines().zip(1_u64..) {
            let failed = |error| AuditError::File { path: path.clone(), error };
            let line = line.map_err(failed)?;
            if !line.trim().is_empty() {
                let what = |what| {
                    failed(io::Error::new(io::ErrorKind::InvalidData, format!("line {number}: {what}")))
                };
                checkpoints.push(parse_checkpoint(&line).map_err(what)?);
            }
        }
    }
    // The newest covers all before it, and is missed where a chain was cut off; the others say where a chain was rewritten.
    checkpoints.sort_unstable_by_key(|checkpoint| std::cmp::Reverse(checkpoint.seq));
    Ok(Trust { keys: args.public_key.clone(), checkpoints })
}

/// Prints the key that verifies checkpoints.
///
/// # Errors
/// There is none yet, or it cannot be opened.
pub fn public_key(args: &PublicKeyArgs, config: &Config, out: &mut dyn Write) -> Result<(), AuditError> {
    let trail = Trail::open(&config.data)?;
    let sealed = trail.checkpoint_key()?.ok_or(AuditError::NoKey)?;
    let keys = read_keyring(&config.keys, config.keyring_passphrase_file.as_deref())?;
    let key = open_key(&Guest::new(&keys)?, trail.tenant(), &sealed)?.public();
    let hex = hex::encode(key.as_bytes());
    if args.json {
        writeln!(out, "{}", json!({ "public_key": hex, "key_id": key.id().to_string() }))?;
    } else {
        writeln!(out, "{hex}")?;
    }
    Ok(())
}

fn print_verified(verified: &Verified, args: &VerifyArgs, out: &mut dyn Write) -> io::Result<()> {
    let Verified { tenant, start_seq, checked, without_record, is_filtered, link, signed_through } = verified;
    let has_key = !args.public_key.is_empty();
    if args.json {
        let outcome = json!({
            "ok": true, "tenant": hex::encode(tenant), "start_seq": start_seq, "checked": checked,
            "without_record": without_record, "filtered": is_filtered, "link": hex::encode(link), "signatures_checked": has_key,
            "signed_through": signed_through,
        });
        return writeln!(out, "{outcome}");
    }
    writeln!(
        out,
        "{checked} records from seq {start_seq} hold, {without_record} of them known by their leaf only{}",
        match (without_record, is_filtered) {
            (0, _) => "",
            (_, true) => ": erased, or left out by the filter",
            (_, false) => ": erased, as later records say",
        }
    )?;
    writeln!(out, "newest link: {}", hex::encode(link))?;
    match signed_through {
        Some(seq) => writeln!(out, "a checkpoint covers everything up to seq {seq}")?,
        None if has_key => writeln!(out, "no checkpoint covers any of it")?,
        None => {}
    }
    if has_key {
        return Ok(());
    }
    writeln!(out, "signatures were not checked: without a public key, only links are")
}

fn print_broken(broken: Broken, as_json: bool, out: &mut dyn Write) -> io::Result<()> {
    let reason = broken.fault.name();
    if as_json {
        let message = broken.to_string();
        let outcome = json!({ "ok": false, "first_bad": broken.seq, "reason": reason, "message": message });
        return writeln!(out, "{outcome}");
    }
    writeln!(out, "the audit does not hold from seq {} on: {broken} ({reason})", broken.seq)
}

/// Exports a data folder's audit to a new file, or to `out`.
///
/// # Errors
/// The folder cannot be read, or the export not written.
pub fn export(args: &ExportArgs, data: &Path, out: &mut dyn Write) -> Result<(), AuditError> {
    let mut progress = Progress::new();
    let mut tell = |done, all| progress.tell(done, all);
    let Some(path) = &args.output else {
        write_export(data, args.format.into(), &mut BufWriter::new(out), &mut tell)?;
        progress.end();
        return Ok(());
    };
    let failed = |error| AuditError::File { path: path.clone(), error };
    // Never over another export, which may be the only witness of what was changed since.
    let mut file = BufWriter::new(PrivateFile::create(path).map_err(failed)?);
    let records = write_export(data, args.format.into(), &mut file, &mut tell)?;
    progress.end();
    file.into_inner().map_err(io::IntoInnerError::into_error).and_then(PrivateFile::keep).map_err(failed)?;
    if args.connection.json {
        writeln!(out, "{}", json!({ "records": records, "output": path.display().to_string() }))?;
    } else {
        writeln!(out, "{records} records in {}", path.display())?;
    }
    Ok(())
}

/// How far it is, on a terminal's stderr.
struct Progress {
    shown: bool,
    terminal: bool,
}

impl Progress {
    fn new() -> Self {
        Self { shown: false, terminal: io::stderr().is_terminal() }
    }

    fn tell(&mut self, done: u64, all: Option<u64>) {
        if self.terminal {
            self.shown = true;
            let of = all.map(|all| format!(" of {all}")).unwrap_or_default();
            // It is for whoever watches, and nobody else.
            let _ = write!(io::stderr(), "\r{done}{of} records");
        }
    }

    fn end(&self) {
        if self.shown {
            let _ = writeln!(io::stderr());
        }
    }
}
