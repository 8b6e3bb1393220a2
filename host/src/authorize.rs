//! Authorisation: reads the caller, asks the engine, and says what a refusal is called. The only caller of `Guest::decide`.
//!
//! An [`Authority`] is one caller inside one transaction. A handler states what it needs, does its work through the same value, and what
//! the decision consumed is stored only if the work succeeds, together with its audit records.

use warded_core::ErrorCode;
use warded_core::cost::Cost;
use warded_core::crypto::token::TokenKind;
use warded_core::decision::{Decision, Outcome};
use warded_core::path::Path;
use warded_core::reason::Reason;
use warded_core::request::{Approval, Issue, Request, Target};
use warded_core::scope::{Scope, Word};
use warded_core::tier::Tier;
use warded_core::time::Millis;
use warded_core::trust::Trust;
use warded_core::usage::Usage;

use crate::app::App;
use crate::audit::Event;
use crate::error::{ApiCode, ApiError};
use crate::guest::{Guest, GuestError, LinkRef};
use crate::permission::{Guard, Need};
use crate::policy::Deciding;
use crate::store::{AgentRow, Caller, CallerId, Read, SecretRow, StoreError, StoredLink, Tx};

mod ask;
mod denial;
mod implicit;
mod judgement;
mod people;
mod reach;
mod record;
mod refusal;
pub mod scopes;

pub use ask::{Ask, Asker, Case, Subject};
pub use judgement::{Judgement, Wanted};
pub use people::Answer;
pub use reach::Basis;
pub use refusal::Stop;

/// One caller inside one transaction.
#[derive(Debug)]
pub struct Authority<'t, S: ?Sized> {
    /// The transaction.
    pub store: &'t mut S,
    /// The server.
    pub app: &'t App,
    asker: &'t Asker,
    guard: Guard,
    subject: Subject,
    caller: Caller,
    /// There once the caller is known to stand.
    policies: Option<Deciding>,
    usages: Option<Vec<Usage>>,
    /// The approvals that what was accepted spends.
    spends: Vec<String>,
    /// The token that they come to.
    issued: Option<String>,
    events: Vec<Event>,
}

/// An authority that may write.
pub type Effect<'t> = Authority<'t, dyn Tx + 't>;
/// An authority that only reads.
pub type View<'t> = Authority<'t, dyn Read + 't>;

impl<'t, S: Read + ?Sized> Authority<'t, S> {
    /// Reads the caller in the transaction, so that a revocation that has been answered is in force, and the policy that decides.
    ///
    /// # Errors
    /// The bare 401 for a credential that is gone, 401 `revoked` for one that is known as such, and the database's failure.
    pub fn open(case: &'t Case, store: &'t mut S) -> Result<Self, Stop> {
        let Some(caller) = store.caller(&case.asker.id)? else {
            return Err(Stop::Refused(Box::new((ApiError::unauthorized(), None))));
        };
        let policies = case.app.policies.deciding(&case.app.guest, store);
        let Case { app, asker, guard, subject } = case;
        let revoked = caller.revoked;
        let mut authority = Self {
            store,
            app,
            asker,
            guard: *guard,
            subject: subject.clone(),
            caller,
            policies: None,
            usages: None,
            spends: Vec::new(),
            issued: None,
            events: Vec::new(),
        };
        if revoked {
            return Err(authority.refuse_revoked());
        }
        authority.require_present_key()?;
        authority.policies = Some(policies.map_err(|error| authority.no_policy(error))?);
        authority.complete_chain()?;
        Ok(authority)
    }

    /// Requires an agent's key to be the present one, or the one before it within its overlap.
    fn require_present_key(&self) -> Result<(), Stop> {
        let Some(keys) = self.caller.agent_keys else { return Ok(()) };
        let hash = self.asker.hash;
        match keys.former {
            _ if hash == keys.present => Ok(()),
            Some((former, until)) if hash == former && self.store.now() < until => Ok(()),
            Some((former, _)) if hash == former => Err(self.refuse_for(&[ErrorCode::Expired])),
            // It was replaced after it was looked up.
            _ => Err(Stop::Refused(Box::new((ApiError::unauthorized(), None)))),
        }
    }

    /// Makes an operator's link of what the role is now and of the key.
    fn complete_chain(&mut self) -> Result<(), Stop> {
        let (Some(role), Some(key)) = (self.caller.role, self.caller.key.clone()) else { return Ok(()) };
        let grants = &self.app.role_grants;
        let grant = self.ask_guest(|guest| grants.compiled(guest, role, &key.bounds))?;
        self.caller.chain.push(StoredLink { id: CallerId::Key(key.id), grant, usage: key.usage });
        Ok(())
    }

    /// Asks the engine, whatever people have said: see [`judge`](Self::judge).
    ///
    /// # Errors
    /// The engine failed: nothing is allowed.
    pub fn decide(&self, ask: Ask<'_>) -> Result<Decision, Stop> {
        self.decide_with(ask, None)
    }

