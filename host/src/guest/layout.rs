//! The packed layouts of `docs/abi.md`, as the host writes and reads them.

use warded_core::codec::Reader;
use warded_core::crypto::token::{self, TokenKind};
use warded_core::decision::{Decision, Outcome};
use warded_core::error::ErrorCode;
use warded_core::reason::Reason;
use warded_core::request::{Issue, Request, Target};
use warded_core::secret::Secret;
use warded_core::usage::Usage;

use super::instance::{Failure, Handle};
use super::{CompiledGrant, LinkRef, MintedToken, SealedValue};

/// In the place of a link: a reason that no link has.
const NO_LINK: u8 = 255;

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
    out.extend_from_slice(&[
        u8::from(ip.is_some()),
        narrow(ip_text.len())?,
        request.trust.level(),
        0,
        0,
        0,
        0,
        0,
    ]);
    out.extend_from_slice(&request.now.as_u64().to_le_bytes());
    for link in chain {
        out.extend_from_slice(&handle(link.grant)?);
        out.extend_from_slice(&[0; 4]);
        for counter in [link.usage.uses, link.usage.last, link.usage.revision] {
            out.extend_from_slice(&counter.to_le_bytes());
        }
    }
    for text in [resource.as_bytes(), action.as_bytes(), target, ip_text.as_bytes()] {
        out.extend_from_slice(text);
    }
    Ok(())
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
        let (links, reasons) = (reader.u8().ok()?, reader.u8().ok()?);
        reader.raw(5).ok()?;
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
        let decision = Decision::from_parts(outcome, reasons?, &usages?)?;
        reader.finish().ok()?;
        Some(decision)
    };
    read().ok_or_else(Failure::layout)
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
