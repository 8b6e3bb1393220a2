//! The packed layouts of `docs/abi.md`, as the host writes and reads them.

use warded_core::attribute::Scalar;
use warded_core::codec::Reader;
use warded_core::crypto::token::{self, TokenKind};
use warded_core::decision::{Decision, Needed, Outcome, Standing};
use warded_core::error::ErrorCode;
use warded_core::quota::State;
use warded_core::reason::Reason;
use warded_core::request::{Issue, Request, Target};
use warded_core::secret::Secret;
use warded_core::tier::Tier;
use warded_core::usage::Usage;

use super::instance::{Failure, Handle};
use super::{LinkRef, MintedToken, SealedValue};

/// In the place of a link: a reason that no link has.
const NO_LINK: u8 = 255;
/// The bytes of the state of a limit.
const STATE: usize = 32;
/// The flags of a request whose cost is given, that is decided under a policy, and that people have approved.
const HAS_COST: u8 = 1;
const HAS_POLICY: u8 = 2;
const HAS_APPROVAL: u8 = 4;

/// The handles of what a request is decided by.
pub(super) struct Handles {
    /// One for each link of the chain.
    pub(super) grants: Vec<Handle>,
    /// The policy's, if there is one.
    pub(super) policy: Option<Handle>,
}

fn narrow<T: TryFrom<usize>>(length: usize) -> Result<T, Failure> {
    let error =
        || Failure::refused(ErrorCode::LimitExceeded, "the request is too long for the engine".into());
    T::try_from(length).map_err(|_| error())
}

