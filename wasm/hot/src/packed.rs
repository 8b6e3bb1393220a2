//! The packed layout of a decision: what a request costs in bytes instead of a document.

use alloc::vec::Vec;
use core::net::IpAddr;

use warded_core::attribute::{Attribute, MAX_ATTRIBUTES, Scalar};
use warded_core::codec::{self, Reader};
use warded_core::cost::Cost;
use warded_core::decide::{Link, MAX_LINKS, decide_into};
use warded_core::decision::{Decision, Outcome, Standing};
use warded_core::document::MAX_INTEGER;
use warded_core::error::{Error, ErrorCode, Place};
use warded_core::ip::{Allowlist, Network, parse_address};
use warded_core::limit::MAX_LIMITS;
use warded_core::path::Path;
use warded_core::pattern::Pattern;
use warded_core::quota::State;
use warded_core::request::{
    Approval, Issue, MAX_APPROVERS, MAX_TOKEN_NETWORKS, MAX_TOKEN_SCOPES, Request, Subject, Target,
};
use warded_core::scope::{Scope, Word};
use warded_core::tier::Tier;
use warded_core::time::Millis;
use warded_core::trust::Trust;
use warded_core::usage::Usage;

use crate::cache::{Cache, Handle, Work};

/// The version of the layout.
const VERSION: u8 = 1;
const HEAD: usize = 8;
const USAGE: usize = 24;
const REASON: usize = 4;
const LIMIT: usize = 56;
/// In the place of a link: a reason that no link has.
const NO_LINK: u8 = 255;
/// Each link fails each clause at most once: there are ten clauses, and two reasons that belong to the chain.
const MAX_REASONS: usize = MAX_LINKS * 10 + 2;
/// How many reasons of a policy the answer has room for.
const MAX_RULES: usize = 16;
/// The longest id of a rule.
const RULE: usize = 64;
/// A digest, a number of people, a tier and two zeros.
const APPROVAL: usize = 36;
/// The longest answer to a packed request.
pub(crate) const ANSWER: usize = HEAD
    + USAGE * MAX_LINKS
    + REASON * MAX_REASONS
    + LIMIT * MAX_LINKS * MAX_LIMITS
    + (REASON + RULE) * MAX_RULES
    + APPROVAL;
/// The flag of a request whose cost is given.
const HAS_COST: u8 = 1;
/// The flag of one that is decided under a policy.
const HAS_POLICY: u8 = 2;
/// The flag of one that people have approved.
const HAS_APPROVAL: u8 = 4;

/// The milliseconds of a day: no fraction has as many parts.
const DAY: u32 = 86_400_000;

#[cold]
fn misuse() -> Error {
    Error::new(ErrorCode::InvalidBuffer)
}

struct Head {
    links: usize,
    tier: u8,
    target: u8,
    resource: usize,
    action: usize,
    path: usize,
    ip: Option<usize>,
    trust: u8,
    now: u64,
    cost: Cost,
    policy: Option<Handle>,
    approval: Option<Approval>,
    subject: usize,
    attributes: u8,
}

impl Head {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        if reader.u8()? != VERSION {
            return Err(misuse());
        }
        let links = usize::from(reader.u8()?);
        let (tier, target) = (reader.u8()?, reader.u8()?);
        let (resource, action) = (usize::from(reader.u8()?), usize::from(reader.u8()?));
        let path = usize::from(reader.u16()?);
        let (has_ip, ip) = (reader.u8()?, usize::from(reader.u8()?));
        let ip = match has_ip {
            0 if ip == 0 => None,
            1 => Some(ip),
            _ => return Err(misuse()),
        };
        let (trust, flags) = (reader.u8()?, reader.u8()?);
        let (subject, attributes) = (usize::from(reader.u8()?), reader.u8()?);
        let known = HAS_COST | HAS_POLICY | HAS_APPROVAL;
        let fits = (1..=MAX_LINKS).contains(&links) && usize::from(attributes) <= MAX_ATTRIBUTES;
        if !fits || flags & !known != 0 || reader.u16()? != 0 {
            return Err(misuse());
        }
        let now = reader.u64()?;
        let cost = if flags & HAS_COST == 0 { Cost::ONE_REQUEST } else { read_cost(reader)? };
        let policy = if flags & HAS_POLICY == 0 { None } else { Some(read_policy(reader)?) };
        let approval = if flags & HAS_APPROVAL == 0 { None } else { Some(read_approval(reader)?) };
        Ok(Self {
            links,
            tier,
            target,
            resource,
            action,
            path,
            ip,
            trust,
            now,
            cost,
            policy,
            approval,
            subject,
            attributes,
        })
    }
}

