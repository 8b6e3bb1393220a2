//! What the policy adds to a decision: denials, and what people have to approve, bound to a digest of it.

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::crypto::hash::sha256;
use crate::decide::Link;
use crate::decision::Needed;
use crate::error::ErrorCode;
use crate::pattern::Pattern;
use crate::policy::Policy;
use crate::policy::texts::Texts;
use crate::reason::Reason;
use crate::request::{Issue, Request, Target};

#[cfg(test)]
mod tests;

/// Adds what the policy has against the request to `reasons`; if nothing is against it but people have to approve it, says what.
pub(crate) fn consult(
    policy: &Policy,
    chain: &[Link<'_>],
    request: &Request<'_>,
    reasons: &mut Vec<Reason>,
) -> Option<Box<Needed>> {
    let weighed = policy.weigh(request);
    let of_rule = |code, place: &u16| Reason::of_policy(code, Some(policy.id(*place)));
    reasons.extend(weighed.denying.iter().map(|place| of_rule(ErrorCode::PolicyDenied, place)));
    if !weighed.is_allowed {
        reasons.push(Reason::of_policy(ErrorCode::NoRuleAllows, None));
        reasons.extend(policy.narrowed(request).map(|code| Reason::of_policy(code, None)));
    }
    let approvers = approvers(policy, request, !weighed.asking.is_empty());
    if !reasons.is_empty() || approvers == 0 {
        return None;
    }
    let rules = || weighed.asking.iter().map(|place| policy.id(*place));
    let digest = match &request.target {
        Target::Issue(issue) => digest_of_issue(request, issue),
        Target::Listing(_) | Target::None | Target::Path(_) => digest_of_use(request, chain, rules()),
    };
    let fits = request.approval.map(|approval| approval.digest == digest);
    if fits == Some(true) && request.approval.is_some_and(|approval| approval.approvers >= approvers) {
        return None;
    }
    reasons.extend(weighed.asking.iter().map(|place| of_rule(ErrorCode::ApprovalRequired, place)));
    if weighed.asking.is_empty() {
        reasons.push(Reason::of_policy(ErrorCode::ApprovalRequired, None));
    }
    if fits == Some(false) {
        reasons.push(Reason::of_policy(ErrorCode::ApprovalMismatch, None));
    }
    Some(Box::new(Needed { digest, approvers, tier: request.tier, rules: rules().map(Box::from).collect() }))
}

/// How many people must approve: at issue what the tier needs, on a use only if a rule asks; a rule always needs one.
fn approvers(policy: &Policy, request: &Request<'_>, is_asked: bool) -> u8 {
    let of_tier = policy.approvals(request.tier);
    match (&request.target, is_asked) {
        (_, true) => of_tier.max(1),
        (Target::Issue(_), false) => of_tier,
        (Target::Listing(_) | Target::None | Target::Path(_), false) => 0,
    }
}

/// The digest of a token to be issued.
fn digest_of_issue(request: &Request<'_>, issue: &Issue<'_>) -> [u8; 32] {
    let mut text = Bytes::new("warded/ask/v1");
    text.field(subject(request).as_bytes());
    let mut scopes = Vec::with_capacity(issue.scopes.len());
    for scope in &issue.scopes {
        let mut canonical = String::from(scope.resource());
        for part in
            [Some(scope.action().as_str()), scope.pattern().map(Pattern::as_str)].into_iter().flatten()
        {
            canonical.push(':');
            canonical.push_str(part);
        }
        scopes.push(canonical);
    }
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let scopes = Texts::of(&scopes);
    text.field(&Bytes::of_list(scopes.len(), scopes.iter()).0);
    text.field(&issue.ttl.as_u64().to_be_bytes());
    text.field(&u64::from(issue.max_uses.unwrap_or_default()).to_be_bytes());
    let networks = issue.ip_allowlist.as_ref().map_or_else(Bytes::default, |list| {
        let networks: Vec<String> = list.networks().iter().map(|network| network.to_string()).collect();
        Bytes::of_list(networks.len(), networks.iter().map(String::as_str))
    });
    text.field(&networks.0);
    text.field(request.tier.word().as_bytes());
    sha256(&text.0)
}

/// The digest of anything else: who, through which grant, what, and because of which rules.
fn digest_of_use<'p>(
    request: &Request<'_>,
    chain: &[Link<'_>],
    rules: impl ExactSizeIterator<Item = &'p str>,
) -> [u8; 32] {
    let mut text = Bytes::new("warded/ask-use/v1");
    text.field(subject(request).as_bytes());
    text.field(chain.last().and_then(|link| link.grant.id()).unwrap_or_default().as_bytes());
    let mut action = String::from(request.resource.as_str());
    action.push(':');
    action.push_str(request.action.as_str());
    text.field(action.as_bytes());
    // A pattern can be a path's text, so a listing says that it is one in a byte that no path has: to list is not to read.
    let (kind, target) = match &request.target {
        Target::Issue(_) | Target::None => ("", ""),
        Target::Listing(pattern) => ("listing:", pattern.as_str()),
        Target::Path(path) => ("", path.as_str()),
    };
    text.field(&[kind.as_bytes(), target.as_bytes()].concat());
    // INVARIANT: rules stand in the order of their ids.
    text.list(rules.len(), rules);
    sha256(&text.0)
}

fn subject<'a>(request: &Request<'a>) -> &'a str {
    request.subject.map_or("", |subject| subject.id)
}

/// The bytes of a digest: fields behind their lengths, so that no two requests have the same.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn new(name: &str) -> Self {
        Self(name.as_bytes().to_vec())
    }

    fn of_list<'t>(count: usize, entries: impl Iterator<Item = &'t str>) -> Self {
        let mut list = Self::default();
        list.list(count, entries);
        list
    }

    fn count(&mut self, count: usize) {
        self.0.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
    }

    fn field(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn list<'t>(&mut self, count: usize, entries: impl Iterator<Item = &'t str>) {
        self.count(count);
        entries.for_each(|entry| self.field(entry.as_bytes()));
    }
}
