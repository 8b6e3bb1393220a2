//! One set of vectors, run by every implementation.