    /// The same with what people have approved.
    fn decide_with(&self, ask: Ask<'_>, approval: Option<Approval>) -> Result<Decision, Stop> {
        let implicit = match self.asker.kind {
            TokenKind::Agent if self.guard.implicit_grant => Some(self.ask_guest(implicit::grant)?),
            _ => None,
        };
        let own = self.caller.chain.iter().map(|link| LinkRef { grant: &link.grant, usage: &link.usage });
        let unused = Usage::default();
        let implied = implicit.map(|grant| LinkRef { grant, usage: &unused });
        let chain: Vec<_> = own.chain(implied).collect();
        let policies = self.policies.as_ref().filter(|_| self.is_under_policy(ask.resource));
        let policy = policies.map(|policies| &policies.active);
        let once = self.asked_as_token(&ask);
        let target = once.as_deref().map_or(Ok(ask.target), |scope| self.one_use(scope))?;
        let request = Request {
            subject: Some(self.engine_subject()?),
            resource: self.word(ask.resource)?,
            action: self.word(ask.action)?,
            target,
            tier: ask.tier,
            ip: self.asker.origin.ip,
            now: self.store.now(),
            trust: Trust::Basic,
            cost: Cost::ONE_REQUEST,
            attributes: Vec::new(),
            approval,
        };
        let decision = self.ask_guest(|guest| guest.decide(&chain, policy, &request))?;
        if let Some(shadow) = policies.and_then(|policies| policies.shadow.as_ref()) {
            // Whatever it comes to, the answer is the active policy's.
            let compared = self.app.guest.decide(&chain, Some(&shadow.policy), &request).ok();
            self.app.shadow.observe(shadow.pair, &request, &decision, compared.as_ref());
        }
        Ok(decision)
    }

    /// The scope of what an operator does above the standard tier: it takes the approvals that an agent's token for just that would.
    ///
    /// Operators hold no tokens whose issue people could have approved, so each use of theirs is decided as such an issue.
    fn asked_as_token(&self, ask: &Ask<'_>) -> Option<String> {
        let Target::Path(path) = &ask.target else { return None };
        let is_raised = self.is_operator() && ask.tier > Tier::Standard;
        is_raised.then(|| format!("{}:{}:{path}", ask.resource, ask.action))
    }

    fn one_use<'a>(&self, scope: &'a str) -> Result<Target<'a>, Stop> {
        let scope = Scope::parse(scope).map_err(|_| self.defect())?;
        Ok(Target::Issue(Issue::new(vec![scope], Millis::ZERO, Some(1), None)))
    }

    /// Whether the policy is asked about a resource: about all that agents do, and what operators do with secrets.
    ///
    /// What else operators may do is their role's alone, so that no policy can lock out those who would repair it.
    fn is_under_policy(&self, resource: &str) -> bool {
        resource != STANDING
            && (!self.is_operator() || ["metadata", "namespaces", "secrets"].contains(&resource))
    }

    fn engine_subject(&self) -> Result<warded_core::request::Subject<'_>, Stop> {
        let kind = self.word(if self.is_operator() { "operator" } else { "agent" })?;
        warded_core::request::Subject::new(kind, &self.caller.principal).map_err(|_| self.defect())
    }

    /// Requires an allow; what it consumes is stored with the work.
    ///
    /// # Errors
    /// The refusal, as the caller and the audit are told it.
    pub fn require(&mut self, ask: Ask<'_>) -> Result<(), Stop> {
        let judgement = self.judge(ask)?;
        self.accept(&judgement)
    }

    /// Takes a judgement: what an allow consumes is stored with the work, anything else is a refusal.
    ///
    /// # Errors
    /// The refusal, or what people are to be asked.
    pub fn accept(&mut self, judgement: &Judgement) -> Result<(), Stop> {
        if judgement.outcome() != Outcome::Allow {
            return Err(self.refuse(judgement));
        }
        self.usages = Some(judgement.decision.usages().to_vec());
        if let Some(id) = judgement.spends.as_ref().filter(|id| !self.spends.contains(id)) {
            self.spends.push(id.clone());
        }
        Ok(())
    }

    /// Requires the approvals of a tier for what an operator does on a path: such as lowering the tier of a secret, with the tier that it
    /// leaves. Agents need a scope for it as for anything else. Answers the approval that this spends; none if nobody has to be asked.
    ///
    /// # Errors
    /// The refusal, or what people are to be asked.
    pub fn require_tier_approval(
        &mut self,
        action: &'static str,
        path: Path<'_>,
        tier: Tier,
    ) -> Result<Option<String>, Stop> {
        let judgement = self.judge(Ask::path("secrets", action, path).at(tier))?;
        self.accept(&judgement)?;
        Ok(judgement.spends)
    }

    /// Requires what the route's permission needs of a credential of this kind, on nothing with a path.
    ///
    /// # Errors
    /// The refusal.
    pub fn require_permission(&mut self) -> Result<(), Stop> {
        match self.guard.need(self.asker.kind) {
            Some(Need::Scope(resource, action)) => self.require(Ask::whole(resource, action)),
            Some(Need::Standing) => self.require_standing(&[]),
            None => Err(self.refuse_kind()),
        }
    }

    /// Requires every clause of the credential to hold, except those that speak of a target, and those named.
    ///
    /// # Errors
    /// The refusal.
    pub fn require_standing(&self, except: &[ErrorCode]) -> Result<(), Stop> {
        let decision = self.decide(Ask::whole(STANDING, "stand"))?;
        let counts =
            |reason: &&Reason| !ABOUT_TARGETS.contains(&reason.code) && !except.contains(&reason.code);
        let reasons: Vec<_> = decision.reasons().iter().filter(counts).map(|reason| reason.code).collect();
        if reasons.is_empty() { Ok(()) } else { Err(self.refuse_for(&reasons)) }
    }

    /// Requires an action on the path of a secret, whether or not it exists; then on its stored tier.
    ///
    /// The secret is looked up only once the path is covered, so that a refusal tells nothing about it.
    ///
    /// # Errors
    /// The refusal.
    pub fn require_secret(&mut self, ask: Ask<'_>, path: Path<'_>) -> Result<Option<SecretRow>, Stop> {
        self.require(ask.clone())?;
        let secret = self.store.secret(path)?;
        if let Some(secret) = &secret {
            self.require_tier(ask, secret)?;
        }
        Ok(secret)
    }

    /// Requires an action, already allowed on a path, on the tier that is stored there too.
    ///
    /// # Errors
    /// The refusal.
    pub fn require_tier(&mut self, ask: Ask<'_>, secret: &SecretRow) -> Result<(), Stop> {
        if secret.tier <= ask.tier {
            return Ok(());
        }
        self.about(&secret.id);
        self.require(ask.at(secret.tier))
    }

    /// Asks the engine something else; its failure is told and recorded.
    ///
    /// # Errors
    /// The engine failed, or refused what the server made itself.
    pub fn ask_guest<T>(&self, ask: impl FnOnce(&Guest) -> Result<T, GuestError>) -> Result<T, Stop> {
        ask(&self.app.guest).map_err(|error| self.stop_for(&error))
    }

    fn word(&self, text: &'static str) -> Result<Word<'static>, Stop> {
        Word::parse(text).map_err(|_| self.defect())
    }

    /// Something that the server made itself is not what the engine takes.
    fn defect(&self) -> Stop {
        self.fail(ApiError::new(ApiCode::Internal, "a defect of the server, see its log"), "internal")
    }
}

