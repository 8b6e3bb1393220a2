//! Exports of the chain, which anyone can verify: a header, then a line for each record, and checkpoints behind the records that they cover.

use std::io::{self, BufRead, Read as _, Write};
use std::path::Path;

use serde_json::Value;
use warded_core::audit::checkpoint::Checkpoint;
use warded_core::audit::export::FORMAT;
use warded_core::chain;

use super::csv::{self, Parts};
use super::verify::Progress;
use crate::store::sqlite::{OpenError, Trail, TrailRow};
use crate::store::{ChainRow, StoreError};

/// The longest line that is read: many times what any record takes.
const MAX_LINE: u64 = 4 << 20;
/// After how many records progress is told, and checkpoints are read.
const STEP: u64 = 10_000;

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For spreadsheets: readable columns beside what is verified.
    Csv,
    /// A JSON object on each line.
    Ndjson,
}

/// The first line: what follows it, and where in the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// The installation.
    pub tenant: [u8; 16],
    /// The seq of the first record.
    pub start_seq: u64,
    /// The link before it.
    pub previous_link: [u8; 32],
    /// What was asked for; null where nothing is left out.
    pub filter: Value,
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

impl Format {
    /// Writes the first line, or in CSV the names of the columns and it.
    pub fn header(self, out: &mut Vec<u8>, header: &Header) {
        let (tenant, previous) = (hex::encode(header.tenant), hex::encode(header.previous_link));
        let (seq, filter) = (header.start_seq, &header.filter);
        let line = format!(
            r#"{{"format":"{FORMAT}","tenant":"{tenant}","start_seq":{seq},"previous_link":"{previous}","filter":{filter}}}"#
        );
        match self {
            Self::Csv => {
                csv::write_line(out, &csv::COLUMNS);
                Parts { kind: "header", seq: None, bytes: line.as_bytes(), hashes: ["", "", ""] }.write(out);
            }
            Self::Ndjson => write_ndjson(out, &[line.as_bytes()]),
        }
    }

    /// Writes the line of a record.
    pub fn record(self, out: &mut Vec<u8>, row: &ChainRow) {
        let (salt, record) = match &row.content {
            Some((salt, record)) => (hex::encode(salt), record.as_slice()),
            None => (String::new(), &[][..]),
        };
        let (leaf, link) = (hex::encode(row.leaf), hex::encode(row.link));
        match self {
            Self::Csv => {
                let hashes = [salt.as_str(), &leaf, &link];
                Parts { kind: "record", seq: Some(row.seq), bytes: record, hashes }.write(out);
            }
            Self::Ndjson => {
                let begin = format!(r#"{{"seq":{},"record":"#, row.seq);
                let middle = if row.content.is_some() {
                    format!(r#","salt":"{salt}""#)
                } else {
                    r#"null,"salt":null"#.to_owned()
                };
                let end = format!(r#","leaf":"{leaf}","link":"{link}"}}"#);
                write_ndjson(out, &[begin.as_bytes(), record, middle.as_bytes(), end.as_bytes()]);
            }
        }
    }

    /// Writes the line of a checkpoint.
    pub fn checkpoint(self, out: &mut Vec<u8>, checkpoint: &Checkpoint) {
        let document = checkpoint.to_document().to_json();
        let line = [&br#"{"checkpoint":"#[..], &document, b"}"].concat();
        match self {
            Self::Csv => {
                let seq = Some(checkpoint.seq);
                Parts { kind: "checkpoint", seq, bytes: &line, hashes: ["", "", ""] }.write(out);
            }
            Self::Ndjson => write_ndjson(out, &[&line]),
        }
    }
}

fn write_ndjson(out: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        out.extend_from_slice(part);
    }
    out.push(b'\n');
}

/// Writes the whole chain of a data folder, and answers how many records it has. A server may be using the folder.
///
/// # Errors
/// The folder cannot be read, or the export not written.
pub fn export(
    path: &Path,
    format: Format,
    out: &mut dyn Write,
    progress: Progress<'_>,
) -> Result<u64, ExportError> {
    let trail = Trail::open(path)?;
    let header = Header {
        tenant: trail.tenant(),
        start_seq: 1,
        previous_link: chain::FIRST_PREVIOUS,
        filter: Value::Null,
    };
    let mut lines = Vec::new();
    format.header(&mut lines, &header);
    out.write_all(&lines)?;
    let mut signed = Signed::new(&trail);
    let (mut written, mut failed) = (0, None);
    trail.rows(|row| {
        lines.clear();
        let line = place(row).and_then(|place| {
            format.record(&mut lines, &place);
            signed.at(place.seq, |checkpoint| format.checkpoint(&mut lines, checkpoint))?;
            Ok(out.write_all(&lines)?)
        });
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

fn place(row: Option<TrailRow>) -> Result<ChainRow, ExportError> {
    let TrailRow { seq, content, leaf, link, columns: _ } =
        row.ok_or(StoreError::Damaged("an audit record"))?;
    Ok(ChainRow { seq, content, leaf, link })
}

/// The checkpoints of a trail, beside its rows.
pub struct Signed<'t> {
    trail: &'t Trail,
    /// Read, and not come to yet: newest first.
    ahead: Vec<Checkpoint>,
    /// Up to where they were read; all of them, if there were no more.
    read: Option<u64>,
}

impl std::fmt::Debug for Signed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signed").field("read", &self.read).finish_non_exhaustive()
    }
}

impl<'t> Signed<'t> {
    /// The checkpoints of a trail.
    #[must_use]
    pub const fn new(trail: &'t Trail) -> Self {
        Self { trail, ahead: Vec::new(), read: Some(0) }
    }

    /// Hands over the checkpoints of a seq; seqs only rise.
    ///
    /// # Errors
    /// The database failed.
    pub fn at(&mut self, seq: u64, mut take: impl FnMut(&Checkpoint)) -> Result<(), StoreError> {
        if self.ahead.is_empty()
            && let Some(read) = self.read
        {
            self.ahead = self.trail.checkpoints(read, STEP)?;
            self.ahead.reverse();
            self.read = self.ahead.first().map(|newest| newest.seq);
        }
        while let Some(checkpoint) = self.ahead.pop_if(|checkpoint| checkpoint.seq <= seq) {
            if checkpoint.seq == seq {
                take(&checkpoint);
            }
        }
        Ok(())
    }
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
