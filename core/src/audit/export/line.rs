//! The lines of an export.

use alloc::vec::Vec;

use crate::audit::canonical::canonical;
use crate::audit::checkpoint::Checkpoint;
use crate::chain::FIRST_PREVIOUS;
use crate::document::{Fields, Item, MAX_INTEGER, Value};
use crate::error::{Error, ErrorCode, Place};
use crate::hex;

/// The format's name, in the header.
pub const FORMAT: &str = "warded-audit/1";

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the lines of the format")]
pub enum Line {
    /// What a chain was signed to be.
    Checkpoint(Checkpoint),
    /// The first line.
    Header(Header),
    /// One record.
    Record(Record),
}

/// What follows, and where in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of the format")]
pub struct Header {
    /// The installation.
    pub tenant: [u8; 16],
    /// The seq of the first record.
    pub start_seq: u64,
    /// The link before it.
    pub previous_link: [u8; 32],
    /// Whether a filter left records out. What it says is for people; the records say it too, by having no content.
    pub is_filtered: bool,
}

/// A record's salt and canonical bytes.
pub type Content = ([u8; 16], Vec<u8>);

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of the format")]
pub struct Record {
    /// The place in the chain.
    pub seq: u64,
    /// Salt and canonical bytes; absent where the record was erased or left out.
    pub content: Option<Content>,
    /// The seq that the record itself states.
    pub says_seq: Option<u64>,
    /// The digest of salt and bytes.
    pub leaf: [u8; 32],
    /// The link to the record before.
    pub link: [u8; 32],
}

impl Line {
    /// Reads a line: the first is the header, and no other.
    ///
    /// # Errors
    /// What of it is not a line of this format.
    pub fn parse(text: &[u8], is_first: bool) -> Result<Self, Error> {
        let value = Value::parse(text)?;
        let mut fields = Fields::of(&value, &Place::Root)?;
        let line = if is_first {
            Self::Header(header(&mut fields)?)
        } else if let Some(item) = fields.optional("checkpoint") {
            Self::Checkpoint(Checkpoint::from_document(&item)?)
        } else {
            Self::Record(record(&mut fields)?)
        };
        fields.finish()?;
        Ok(line)
    }
}

impl Header {
    /// Nothing stands before the first record.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        self.start_seq != 1 || self.previous_link == FIRST_PREVIOUS
    }
}

fn header(fields: &mut Fields<'_, '_>) -> Result<Header, Error> {
    fields.required("format")?.parsed(|format| {
        if format == FORMAT { Ok(()) } else { Err(Error::because(ErrorCode::InvalidText, "another format")) }
    })?;
    Ok(Header {
        tenant: hex::array(fields, "tenant")?,
        start_seq: fields.required("start_seq")?.integer(1, MAX_INTEGER)?,
        previous_link: hex::array(fields, "previous_link")?,
        is_filtered: *fields.required("filter")?.value() != Value::Null,
    })
}

fn record(fields: &mut Fields<'_, '_>) -> Result<Record, Error> {
    let seq = fields.required("seq")?.integer(1, MAX_INTEGER)?;
    let (record, salt) = (fields.required("record")?, fields.required("salt")?);
    Ok(Record {
        seq,
        content: content(&record, &salt)?,
        says_seq: match record.value().field("seq") {
            Some(Value::Integer(seq)) => Some(*seq),
            _ => None,
        },
        leaf: hex::array(fields, "leaf")?,
        link: hex::array(fields, "link")?,
    })
}

fn content(record: &Item<'_, '_>, salt: &Item<'_, '_>) -> Result<Option<Content>, Error> {
    match (record.value(), salt.value()) {
        (Value::Null, Value::Null) => Ok(None),
        (Value::Object(_), _) => {
            // What has no canonical form was never hashed: no leaf is that of nothing.
            Ok(Some((hex::exactly(salt)?, canonical(record.value()).unwrap_or_default())))
        }
        _ => Err(Error::because(ErrorCode::WrongType, "expected an object").at(*record.place())),
    }
}
