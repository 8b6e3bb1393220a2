//! The NDJSON export of the chain: a header, then a line for each record, which anyone can verify.

use std::io::{self, BufRead, Read as _, Write};
use std::path::Path;

use warded_core::document::{Fields, Item, MAX_INTEGER, Value};
use warded_core::error::Place;
use warded_core::{Error, chain};

use super::verify::Progress;
use crate::store::StoreError;
use crate::store::sqlite::{OpenError, Trail};

/// The format's name, in the header.
pub const FORMAT: &str = "warded-audit/1";
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

/// One record of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The place in the chain.
    pub seq: u64,
    /// Salt and canonical bytes; absent where the record was erased or left out.
    pub content: Option<([u8; 16], Vec<u8>)>,
    /// The seq that the record itself states.
    pub record_seq: Option<u64>,
    /// The digest of salt and bytes.
    pub leaf: [u8; 32],
    /// The link to the record before.
    pub link: [u8; 32],
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

    /// Reads the line.
    ///
    /// # Errors
    /// What of it is not a header of this format.
    pub fn parse(text: &[u8], line: u64) -> Result<Self, FormatError> {
        let parse = || {
            let value = Value::parse(text)?;
            let mut fields = Fields::of(&value, &Place::Root)?;
            if fields.required("format")?.text()? != FORMAT {
                return Ok(None);
            }
            let header = Self {
                tenant: hex_field(&fields.required("tenant")?)?,
                start_seq: fields.required("start_seq")?.integer(1, MAX_INTEGER)?,
                previous_link: hex_field(&fields.required("previous_link")?)?,
            };
            // A filter says what was left out; the records say the same by having no content.
            fields.required("filter")?;
            fields.finish().map(|()| Some(header))
        };
        parse()
            .map_err(|error: Error| FormatError::new(line, &error))?
            .ok_or_else(|| FormatError { line, what: format!("not the format `{FORMAT}`") })
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

impl Line {
    /// Reads one record.
    ///
    /// # Errors
    /// What of it is not a record.
    pub fn parse(text: &[u8], line: u64) -> Result<Self, FormatError> {
        let parse = || {
            let value = Value::parse(text)?;
            let mut fields = Fields::of(&value, &Place::Root)?;
            let seq = fields.required("seq")?.integer(1, MAX_INTEGER)?;
            let (record, salt) = (fields.required("record")?, fields.required("salt")?);
            let leaf = hex_field(&fields.required("leaf")?)?;
            let link = hex_field(&fields.required("link")?)?;
            fields.finish()?;
            let record_seq = match record.value().field("seq") {
                Some(Value::Integer(seq)) => Some(*seq),
                _ => None,
            };
            let content = match (record.value(), salt.value()) {
                (Value::Null, Value::Null) => None,
                (record, _) => Some((hex_field(&salt)?, canonical(record))),
            };
            Ok(Self { seq, content, record_seq, leaf, link })
        };
        parse().map_err(|error: Error| FormatError::new(line, &error))
    }
}

/// The bytes that were hashed. What has no canonical form was never hashed, and matches no leaf.
fn canonical(record: &Value) -> Vec<u8> {
    tree(record).and_then(|record| serde_json_canonicalizer::to_vec(&record).ok()).unwrap_or_default()
}

/// The same tree for the canonicalizer; `None` if it has a number whose digits the core does not keep.
fn tree(value: &Value) -> Option<serde_json::Value> {
    Some(match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Integer(value) => (*value).into(),
        Value::Text(text) => text.as_str().into(),
        Value::List(list) => list.iter().map(tree).collect::<Option<_>>()?,
        Value::Object(fields) => serde_json::Value::Object(
            fields.iter().map(|(name, value)| Some((name.clone(), tree(value)?))).collect::<Option<_>>()?,
        ),
        _ => return None,
    })
}

fn hex_field<const N: usize>(field: &Item<'_, '_>) -> Result<[u8; N], Error> {
    let wrong = || {
        Error::because(warded_core::ErrorCode::WrongType, "expected lower-case hex digits").at(*field.place())
    };
    let text = field.text()?;
    let mut bytes = [0; N];
    let decoded = hex::decode_to_slice(text, &mut bytes);
    if decoded.is_err() || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Err(wrong())
    } else {
        Ok(bytes)
    }
}

impl FormatError {
    fn new(line: u64, error: &Error) -> Self {
        Self { line, what: error.to_string() }
    }

    /// There is not even a header.
    #[must_use]
    pub fn empty() -> Self {
        Self { line: 1, what: "the file is empty".to_owned() }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_with_a_number_that_is_not_kept_matches_no_leaf() {
        let bytes = |json: &[u8]| canonical(&Value::parse(json).unwrap());
        assert_eq!(bytes(br#"{"b":[1,"x"],"a":null}"#), br#"{"a":null,"b":[1,"x"]}"#);
        assert!(bytes(br#"{"a":-1}"#).is_empty());
        assert!(bytes(br#"{"a":[1.5]}"#).is_empty());
    }
}
