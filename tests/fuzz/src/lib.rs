//! What must hold for any bytes, one function for each parser, each loader and the decision.
//!
//! The functions panic where something does not hold. `tests/smoke.rs` runs them on the corpus and on mutations of it, on stable Rust and in
//! bounded time; `libfuzzer/` runs the same functions under coverage guidance, for as long as one likes (`make fuzz`).
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a target panics exactly where something does not hold"
)]

pub mod dotenv;
pub mod input;
pub mod mutate;

mod bundle;
mod chain;
mod decide;
mod documents;
mod export;
mod module;
mod policies;
mod redact;
mod sealed;
mod texts;

/// A target, and how much of it a bounded run does.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "tests take it apart")]
pub struct Target {
    /// The name of the target and of its folder of the corpus.
    pub name: &'static str,
    /// Panics unless everything holds for these bytes.
    pub run: fn(&[u8]),
    /// How many mutated inputs take about a second without optimisation.
    pub smoke: u32,
}

macro_rules! targets {
    ($($name:ident = $module:ident, $smoke:literal;)*) => {
        /// Every target.
        pub const TARGETS: &[Target] =
            &[$(Target { name: stringify!($name), run: $module::$name, smoke: $smoke }),*];

        $(pub use $module::$name;)*
    };
}

targets! {
    bundle = bundle, 150_000;
    call = documents, 250_000;
    chain = chain, 250_000;
    compiled = documents, 500_000;
    compiled_policy = policies, 150_000;
    decide = decide, 20_000;
    dotenv = dotenv, 300_000;
    export = export, 8_000;
    grant = documents, 400_000;
    ip = texts, 150_000;
    json = documents, 200_000;
    module = module, 100_000;
    path = texts, 400_000;
    policy = policies, 200_000;
    redact = redact, 80_000;
    scope = texts, 20_000;
    sealed = sealed, 60_000;
    token = texts, 200_000;
    ttl = texts, 500_000;
}
