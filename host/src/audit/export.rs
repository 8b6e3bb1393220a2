//! The NDJSON export of the chain: a header, then a line for each record, which anyone can verify.

use std::io::{self, BufRead, Read as _, Write};
use std::path::Path;

use warded_core::audit::export::FORMAT;
use warded_core::chain;

use super::verify::Progress;
use crate::store::StoreError;
use crate::store::sqlite::{OpenError, Trail};

/// The longest line that is read: many times what any record takes.
const MAX_LINE: u64 = 4 << 20;
/// After how many records progress is told.
const STEP: u64 = 10_000;

/// The first line: what follows it, and where in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The installation.
    pub tenant: [u8; 16],
    /// The seq of the first record.
    pub start_seq: u64,
    /// The link before it.
    pub previous_link: [u8; 32],
}

/// Why a file is not an export.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the export: {what}")]
pub struct FormatError {
    /// Counted from 1.
    line: u64,
    what: String,
}

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database failed on the way.
    #[error(transparent)]
    Database(#[from] StoreError),
    /// The data folder cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The export cannot be written.
    #[error("the export cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// Writes the whole chain of a data folder, and answers how many records it has. A server may be using the folder.
///
/// # Errors
/// The folder cannot be read, or the export not written.
pub fn export_ndjson(path: &Path, out: &mut dyn Write, progress: Progress<'_>) -> Result<u64, ExportError> {
    let trail = Trail::open(path)?;
    let header = Header { tenant: trail.tenant(), start_seq: 1, previous_link: chain::FIRST_PREVIOUS };
    header.write(out)?;
    let mut written = 0;
    let mut failed = None;
    trail.rows(|row| {
        let line = row.ok_or(StoreError::Damaged("an audit record")).map_err(ExportError::Database).and_then(
            |row| {
                let content = row.content.as_ref().map(|(salt, record)| (salt, record.as_slice()));
                Ok(write_line(out, row.seq, content, &row.leaf, &row.link)?)
            },
        );
        written = u64::saturating_add(written, 1);
        if written.is_multiple_of(STEP) {
            progress(written, Some(trail.size()));
        }
        failed = line.err();
        failed.is_none()
    })?;
    failed.map_or(Ok(()), Err)?;
    out.flush()?;
    Ok(written)
}

impl Header {
    /// Writes the line; nothing is filtered.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let (tenant, previous) = (hex::encode(self.tenant), hex::encode(self.previous_link));
        let seq = self.start_seq;
        writeln!(
            out,
            r#"{{"format":"{FORMAT}","tenant":"{tenant}","start_seq":{seq},"previous_link":"{previous}","filter":null}}"#
        )
    }
}

/// Writes one record.
///
/// # Errors
/// What `out` says.
pub fn write_line(
    out: &mut dyn Write,
    seq: u64,
    content: Option<(&[u8; 16], &[u8])>,
    leaf: &[u8; 32],
    link: &[u8; 32],
) -> io::Result<()> {
    write!(out, r#"{{"seq":{seq},"record":"#)?;
    match content {
        Some((salt, record)) => {
            out.write_all(record)?;
            write!(out, r#","salt":"{}""#, hex::encode(salt))?;
        }
        None => out.write_all(br#"null,"salt":null"#)?,
    }
    writeln!(out, r#","leaf":"{}","link":"{}"}}"#, hex::encode(leaf), hex::encode(link))
}

impl FormatError {
    /// What is wrong with a line of so many.
    #[must_use]
    pub fn new(line: u64, what: &str) -> Self {
        Self { line, what: what.to_owned() }
    }

    /// There is not even a header.
    #[must_use]
    pub fn empty() -> Self {
        Self::new(1, "the file is empty")
    }
}

/// Reads a line without its end; `None` at the end of the file.
///
/// # Errors
/// What the reader says; a line longer than any of an export is as wrong as one that is not text.
pub fn read_line(reader: &mut dyn BufRead, line: u64) -> io::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    reader.take(MAX_LINE).read_until(b'\n', &mut text)?;
    if text.is_empty() {
        return Ok(None);
    }
    if text.pop_if(|byte| *byte == b'\n').is_none() {
        let what = format!("line {line} does not end, or is longer than {MAX_LINE} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    Ok(Some(text))
}