fn read_policy(reader: &mut Reader<'_>) -> Result<Handle, Error> {
    let handle = Handle::read(reader)?;
    if reader.u32()? == 0 { Ok(handle) } else { Err(misuse()) }
}

fn read_approval(reader: &mut Reader<'_>) -> Result<Approval, Error> {
    let digest = reader.raw(32)?.try_into().map_err(|_| misuse())?;
    let approvers = reader.u8()?;
    if (1..=MAX_APPROVERS).contains(&approvers) && reader.raw(7)? == [0; 7] {
        return Ok(Approval::new(digest, approvers));
    }
    Err(misuse())
}

fn read_cost(reader: &mut Reader<'_>) -> Result<Cost, Error> {
    Ok(Cost { requests: number(reader)?, tokens: number(reader)?, micros: number(reader)? })
}

/// A number that documents can have too.
fn number(reader: &mut Reader<'_>) -> Result<u64, Error> {
    reader.u64().and_then(|number| if number <= MAX_INTEGER { Ok(number) } else { Err(misuse()) })
}

/// Decides a packed request, in the cache's place for that.
pub(crate) fn decide(cache: &mut Cache, input: &[u8]) -> Result<(), Error> {
    let mut reader = Reader::new(input);
    let head = Head::read(&mut reader).map_err(codec::misuse)?;
    let handles = read_links(&mut reader, head.links, &mut cache.work.usages).map_err(codec::misuse)?;
    let handles = handles.get(..head.links).ok_or_else(misuse)?;
    let request = read_request(&mut reader, &head).map_err(codec::misuse)?;
    for handle in handles {
        cache.use_grant(*handle)?;
    }
    if let Some(handle) = head.policy {
        cache.use_policy(handle)?;
    }
    let (loaded, Work { usages, decision }) = cache.parts();
    let policy = head.policy.map(|handle| loaded.policy(handle)).transpose()?;
    let (Some((first, rest)), [outermost, others @ ..]) = (handles.split_first(), &*usages) else {
        return Err(misuse());
    };
    let mut chain = [Link { grant: loaded.grant(*first)?, usage: outermost }; MAX_LINKS];
    for ((place, handle), usage) in chain.iter_mut().skip(1).zip(rest).zip(others) {
        *place = Link { grant: loaded.grant(*handle)?, usage };
    }
    decide_into(decision, chain.get(..handles.len()).ok_or_else(misuse)?, policy, &request);
    if decision.reasons().iter().filter(|reason| reason.link.is_none()).count() > MAX_RULES {
        // Seldom, and a document has room for all of them.
        return Err(Error::new(ErrorCode::LimitExceeded));
    }
    Ok(())
}

fn read_links(
    reader: &mut Reader<'_>,
    count: usize,
    usages: &mut [Usage; MAX_LINKS],
) -> Result<[Handle; MAX_LINKS], Error> {
    let mut handles = [Handle { slot: 0, tag: [0; 8] }; MAX_LINKS];
    for (place, usage) in handles.iter_mut().zip(usages).take(count) {
        *place = Handle::read(reader)?;
        let states = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
        (usage.uses, usage.last, usage.revision) = (reader.u64()?, reader.u64()?, reader.u64()?);
        usage.limits.clear();
        if states > MAX_LIMITS {
            return Err(misuse());
        }
        for _ in 0..states {
            usage.limits.push(read_state(reader)?);
        }
    }
    Ok(handles)
}

