//! The embedded store, on real files.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod store {
    pub(crate) mod fixture;

    mod credentials;
    mod erasure;
    mod failures;
    mod log;
    mod opening;
    mod policies;
    mod secrets;
    mod trail;
    mod trail_queries;
    mod verdicts;
    mod webhooks;
}
