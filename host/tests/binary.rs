//! The real binary: started, asked, told to stop, and refused its start.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests and their fixtures may fail loudly"
)]

mod binary {
    mod commands;
    mod documents;
    mod limits;
    mod server;
    mod start;
    mod stop;
}