fn read_state(reader: &mut Reader<'_>) -> Result<State, Error> {
    let (kind, fraction) = (reader.u32()?, reader.u32()?);
    let (amount, time, debt) = (number(reader)?, number(reader)?, number(reader)?);
    match (kind, fraction, amount, time, debt) {
        (0, 0, 0, 0, 0) => Ok(State::Fresh),
        (1, 0..DAY, level, at, debt) => Ok(State::Bucket { level, fraction, at, debt }),
        (2, 0, used, start, debt) => Ok(State::Window { used, start, debt }),
        _ => Err(misuse()),
    }
}

fn read_request<'a>(reader: &mut Reader<'a>, head: &Head) -> Result<Request<'a>, Error> {
    let resource = utf8(reader.raw(head.resource)?, "resource")?;
    let action = utf8(reader.raw(head.action)?, "action")?;
    let target = reader.raw(head.path)?;
    let ip = head.ip.map(|length| utf8(reader.raw(length)?, "ip")).transpose()?;
    let subject = match head.subject {
        0 => None,
        length => Some(read_subject(utf8(reader.raw(length)?, "subject")?)?),
    };
    let attributes = read_attributes(reader, head.attributes)?;
    if !reader.rest().is_empty() {
        return Err(misuse());
    }
    Ok(Request {
        subject,
        resource: named("resource", Word::parse(resource))?,
        action: named("action", Word::parse(action))?,
        target: read_target(head.target, target)?,
        tier: Tier::from_byte(head.tier).ok_or_else(misuse)?,
        ip: ip.map(|text| named::<IpAddr>("ip", parse_address(text))).transpose()?,
        now: named("now", Millis::new(head.now))?,
        trust: Trust::from_level(head.trust).ok_or_else(misuse)?,
        cost: head.cost,
        attributes,
        approval: head.approval,
    })
}

/// A subject, of whose kind no decision depends.
fn read_subject(id: &str) -> Result<Subject<'_>, Error> {
    named("subject", Word::parse("subject").and_then(|kind| Subject::new(kind, id)))
}

fn read_attributes<'a>(reader: &mut Reader<'a>, count: u8) -> Result<Vec<Attribute<'a>>, Error> {
    let mut attributes: Vec<Attribute<'a>> = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let (name, kind, length) = (usize::from(reader.u8()?), reader.u8()?, usize::from(reader.u16()?));
        let name = utf8(reader.raw(name)?, "attributes")?;
        let value = match (kind, length) {
            (0, _) => Scalar::Text(utf8(reader.raw(length)?, "attributes")?),
            (1, 8) => Scalar::Integer(number(reader)?),
            (2, 1) => Scalar::Bool(reader.u8()? != 0),
            _ => return Err(misuse()),
        };
        if attributes.iter().any(|known| known.name == name) {
            return Err(misuse());
        }
        attributes.push(named("attributes", Attribute::new(name, value))?);
    }
    Ok(attributes)
}

fn read_target(kind: u8, bytes: &[u8]) -> Result<Target<'_>, Error> {
    match kind {
        0 if bytes.is_empty() => Ok(Target::None),
        1 => named("path", Path::parse(utf8(bytes, "path")?)).map(Target::Path),
        2 => named("listing", Pattern::parse(utf8(bytes, "listing")?)).map(Target::Listing),
        3 => read_issue(bytes).map(Target::Issue),
        _ => Err(misuse()),
    }
}

fn read_issue(bytes: &[u8]) -> Result<Issue<'_>, Error> {
    let mut reader = Reader::new(bytes);
    let (ttl, max_uses) = (named("issue", Millis::new(reader.u64()?))?, reader.u32()?);
    let text = utf8(reader.rest(), "issue")?;
    let (scopes, networks) = match text.split_once('\0') {
        Some((scopes, networks)) => (scopes, Some(networks)),
        None => (text, None),
    };
    let scopes = lines(scopes, MAX_TOKEN_SCOPES, Scope::parse)?;
    let networks =
        networks.map(|networks| lines(networks, MAX_TOKEN_NETWORKS, Network::parse)).transpose()?;
    let ip_allowlist = networks.map(|networks| named("issue", Allowlist::compile(&networks))).transpose()?;
    Ok(Issue::new(scopes, ttl, (max_uses != 0).then_some(max_uses), ip_allowlist))
}

