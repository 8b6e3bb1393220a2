//! Recomputing the chain, from a data folder or from an export, and naming the first record that does not hold.
//!
//! Everything is read once, in order, and forgotten, so that memory stays flat however long the chain is.

use std::fmt;
use std::io::{self, BufRead};
use std::path::Path;

use warded_core::audit::checkpoint::{Checkpoint, PublicKey};
use warded_core::audit::export::{self as format, ExportVerifier, Line};
use warded_core::chain::{FIRST_PREVIOUS, Reason, Verifier};
use warded_core::document::Value;

use super::export::{FormatError, read_line};
use super::record::{Columns, parse_time};
use crate::store::StoreError;
use crate::store::sqlite::{OpenError, Trail, TrailRow};

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
    /// The link of the last one.
    pub link: [u8; 32],
    /// The newest record that a checkpoint covers.
    pub signed_through: Option<u64>,
}

/// What an export is held to.
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
pub fn verify_data(path: &Path, progress: Progress<'_>) -> Result<Verified, VerifyError> {
    let trail = Trail::open(path)?;
    let mut run = Run::new(1, FIRST_PREVIOUS, Some(trail.size()), progress);
    let mut broken = None;
    trail.rows(|row| {
        let held = row.ok_or_else(|| run.broken(Fault::Malformed)).and_then(|row| run.row(&row));
        broken = held.err();
        broken.is_none()
    })?;
    match broken {
        Some(broken) => Err(VerifyError::Broken(broken)),
        None => run.ends_at(trail.head()).map(|()| run.verified(trail.tenant())).map_err(VerifyError::Broken),
    }
}

/// Verifies an export.
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
    let mut number = 0;
    loop {
        number = u64::saturating_add(number, 1);
        let Some(text) = read_line(reader, number)? else { break };
        verifier.line(&text).map_err(|found| explained(found, &text, number))?;
        if verifier.checked() > 0 && verifier.checked().is_multiple_of(STEP) {
            progress(verifier.checked(), None);
        }
    }
    let verified = verifier.finish().map_err(broken)?;
    progress(verified.checked, Some(verified.checked));
    Ok(Verified {
        tenant: verified.header.tenant,
        start_seq: verified.header.start_seq,
        checked: verified.checked,
        without_record: verified.without_record,
        link: verified.link,
        signed_through: verified.signed_through,
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
fn explained(found: format::Broken, text: &[u8], number: u64) -> VerifyError {
    match Line::parse(text, number == 1) {
        Err(error) if found.fault == format::Fault::Malformed => {
            FormatError::new(number, &error.to_string()).into()
        }
        _ => broken(found),
    }
}

/// A verification on its way.
struct Run<'p> {
    verifier: Verifier,
    start_seq: u64,
    without_record: u64,
    size: Option<u64>,
    progress: Progress<'p>,
}

impl<'p> Run<'p> {
    fn new(start_seq: u64, previous: [u8; 32], size: Option<u64>, progress: Progress<'p>) -> Self {
        Self { verifier: Verifier::new(start_seq, previous), start_seq, without_record: 0, size, progress }
    }

    fn row(&mut self, row: &TrailRow) -> Result<(), Broken> {
        let content = row.content.as_ref().map(|(salt, record)| (salt, record.as_slice()));
        self.check(row.seq, content, &row.leaf, &row.link)?;
        let fault = row.content.as_ref().and_then(|(_, record)| fault_of(row.seq, &row.columns, record));
        fault.map_or(Ok(()), |fault| Err(Broken { seq: row.seq, fault }))
    }

    fn check(
        &mut self,
        seq: u64,
        content: Option<(&[u8; 16], &[u8])>,
        leaf: &[u8; 32],
        link: &[u8; 32],
    ) -> Result<(), Broken> {
        self.verifier
            .check(seq, content, leaf, link)
            .map_err(|broken| Broken { seq: broken.seq, fault: Fault::Chain(broken.reason) })?;
        self.without_record = self.without_record.saturating_add(u64::from(content.is_none()));
        if self.verifier.checked().is_multiple_of(STEP) {
            (self.progress)(self.verifier.checked(), self.size);
        }
        Ok(())
    }

    /// The chain must end where the last commit noted that it does.
    fn ends_at(&self, (seq, link): (u64, [u8; 32])) -> Result<(), Broken> {
        let next = self.verifier.next_seq();
        if next != seq.saturating_add(1) {
            return Err(Broken { seq: next.min(seq.saturating_add(1)), fault: Fault::HeadMismatch });
        }
        if *self.verifier.link() == link { Ok(()) } else { Err(Broken { seq, fault: Fault::HeadMismatch }) }
    }

    fn broken(&self, fault: Fault) -> Broken {
        Broken { seq: self.verifier.next_seq(), fault }
    }

    fn verified(self, tenant: [u8; 16]) -> Verified {
        (self.progress)(self.verifier.checked(), Some(self.verifier.checked()));
        Verified {
            tenant,
            start_seq: self.start_seq,
            checked: self.verifier.checked(),
            without_record: self.without_record,
            link: *self.verifier.link(),
            signed_through: None,
        }
    }
}

/// What of a row does not say what its record says.
fn fault_of(seq: u64, columns: &Columns<'_>, record: &[u8]) -> Option<Fault> {
    let Ok(record) = Value::parse(record) else { return Some(Fault::Malformed) };
    let text = |value: Option<&Value>| match value {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let field = |name| text(record.field(name));
    let actor_id = text(record.field("actor").and_then(|actor| actor.field("id")));
    let agrees = [
        ("seq", record.field("seq") == Some(&Value::Integer(seq))),
        ("created_at", field("time").and_then(|time| parse_time(&time)) == Some(columns.created_at)),
        ("event_type", field("event_type").as_deref() == Some(&columns.event_type)),
        ("actor_id", actor_id.as_deref() == Some(&columns.actor_id)),
        ("path", field("path").as_deref() == columns.path.as_deref()),
        ("outcome", field("outcome").as_deref() == Some(&columns.outcome)),
        ("ip", field("ip").as_deref() == columns.ip.as_deref()),
    ];
    agrees.into_iter().find(|(_, agrees)| !agrees).map(|(column, _)| Fault::Column(column))
}
