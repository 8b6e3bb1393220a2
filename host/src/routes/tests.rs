//! The routes over a real store and a real engine.

mod agent_changes;
mod agents;
mod approvals;
mod audit;
mod audit_export;
mod decisions;
mod deleted;
mod fire;
mod guards;
mod import;
mod laundering;
mod listing;
mod matrix;
mod members;
mod policies;
mod rates;
mod rollback;
mod rotate;
mod rotations;
mod secrets;
mod survey;
mod tokens;
mod update;
mod version_one;
mod webhooks;
mod world;
