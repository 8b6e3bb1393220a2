//! The Warded engine for JavaScript.