/// The resource of the question whether a credential holds at all, which no scope and no policy speaks of.
const STANDING: &str = "credential";

/// The clauses that speak of what is asked for, not of who asks.
const ABOUT_TARGETS: [ErrorCode; 3] =
    [ErrorCode::NamespaceNotAllowed, ErrorCode::ScopeMissing, ErrorCode::TierExceedsGrant];

impl View<'_> {
    /// Ends the reading: the approvals that are still to be spent for it.
    #[must_use]
    pub fn into_spends(self) -> Vec<String> {
        self.spends
    }
}

impl<S: ?Sized> Authority<'_, S> {
    /// The caller as read in this transaction.
    #[must_use]
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Who asks.
    #[must_use]
    pub const fn asker(&self) -> &Asker {
        self.asker
    }

    /// Whether a person asks.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.asker.kind == TokenKind::ApiKey
    }

    /// The agent to whose own approvals, tokens and agents the caller is confined; `None` for operators, who know all.
    #[must_use]
    pub fn confined_to(&self) -> Option<&str> {
        (!self.is_operator()).then_some(self.caller.principal.as_str())
    }
}

impl Effect<'_> {
    /// Names the token that the approvals come to, which this request spends.
    pub fn issued(&mut self, token_id: &str) {
        self.issued = Some(token_id.to_owned());
    }

    /// Ends the work: spends approvals, stores what the decision consumed, and hands over what is to be recorded.
    ///
    /// # Errors
    /// The database failed.
    pub fn finish(mut self) -> Result<Vec<Event>, StoreError> {
        let issued = self.issued.take();
        for id in std::mem::take(&mut self.spends) {
            if !self.spend(&id, issued.as_deref())? {
                return Err(StoreError::Defect("an approval was spent twice in one request"));
            }
        }
        // The implicit grant stands last and has no row of its own.
        for (link, usage) in self.caller.chain.iter().zip(self.usages.iter().flatten()) {
            self.store.store_usage(&link.id, usage)?;
        }
        Ok(self.events)
    }

    /// The time of the transaction.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.store.now()
    }

    /// The row of the agent that asks.
    ///
    /// # Errors
    /// The database failed, or no agent asks.
    pub fn own_agent(&mut self) -> Result<AgentRow, Stop> {
        let agent = self.store.agent(&self.caller.principal)?;
        agent.ok_or_else(|| self.refuse_kind())
    }
}
