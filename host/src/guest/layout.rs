//! The packed layouts of `docs/abi.md`, as the host writes and reads them.

use warded_core::codec::Reader;
use warded_core::crypto::token::{self, TokenKind};
use warded_core::decision::{Decision, Outcome, Standing};
use warded_core::error::ErrorCode;
use warded_core::quota::State;
use warded_core::reason::Reason;
use warded_core::request::{Issue, Request, Target};
use warded_core::secret::Secret;
use warded_core::usage::Usage;

use super::instance::{Failure, Handle};
use super::{CompiledGrant, LinkRef, MintedToken, SealedValue};

/// In the place of a link: a reason that no link has.
const NO_LINK: u8 = 255;
/// The flag of a request whose cost is given.
const HAS_COST: u8 = 1;

fn narrow<T: TryFrom<usize>>(length: usize) -> Result<T, Failure> {
    let error =
        || Failure::refused(ErrorCode::LimitExceeded, "the request is too long for the engine".into());
    T::try_from(length).map_err(|_| error())
}

/// Writes a request to decide about.
pub(super) fn write_request(
    out: &mut Vec<u8>,
    chain: &[LinkRef<'_>],
    request: &Request<'_>,
    mut handle: impl FnMut(&CompiledGrant) -> Result<Handle, Failure>,
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
    let (resource, action) = (request.resource.as_str(), request.action.as_str());
    out.extend_from_slice(&[1, narrow(chain.len())?, request.tier.to_byte(), kind]);
    out.extend_from_slice(&[narrow(resource.len())?, narrow(action.len())?]);
    out.extend_from_slice(&narrow::<u16>(target.len())?.to_le_bytes());
    out.extend_from_slice(&[u8::from(ip.is_some()), narrow(ip_text.len())?]);
    out.extend_from_slice(&[request.trust.level(), HAS_COST, 0, 0, 0, 0]);
    let cost = request.cost;
    write_numbers(out, &[request.now.as_u64(), cost.requests, cost.tokens, cost.micros]);
    for link in chain {
        out.extend_from_slice(&handle(link.grant)?);
        out.extend_from_slice(&narrow::<u32>(link.usage.limits.len())?.to_le_bytes());
        write_numbers(out, &[link.usage.uses, link.usage.last, link.usage.revision]);
        for state in &link.usage.limits {
            write_state(out, *state);
        }
    }
    for text in [resource.as_bytes(), action.as_bytes(), target, ip_text.as_bytes()] {
        out.extend_from_slice(text);
    }
    Ok(())
}

fn write_numbers(out: &mut Vec<u8>, numbers: &[u64]) {
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
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

/// The allowlist narrows the token and plays no part in whether it may be issued.
fn write_issue(out: &mut Vec<u8>, issue: &Issue<'_>) {
    out.extend_from_slice(&issue.ttl.as_u64().to_le_bytes());
    out.extend_from_slice(&issue.max_uses.unwrap_or_default().to_le_bytes());
    let scopes: Vec<_> = issue.scopes.iter().map(ToString::to_string).collect();
    out.extend_from_slice(scopes.join("\n").as_bytes());
}

/// Bytes behind their length in four bytes.
pub(super) fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Failure> {
    out.extend_from_slice(&narrow::<u32>(bytes.len())?.to_le_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

/// Reads a decision; anything unexpected is a failure, never an allow.
pub(super) fn read_decision(answer: &[u8]) -> Result<Decision, Failure> {
    let read = || {
        let mut reader = Reader::new(answer);
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
        let reasons: Option<Vec<_>> = (0..reasons)
            .map(|_| {
                let (code, link) = (ErrorCode::from_number(reader.u16().ok()?)?, reader.u8().ok()?);
                reader.u8().ok()?;
                Some(if link == NO_LINK { Reason::of_policy(code, None) } else { Reason::new(code, link) })
            })
            .collect();
        let (mut usages, mut standings) = (usages?, Vec::new());
        for _ in 0..limits {
            let (standing, state) = read_limit(&mut reader)?;
            usages.get_mut(usize::from(standing.link))?.limits.push(state);
            standings.push(standing);
        }
        let decision = Decision::from_parts(outcome, reasons?, &usages, standings)?;
        reader.finish().ok()?;
        Some(decision)
    };
    read().ok_or_else(Failure::layout)
}

/// Reads how a limit stands, and its state.
fn read_limit(reader: &mut Reader<'_>) -> Option<(Standing, State)> {
    let (link, limit, kind) = (reader.u8().ok()?, reader.u8().ok()?, reader.u8().ok()?);
    reader.u8().ok()?;
    let fraction = reader.u32().ok()?;
    let mut number = || reader.u64().ok();
    let (amount, time, debt) = (number()?, number()?, number()?);
    let (remaining, reset, retry_after) = (number()?, number()?, number()?);
    let state = match kind {
        0 => State::Fresh,
        1 => State::Bucket { level: amount, fraction, at: time, debt },
        2 => State::Window { used: amount, start: time, debt },
        _ => return None,
    };
    Some((Standing::new(link, limit, remaining, reset, (retry_after > 0).then_some(retry_after)), state))
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
