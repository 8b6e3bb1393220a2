//! Where approvals are announced, and what is still to be sent.

/// What is read.
pub trait Reads {}

/// What is written.
pub trait Writes {}
