//! How the engine is set up, once for the build that compiles the module and for the server that runs it.

use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};

/// The most memory that an instance may have.
pub(crate) const MAX_MEMORY: usize = 96 * 1024 * 1024;
/// The most instances at a time: one for the writer, and one for each thread that checks a token.
const MAX_INSTANCES: u32 = 32;

/// The settings that compiled code depends on, and the pool that instances come from.
pub(crate) fn engine() -> Config {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_core_instances(MAX_INSTANCES)
        .total_memories(MAX_INSTANCES)
        .total_tables(MAX_INSTANCES)
        .max_memory_size(MAX_MEMORY);
    let mut config = Config::new();
    // Limits count steps and not time: a slow machine refuses nothing that a fast one allows.
    config.consume_fuel(true);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}
