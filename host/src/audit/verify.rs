//! Recomputing the chain, from a data folder or from an export, and naming the first record that does not hold.
//!
//! Everything is read once, in order, and forgotten, so that memory stays flat however long the chain is.

use std::fmt;
use std::io::{self, BufRead};
use std::path::Path;

use warded_core::audit::checkpoint::{Checkpoint, PublicKey};
use warded_core::audit::export::{self as format, ExportVerifier, Line};
use warded_core::chain::Reason;

use super::erasures::Erasures;
use super::export::{FormatError, Signed};
use crate::store::StoreError;
use crate::store::sqlite::{OpenError, Trail};

mod folder;
mod lines;

use folder::Run;
use lines::Lines;

/// After how many records progress is told.
const STEP: u64 = 10_000;

/// What was checked, where all of it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The installation.
    pub tenant: [u8; 16],
    /// The first seq.
    pub start_seq: u64,
    /// How many records hold.
    pub checked: u64,
    /// How many of them are known by their leaf only: erased, or left out by a filter.
    pub without_record: u64,
    /// Whether a filter left records out; otherwise a record says of each that it was erased.
    pub is_filtered: bool,
    /// The link of the last one.
    pub link: [u8; 32],
    /// The newest record that a checkpoint covers.
    pub signed_through: Option<u64>,
}

/// What a chain is held to.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// The keys whose checkpoints are believed; without one, signatures are not checked.
    pub keys: Vec<PublicKey>,
    /// Checkpoints that were kept elsewhere.
    pub checkpoints: Vec<Checkpoint>,
}

/// Why a record does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The chain does not continue with it.
    Chain(Reason),
    /// A checkpoint does not say what the chain says, or is not to be believed.
    Checkpoint(format::Fault),
    /// A column for queries does not say what the record says.
    Column(&'static str),
    /// It is missing from the end, or is not the one that was written there.
    HeadMismatch,
    /// It is not what this server writes.
    Malformed,
    /// It is known by its leaf only, and no later record says that it was erased.
    Withheld,
}

impl Fault {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chain(reason) => reason.name(),
            Self::Checkpoint(fault) => fault.name(),
            Self::Column(_) => "column_mismatch",
            Self::HeadMismatch => "head_mismatch",
            Self::Malformed => "malformed",
            Self::Withheld => "withheld",
        }
    }
}

/// The first record that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// Its seq; the one that should have come where there is a gap.
    pub seq: u64,
    /// What is wrong with it.
    pub fault: Fault,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seq = self.seq;
        match self.fault {
            Fault::Chain(Reason::LeafMismatch) => write!(f, "record {seq} was changed"),
            Fault::Chain(Reason::LinkMismatch) => {
                write!(f, "the link of record {seq} does not follow from the one before")
            }
            Fault::Chain(_) => write!(f, "record {seq} is missing or out of order"),
            Fault::Checkpoint(fault) => write!(f, "{}", format::Broken { seq: Some(seq), fault }),
            Fault::Column(column) => {
                write!(f, "the column `{column}` of record {seq} does not say what the record says")
            }
            Fault::HeadMismatch => {
                write!(f, "record {seq}, at the end, is missing or is not the one that was written")
            }
            Fault::Malformed => write!(f, "record {seq} is malformed"),
            Fault::Withheld => write!(f, "record {seq} is gone, and no later record says that it was erased"),
        }
    }
}

