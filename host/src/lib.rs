//! The Warded server.
