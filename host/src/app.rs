//! Everything that a request needs, made once at start.

use std::sync::Arc;

use crate::audit::checkpoint::Checkpoints;
use crate::clock::Clock;
use crate::config::Config;
use crate::extract::KnownCallers;
use crate::guest::Guest;
use crate::metrics::Metrics;
use crate::policy::Policies;
use crate::policy::shadow::Shadow;
use crate::rate_limit::RateLimits;
use crate::refusals::Refusals;
use crate::role::RoleGrants;
use crate::store::Store;

/// The server's parts.
#[derive(Debug)]
pub struct App {
    /// What is kept.
    pub store: Arc<dyn Store>,
    /// The engine.
    pub guest: Arc<Guest>,
    /// The settings.
    pub config: Config,
    /// The installation, which every sealed value is bound to.
    pub tenant: [u8; 16],
    /// Requests per minute.
    pub rate_limits: RateLimits,
    /// What Prometheus sees.
    pub metrics: Metrics,
    /// Now.
    pub clock: Clock,
    /// Refusals of strangers since the last record.
    pub refusals: Refusals,
    /// What signs the audit.
    pub checkpoints: Checkpoints,
    /// Credentials that were looked up before.
    pub callers: KnownCallers,
    /// Compiled policies, so that a request reads only which one decides.
    pub policies: Policies,
    /// What the roles come to.
    pub role_grants: RoleGrants,
    /// What another policy would have answered.
    pub shadow: Shadow,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        guest: Arc<Guest>,
        config: Config,
        tenant: [u8; 16],
        clock: Clock,
    ) -> Self {
        Self {
            checkpoints: Checkpoints::new(Arc::clone(&guest), tenant, config.checkpoint_file.clone()),
            metrics: Metrics::new(Arc::clone(&guest), Arc::clone(&store)),
            store,
            guest,
            rate_limits: RateLimits::new(config.rate_limits),
            config,
            tenant,
            clock,
            refusals: Refusals::default(),
            callers: KnownCallers::default(),
            policies: Policies::default(),
            role_grants: RoleGrants::default(),
            shadow: Shadow::default(),
        }
    }
}

/// The server's parts, shared by its tasks.
pub type Shared = Arc<App>;
