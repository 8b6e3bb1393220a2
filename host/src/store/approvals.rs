//! What people have to approve, and what they said.

/// What is read.
pub trait Reads {}

/// What is written.
pub trait Writes {}
