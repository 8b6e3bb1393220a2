//! The routes over a real store and a real engine.

mod agents;
mod audit;
mod decisions;
mod guards;
mod import;
mod listing;
mod members;
mod policies;
mod rates;
mod secrets;
mod tokens;
mod version_one;
mod world;