fn lines<'a, T>(text: &'a str, most: usize, parse: fn(&'a str) -> Result<T, Error>) -> Result<Vec<T>, Error> {
    let parsed: Vec<T> =
        text.split('\n').take(most.saturating_add(1)).map(parse).collect::<Result<_, _>>()?;
    if parsed.len() > most {
        return named("issue", Err(Error::new(ErrorCode::LimitExceeded)));
    }
    Ok(parsed)
}

fn utf8<'a>(bytes: &'a [u8], field: &'static str) -> Result<&'a str, Error> {
    named(field, core::str::from_utf8(bytes).map_err(|_| Error::new(ErrorCode::InvalidText)))
}

/// The same result, its error at a field of the request as a document would have it.
fn named<T>(field: &'static str, result: Result<T, Error>) -> Result<T, Error> {
    result.map_err(|error| error.at(Place::Name(&Place::Root, field)))
}

/// Writes a decision to the start of `place`, which is at least [`ANSWER`] bytes, and returns how many it took.
pub(crate) fn write(decision: &Decision, place: &mut [u8]) -> usize {
    let room = place.len();
    let mut rest = place;
    let count = |length: usize| u8::try_from(length).unwrap_or(u8::MAX);
    let outcome = match decision.outcome() {
        Outcome::Allow => 1,
        Outcome::Ask => 2,
        Outcome::Deny | _ => 0,
    };
    let (links, reasons) = (count(decision.usages().len()), count(decision.reasons().len()));
    put(&mut rest, [outcome, links, reasons, count(decision.limits().len()), 0, 0, 0, 0]);
    for usage in decision.usages() {
        put(&mut rest, usage.uses.to_le_bytes());
        put(&mut rest, usage.last.to_le_bytes());
        put(&mut rest, usage.revision.to_le_bytes());
    }
    for reason in decision.reasons() {
        let [low, high] = reason.code.number().to_le_bytes();
        let rule = reason.rule.as_deref().map_or(0, |rule| count(rule.len()));
        put(&mut rest, [low, high, reason.link.unwrap_or(NO_LINK), rule]);
    }
    for standing in decision.limits() {
        let usage = decision.usages().get(usize::from(standing.link));
        let state = usage.map(|usage| usage.state(usize::from(standing.limit))).unwrap_or_default();
        write_limit(standing, state, &mut rest);
    }
    for rule in decision.reasons().iter().filter_map(|reason| reason.rule.as_deref()) {
        put_bytes(&mut rest, rule.as_bytes());
    }
    if let Some(needed) = decision.approval() {
        put(&mut rest, needed.digest);
        put(&mut rest, [needed.approvers, needed.tier.to_byte(), 0, 0]);
    }
    room.saturating_sub(rest.len())
}

fn write_limit(standing: &Standing, state: State, rest: &mut &mut [u8]) {
    let (kind, fraction, [amount, time, debt]) = match state {
        State::Fresh => (0, 0, [0; 3]),
        State::Bucket { level, fraction, at, debt } => (1, fraction, [level, at, debt]),
        State::Window { used, start, debt } => (2, 0, [used, start, debt]),
    };
    let [a, b, c, d] = fraction.to_le_bytes();
    let head = u64::from_le_bytes([standing.link, standing.limit, kind, 0, a, b, c, d]);
    // No wait ends at the epoch, so 0 is free to mean none.
    let retry_after = standing.retry_after.unwrap_or_default();
    let numbers = [head, amount, time, debt, standing.remaining, standing.reset, retry_after];
    if let Some((place, behind)) = core::mem::take(rest).split_at_mut_checked(LIMIT) {
        for (place, number) in place.as_chunks_mut().0.iter_mut().zip(numbers) {
            *place = number.to_le_bytes();
        }
        *rest = behind;
    }
}

fn put_bytes(rest: &mut &mut [u8], bytes: &[u8]) {
    if let Some((place, behind)) = core::mem::take(rest).split_at_mut_checked(bytes.len()) {
        place.copy_from_slice(bytes);
        *rest = behind;
    }
}

fn put<const N: usize>(rest: &mut &mut [u8], bytes: [u8; N]) {
    if let Some((place, behind)) = core::mem::take(rest).split_first_chunk_mut() {
        *place = bytes;
        *rest = behind;
    }
}
