//! `warded audit`: what verification and export say.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, IsTerminal as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use crate::audit::export::{ExportError, export_ndjson};
use crate::audit::verify::{Broken, Verified, VerifyError, verify_data, verify_export};

/// `audit …`
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Write every record to a file or to stdout, as NDJSON that can be verified anywhere
    Export(ExportArgs),
    /// Compute the chain again and name the first record that does not hold
    Verify(VerifyArgs),
}

/// The flags of `audit export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The folder of the database [default: ./data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// Where to write [default: stdout]
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Print the outcome as JSON
    #[arg(long, requires = "output")]
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
    /// Print the outcome as JSON
    #[arg(long)]
    pub json: bool,
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
    /// The outcome cannot be printed.
    #[error("the outcome cannot be printed: {0}")]
    Print(#[from] io::Error),
    /// Nothing could be verified.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

/// Verifies an export or a data folder, prints the outcome, and answers whether everything holds.
///
/// # Errors
/// There is nothing to verify, or it cannot be read.
pub fn verify(args: &VerifyArgs, data: &Path, out: &mut dyn Write) -> Result<bool, AuditError> {
    let mut progress = Progress::new();
    let mut tell = |done, all| progress.tell(done, all);
    let outcome = match &args.file {
        Some(path) => {
            let file = File::open(path).map_err(|error| AuditError::File { path: path.clone(), error })?;
            verify_export(&mut BufReader::new(file), &mut tell)
        }
        None => verify_data(data, &mut tell),
    };
    progress.end();
    match outcome {
        Ok(verified) => {
            print_verified(&verified, args.json, out)?;
            Ok(true)
        }
        Err(VerifyError::Broken(broken)) => {
            print_broken(broken, args.json, out)?;
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

fn print_verified(verified: &Verified, as_json: bool, out: &mut dyn Write) -> io::Result<()> {
    let Verified { tenant, start_seq, checked, without_record, link } = verified;
    if as_json {
        let outcome = json!({
            "ok": true, "tenant": hex::encode(tenant), "start_seq": start_seq, "checked": checked,
            "without_record": without_record, "link": hex::encode(link), "signatures_checked": false,
        });
        return writeln!(out, "{outcome}");
    }
    writeln!(
        out,
        "{checked} records from seq {start_seq} hold, {without_record} of them known by their leaf only"
    )?;
    writeln!(out, "newest link: {}", hex::encode(link))?;
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
        export_ndjson(data, &mut BufWriter::new(out), &mut tell)?;
        progress.end();
        return Ok(());
    };
    let failed = |error| AuditError::File { path: path.clone(), error };
    // Never over another export, which may be the only witness of what was changed since.
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    let mut file = BufWriter::new(file);
    let records = export_ndjson(data, &mut file, &mut tell)?;
    progress.end();
    file.get_ref().sync_all().map_err(failed)?;
    if args.json {
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
