//! Policies and their versions.

/// What is read.
pub trait Reads {}

/// What is written.
pub trait Writes {}
