//! What is asked, by whom, about what.

use std::sync::Arc;

use warded_core::crypto::token::TokenKind;
use warded_core::path::Path;
use warded_core::pattern::Pattern;
use warded_core::request::Target;
use warded_core::tier::Tier;

use crate::app::App;
use crate::audit::Origin;
use crate::permission::Guard;
use crate::store::CallerId;

/// What stands before the work: who asks, at which route, about what.
#[derive(Debug, Clone)]
pub struct Case {
    /// The server.
    pub app: Arc<App>,
    /// Who asks.
    pub asker: Asker,
    /// What the route needs.
    pub guard: Guard,
    /// What it is about.
    pub subject: Subject,
}

/// Who asks, and from where.
#[derive(Debug, Clone)]
pub struct Asker {
    /// Whose credential it is.
    pub id: CallerId,
    /// Its kind.
    pub kind: TokenKind,
    /// SHA-256 of the credential.
    pub hash: [u8; 32],
    /// The request and its address.
    pub origin: Origin,
}

/// What a request is about, as its records say.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// The path, if one was named.
    pub path: Option<String>,
    /// The id of what it is about.
    pub resource_id: Option<String>,
}

impl Subject {
    /// A secret or a namespace.
    #[must_use]
    pub fn at(path: &str) -> Self {
        Self { path: Some(path.to_owned()), resource_id: None }
    }

    /// A thing with an id.
    #[must_use]
    pub fn of(id: &str) -> Self {
        Self { path: None, resource_id: Some(id.to_owned()) }
    }
}

/// One question for the engine.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// The resource.
    pub resource: &'static str,
    /// The action.
    pub action: &'static str,
    /// What the action is on.
    pub target: Target<'a>,
    /// The stored tier of the target.
    pub tier: Tier,
}

impl<'a> Ask<'a> {
    /// About something without a path.
    #[must_use]
    pub const fn whole(resource: &'static str, action: &'static str) -> Self {
        Self { resource, action, target: Target::None, tier: Tier::Standard }
    }

    /// About one path, of the standard tier as long as nothing else is known.
    #[must_use]
    pub const fn path(resource: &'static str, action: &'static str, path: Path<'a>) -> Self {
        Self { resource, action, target: Target::Path(path), tier: Tier::Standard }
    }

    /// About everything that a pattern means.
    #[must_use]
    pub const fn listing(resource: &'static str, action: &'static str, pattern: Pattern<'a>) -> Self {
        Self { resource, action, target: Target::Listing(pattern), tier: Tier::Standard }
    }

    /// The same at the tier that is stored.
    #[must_use]
    pub const fn at(mut self, tier: Tier) -> Self {
        self.tier = tier;
        self
    }
}
