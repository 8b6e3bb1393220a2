//! Why an export does not hold.

use core::fmt;

use crate::chain;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The chain at this record is not the one that a checkpoint says.
    CheckpointMismatch,
    /// A checkpoint names a key that is not among those given.
    KeyUnknown,
    /// The record's bytes are not those that its leaf was made of.
    LeafMismatch,
    /// Its link does not follow from the link before it, its seq and its leaf.
    LinkMismatch,
    /// The line is not one of an export, or stands where it cannot.
    Malformed,
    /// Another record stands in its place.
    SeqGap,
    /// A checkpoint's signature is not the key's.
    SignatureInvalid,
    /// The export ends before a checkpoint that is held.
    Truncated,
}

impl Fault {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CheckpointMismatch => "checkpoint_mismatch",
            Self::KeyUnknown => "key_unknown",
            Self::LeafMismatch => "leaf_mismatch",
            Self::LinkMismatch => "link_mismatch",
            Self::Malformed => "malformed",
            Self::SeqGap => "seq_gap",
            Self::SignatureInvalid => "signature_invalid",
            Self::Truncated => "truncated",
        }
    }
}

impl From<chain::Reason> for Fault {
    fn from(reason: chain::Reason) -> Self {
        match reason {
            chain::Reason::LeafMismatch => Self::LeafMismatch,
            chain::Reason::LinkMismatch => Self::LinkMismatch,
            chain::Reason::SeqGap => Self::SeqGap,
        }
    }
}

/// The first record that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what a verifier answers")]
pub struct Broken {
    /// Its seq, the one that should have come where there is a gap; `None` where there is not even a header.
    pub seq: Option<u64>,
    /// What is wrong with it.
    pub fault: Fault,
}

impl Broken {
    pub(super) const fn malformed(seq: Option<u64>) -> Self {
        Self { seq, fault: Fault::Malformed }
    }
}

impl From<chain::Broken> for Broken {
    fn from(broken: chain::Broken) -> Self {
        Self { seq: Some(broken.seq), fault: broken.reason.into() }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(seq) = self.seq else { return f.write_str("the export has no header") };
        match self.fault {
            Fault::CheckpointMismatch => {
                write!(f, "the chain at record {seq} is not the one that was signed")
            }
            Fault::KeyUnknown => write!(f, "the checkpoint of record {seq} is signed by another key"),
            Fault::LeafMismatch => write!(f, "record {seq} was changed"),
            Fault::LinkMismatch => write!(f, "the link of record {seq} does not follow from the one before"),
            Fault::Malformed => write!(f, "the line at record {seq} is malformed"),
            Fault::SeqGap => write!(f, "record {seq} is missing or out of order"),
            Fault::SignatureInvalid => write!(f, "the signature of the checkpoint of record {seq} is wrong"),
            Fault::Truncated => write!(f, "record {seq} and what follows, up to a checkpoint, are missing"),
        }
    }
}

impl core::error::Error for Broken {}