/// Writes a request to decide about.
pub(super) fn write_request(
    out: &mut Vec<u8>,
    handles: &Handles,
    chain: &[LinkRef<'_>],
    request: &Request<'_>,
) -> Result<(), Failure> {
    let mut issue = Vec::new();
    let (kind, target): (u8, &[u8]) = match &request.target {
        Target::None => (0, &[]),
        Target::Path(path) => (1, path.as_str().as_bytes()),
        Target::Listing(pattern) => (2, pattern.as_str().as_bytes()),
        Target::Issue(token) => {
            write_issue(&mut issue, token);
            (3, &issue)
        }
        _ => return Err(Failure::layout()),
    };
    let ip = request.ip.map(|ip| ip.to_string());
    let ip_text = ip.as_deref().unwrap_or_default();
    let subject = request.subject.map_or("", |subject| subject.id);
    let (resource, action) = (request.resource.as_str(), request.action.as_str());
    out.extend_from_slice(&[1, narrow(chain.len())?, request.tier.to_byte(), kind]);
    out.extend_from_slice(&[narrow(resource.len())?, narrow(action.len())?]);
    out.extend_from_slice(&narrow::<u16>(target.len())?.to_le_bytes());
    out.extend_from_slice(&[u8::from(ip.is_some()), narrow(ip_text.len())?]);
    out.extend_from_slice(&[request.trust.level(), flags(handles, request)]);
    out.extend_from_slice(&[narrow(subject.len())?, narrow(request.attributes.len())?, 0, 0]);
    let cost = request.cost;
    write_numbers(out, &[request.now.as_u64(), cost.requests, cost.tokens, cost.micros]);
    write_besides(out, handles, request);
    write_links(out, handles, chain)?;
    for text in [resource.as_bytes(), action.as_bytes(), target, ip_text.as_bytes(), subject.as_bytes()] {
        out.extend_from_slice(text);
    }
    write_attributes(out, request)
}

fn flags(handles: &Handles, request: &Request<'_>) -> u8 {
    let policy = if handles.policy.is_some() { HAS_POLICY } else { 0 };
    let approval = if request.approval.is_some() { HAS_APPROVAL } else { 0 };
    HAS_COST | policy | approval
}

/// Writes policy and approval.
fn write_besides(out: &mut Vec<u8>, handles: &Handles, request: &Request<'_>) {
    if let Some(handle) = &handles.policy {
        out.extend_from_slice(handle);
        out.extend_from_slice(&[0; 4]);
    }
    if let Some(approval) = &request.approval {
        out.extend_from_slice(&approval.digest);
        out.extend_from_slice(&[approval.approvers, 0, 0, 0, 0, 0, 0, 0]);
    }
}

fn write_links(out: &mut Vec<u8>, handles: &Handles, chain: &[LinkRef<'_>]) -> Result<(), Failure> {
    for (link, handle) in chain.iter().zip(&handles.grants) {
        out.extend_from_slice(handle);
        out.extend_from_slice(&narrow::<u32>(link.usage.limits.len())?.to_le_bytes());
        write_numbers(out, &[link.usage.uses, link.usage.last, link.usage.revision]);
        for state in &link.usage.limits {
            write_state(out, *state);
        }
    }
    Ok(())
}

fn write_attributes(out: &mut Vec<u8>, request: &Request<'_>) -> Result<(), Failure> {
    for attribute in &request.attributes {
        let number;
        let (kind, value): (u8, &[u8]) = match attribute.value {
            Scalar::Text(text) => (0, text.as_bytes()),
            Scalar::Integer(integer) => {
                number = integer.to_le_bytes();
                (1, &number)
            }
            Scalar::Bool(false) => (2, &[0]),
            Scalar::Bool(true) => (2, &[1]),
        };
        out.extend_from_slice(&[narrow(attribute.name.len())?, kind]);
        out.extend_from_slice(&narrow::<u16>(value.len())?.to_le_bytes());
        out.extend_from_slice(attribute.name.as_bytes());
        out.extend_from_slice(value);
    }
    Ok(())
}

fn write_numbers(out: &mut Vec<u8>, numbers: &[u64]) {
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
}

/// The states of a grant's limits as bytes, in the order of its limits.
#[must_use]
pub fn states_to_bytes(states: &[State]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(states.len().saturating_mul(STATE));
    states.iter().for_each(|state| write_state(&mut bytes, *state));
    bytes
}

/// The states that [`states_to_bytes`] wrote; `None` for any other bytes.
#[must_use]
pub fn states_from_bytes(bytes: &[u8]) -> Option<Vec<State>> {
    let (states, rest) = bytes.as_chunks::<STATE>();
    let read = |state: &[u8; STATE]| read_state(&mut Reader::new(state));
    rest.is_empty().then(|| states.iter().map(read).collect())?
}

fn write_state(out: &mut Vec<u8>, state: State) {
    let (kind, fraction, numbers): (u32, u32, _) = match state {
        State::Fresh => (0, 0, [0; 3]),
        State::Bucket { level, fraction, at, debt } => (1, fraction, [level, at, debt]),
        State::Window { used, start, debt } => (2, 0, [used, start, debt]),
    };
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&fraction.to_le_bytes());
    write_numbers(out, &numbers);
}

/// The allowlist narrows the token; it plays no part in whether it may be issued, and is bound by what people approve.
fn write_issue(out: &mut Vec<u8>, issue: &Issue<'_>) {
    out.extend_from_slice(&issue.ttl.as_u64().to_le_bytes());
    out.extend_from_slice(&issue.max_uses.unwrap_or_default().to_le_bytes());
    let scopes: Vec<_> = issue.scopes.iter().map(ToString::to_string).collect();
    out.extend_from_slice(scopes.join("\n").as_bytes());
    if let Some(list) = &issue.ip_allowlist {
        let networks: Vec<_> = list.networks().iter().map(ToString::to_string).collect();
        out.push(0);
        out.extend_from_slice(networks.join("\n").as_bytes());
    }
}

/// Bytes behind their length in four bytes.
pub(super) fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Failure> {
    out.extend_from_slice(&narrow::<u32>(bytes.len())?.to_le_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

/// Reads a decision; anything unexpected is a failure, never an allow.
pub(super) fn read_decision(answer: &[u8]) -> Result<Decision, Failure> {
    decision(&mut Reader::new(answer)).ok_or_else(Failure::layout)
}

fn decision(reader: &mut Reader<'_>) -> Option<Decision> {
    let outcome = match reader.u8().ok()? {
        0 => Outcome::Deny,
        1 => Outcome::Allow,
        2 => Outcome::Ask,
        _ => return None,
    };
    let (links, reasons, limits) = (reader.u8().ok()?, reader.u8().ok()?, reader.u8().ok()?);
    reader.raw(4).ok()?;
    let usages: Option<Vec<_>> = (0..links)
        .map(|_| Some(Usage::new(reader.u64().ok()?, reader.u64().ok()?, reader.u64().ok()?)))
        .collect();
    let heads: Option<Vec<_>> = (0..reasons).map(|_| read_reason(reader)).collect();
    let (mut usages, mut standings) = (usages?, Vec::new());
    for _ in 0..limits {
        let (standing, state) = read_limit(reader)?;
        usages.get_mut(usize::from(standing.link))?.limits.push(state);
        standings.push(standing);
    }
    let reasons: Option<Vec<_>> = heads?.into_iter().map(|head| named(reader, head)).collect();
    let reasons = reasons?;
    let needed = if outcome == Outcome::Ask { Some(read_needed(reader, &reasons)?) } else { None };
    let decision = Decision::from_parts(outcome, reasons, &usages, standings, needed)?;
    reader.finish().ok()?;
    Some(decision)
}

/// A reason and the length of its rule's id, which stands behind the limits.
fn read_reason(reader: &mut Reader<'_>) -> Option<(ErrorCode, u8, u8)> {
    Some((ErrorCode::from_number(reader.u16().ok()?)?, reader.u8().ok()?, reader.u8().ok()?))
}

fn named(reader: &mut Reader<'_>, (code, link, length): (ErrorCode, u8, u8)) -> Option<Reason> {
    let rule = std::str::from_utf8(reader.raw(usize::from(length)).ok()?).ok()?;
    match (link, rule) {
        (NO_LINK, "") => Some(Reason::of_policy(code, None)),
        (NO_LINK, rule) => Some(Reason::of_policy(code, Some(rule))),
        (link, "") => Some(Reason::new(code, link)),
        _ => None,
    }
}

/// Reads what people have to approve; the rules that ask are those of the reasons.
fn read_needed(reader: &mut Reader<'_>, reasons: &[Reason]) -> Option<Needed> {
    let digest = reader.raw(32).ok()?.try_into().ok()?;
    let (approvers, tier) = (reader.u8().ok()?, Tier::from_byte(reader.u8().ok()?)?);
    reader.raw(2).ok()?;
    let asking = reasons.iter().filter(|reason| reason.code == ErrorCode::ApprovalRequired);
    Some(Needed::new(digest, approvers, tier, asking.filter_map(|reason| reason.rule.clone()).collect()))
}

/// Reads how a limit stands, and its state.
fn read_limit(reader: &mut Reader<'_>) -> Option<(Standing, State)> {
    let (link, limit, kind) = (reader.u8().ok()?, reader.u8().ok()?, reader.u8().ok()?);
    reader.u8().ok()?;
    let state = read_numbers(reader, u32::from(kind))?;
    let (remaining, reset, retry_after) = (reader.u64().ok()?, reader.u64().ok()?, reader.u64().ok()?);
    Some((Standing::new(link, limit, remaining, reset, (retry_after > 0).then_some(retry_after)), state))
}

fn read_state(reader: &mut Reader<'_>) -> Option<State> {
    let kind = reader.u32().ok()?;
    read_numbers(reader, kind)
}

fn read_numbers(reader: &mut Reader<'_>, kind: u32) -> Option<State> {
    let fraction = reader.u32().ok()?;
    let (amount, time, debt) = (reader.u64().ok()?, reader.u64().ok()?, reader.u64().ok()?);
    match kind {
        0 => Some(State::Fresh),
        1 => Some(State::Bucket { level: amount, fraction, at: time, debt }),
        2 => Some(State::Window { used: amount, start: time, debt }),
        _ => None,
    }
}

/// Reads a sealed data key and a sealed value.
pub(super) fn read_sealed(answer: &[u8]) -> Result<SealedValue, Failure> {
    let mut reader = Reader::new(answer);
    let key = reader.bytes().map_err(|_| Failure::layout())?.to_vec();
    Ok(SealedValue { key, value: reader.rest().to_vec() })
}

/// Reads a token's kind and hash.
pub(super) fn read_hashed(answer: &[u8]) -> Result<(TokenKind, [u8; 32]), Failure> {
    let read = || {
        let (letter, hash) = answer.split_first()?;
        Some((TokenKind::from_letter(*letter)?, hash.try_into().ok()?))
    };
    read().ok_or_else(Failure::layout)
}

/// Reads a token and its hash.
pub(super) fn read_minted(answer: &[u8]) -> Result<MintedToken, Failure> {
    let read = || {
        let (text, hash) = answer.split_at_checked(token::LENGTH)?;
        let text = std::str::from_utf8(text).ok()?;
        Some(MintedToken {
            text: Secret::new(text.to_owned()),
            hash: hash.try_into().ok()?,
            display: token::display(text).to_owned(),
        })
    };
    read().ok_or_else(Failure::layout)
}