/// Why a chain was not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A record does not hold.
    #[error("{0}")]
    Broken(Broken),
    /// The database failed on the way.
    #[error(transparent)]
    Database(#[from] StoreError),
    /// The export is not one.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The data folder cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The export cannot be read.
    #[error("the export cannot be read: {0}")]
    Read(#[from] io::Error),
}

/// How far it is: records done, and how many there are, if that is known.
pub type Progress<'a> = &'a mut dyn FnMut(u64, Option<u64>);

/// Verifies the chain of a data folder, and that its columns say what its records say. A server may be using the folder.
///
/// # Errors
/// The first record that does not hold, or why the folder cannot be read.
pub fn verify_data(path: &Path, trust: Trust, progress: Progress<'_>) -> Result<Verified, VerifyError> {
    let trail = Trail::open(path)?;
    let mut run = Run::new(&trail, trust, progress);
    let mut signed = Signed::new(&trail);
    let mut failed = None;
    trail.rows(|row| {
        let held =
            row.ok_or_else(|| run.broken(Fault::Malformed)).and_then(|row| run.row(&row).map(|()| row.seq));
        let held = held.map_err(VerifyError::Broken).and_then(|seq| run.signed(seq, &mut signed));
        failed = held.err();
        failed.is_none()
    })?;
    match failed {
        Some(error) => Err(error),
        None => run.verified(&trail).map_err(VerifyError::Broken),
    }
}

/// Verifies an export, of either format.
///
/// # Errors
/// The first record that does not hold, or the first line that is not one of an export.
pub fn verify_export(
    reader: &mut dyn BufRead,
    trust: Trust,
    progress: Progress<'_>,
) -> Result<Verified, VerifyError> {
    let mut verifier = ExportVerifier::new(trust.keys);
    trust.checkpoints.into_iter().try_for_each(|held| verifier.hold(held)).map_err(broken)?;
    let mut lines = Lines::new(reader);
    let mut erasures = Erasures::default();
    while let Some((text, wrong)) = lines.next()? {
        lines.note_start(&text);
        verifier.line(&text).map_err(|found| explained(found, &text, &lines))?;
        account(&mut erasures, &text);
        if let Some(column) = wrong {
            return Err(VerifyError::Broken(Broken {
                seq: lines.seq(&verifier),
                fault: Fault::Column(column),
            }));
        }
        if verifier.checked() > 0 && verifier.checked().is_multiple_of(STEP) {
            progress(verifier.checked(), None);
        }
    }
    let verified = verifier.finish().map_err(broken)?;
    progress(verified.checked, Some(verified.checked));
    let start_seq = verified.header.start_seq;
    // What a filter leaves out, and where, nobody has to account for.
    if !verified.header.is_filtered {
        let hidden = (erasures.missing() != verified.without_record).then_some(start_seq);
        if let Some(seq) = erasures.unnamed().or(hidden) {
            return Err(VerifyError::Broken(Broken { seq, fault: Fault::Withheld }));
        }
    }
    Ok(Verified {
        tenant: verified.header.tenant,
        start_seq,
        checked: verified.checked,
        without_record: verified.without_record,
        is_filtered: verified.header.is_filtered,
        link: verified.link,
        signed_through: verified.signed_through,
    })
}

/// Notes a record without its text, and what a record of an erasure names. The lines of other records are not read twice.
fn account(erasures: &mut Erasures, text: &[u8]) {
    let holds = |word: &[u8]| text.windows(word.len()).any(|window| window == word);
    if !holds(b"audit.erased") && !has_no_salt(text) {
        return;
    }
    if let Ok(Line::Record(record)) = Line::parse(text, false) {
        match record.content {
            Some((_, bytes)) => erasures.read(&bytes),
            None => erasures.miss(record.seq),
        }
    }
}

/// Whether a line says `"salt": null`.
fn has_no_salt(text: &[u8]) -> bool {
    const SALT: &[u8] = br#""salt""#;
    text.windows(SALT.len()).enumerate().filter(|(_, window)| *window == SALT).any(|(at, _)| {
        let after = text.get(at.saturating_add(SALT.len())..).unwrap_or_default().trim_ascii_start();
        after.strip_prefix(b":").is_some_and(|value| value.trim_ascii_start().starts_with(b"null"))
    })
}

fn broken(found: format::Broken) -> VerifyError {
    let Some(seq) = found.seq else { return FormatError::empty().into() };
    let fault = match found.fault {
        format::Fault::LeafMismatch => Fault::Chain(Reason::LeafMismatch),
        format::Fault::LinkMismatch => Fault::Chain(Reason::LinkMismatch),
        format::Fault::SeqGap => Fault::Chain(Reason::SeqGap),
        format::Fault::Malformed => Fault::Malformed,
        fault => Fault::Checkpoint(fault),
    };
    VerifyError::Broken(Broken { seq, fault })
}

/// What is wrong with a line that is not one of an export, in more words than the verifier has.
fn explained(found: format::Broken, text: &[u8], lines: &Lines<'_>) -> VerifyError {
    match Line::parse(text, lines.is_first()) {
        Err(error) if found.fault == format::Fault::Malformed => {
            FormatError::new(lines.number, &error.to_string()).into()
        }
        _ => broken(found),
    }
}
