//! The lines of an export as the verifier takes them.

use std::io::BufRead;

use warded_core::audit::export::{ExportVerifier, Line};

use super::VerifyError;
use crate::audit::csv;
use crate::audit::export::{FormatError, read_line};

/// The NDJSON lines of an export, whichever form it has.
pub(super) struct Lines<'r> {
    reader: &'r mut dyn BufRead,
    /// Of the line that was read last, from 1.
    pub(super) number: u64,
    is_csv: bool,
    start_seq: u64,
}

pub(super) type LineOf = (Vec<u8>, Option<&'static str>);

impl<'r> Lines<'r> {
    pub(super) fn new(reader: &'r mut dyn BufRead) -> Self {
        Self { reader, number: 0, is_csv: false, start_seq: 1 }
    }

    /// The next line, and the column of its CSV that says something else than its record.
    pub(super) fn next(&mut self) -> Result<Option<LineOf>, VerifyError> {
        let Some(mut text) = self.read()? else { return Ok(None) };
        if self.number == 1 && is_csv(&text) {
            self.is_csv = true;
            let Some(header) = self.read()? else { return Ok(None) };
            text = header;
        }
        if !self.is_csv {
            return Ok(Some((text, None)));
        }
        let line = str::from_utf8(&text).ok().and_then(csv::to_ndjson);
        line.map(Some).ok_or_else(|| FormatError::new(self.number, "not a line of an export in CSV").into())
    }

    fn read(&mut self) -> Result<Option<Vec<u8>>, VerifyError> {
        self.number = self.number.saturating_add(1);
        Ok(read_line(self.reader, self.number)?)
    }

    /// Notes where the chain begins.
    pub(super) fn note_start(&mut self, text: &[u8]) {
        if self.is_first()
            && let Ok(Line::Header(header)) = Line::parse(text, true)
        {
            self.start_seq = header.start_seq;
        }
    }

    /// Whether the line that was read last is the header.
    pub(super) const fn is_first(&self) -> bool {
        self.number == if self.is_csv { 2 } else { 1 }
    }

    /// The record that was checked last.
    pub(super) fn seq(&self, verifier: &ExportVerifier) -> u64 {
        self.start_seq.saturating_add(verifier.checked()).saturating_sub(1)
    }
}

fn is_csv(line: &[u8]) -> bool {
    // Spreadsheets write a mark before the first byte.
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    str::from_utf8(line).ok().and_then(csv::parse).is_some_and(|cells| cells == csv::COLUMNS)
}
