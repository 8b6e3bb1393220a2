//! What is being asked.

use alloc::vec::Vec;
use core::net::IpAddr;

use crate::attribute::{self, Attribute};
use crate::cost::Cost;
use crate::document::{Fields, Item, MAX_INTEGER};
use crate::error::{Error, ErrorCode};
use crate::grant::{allowlist, uses};
use crate::hex;
use crate::ip::{Allowlist, parse_address};
use crate::path::Path;
use crate::pattern::Pattern;
use crate::scope::{Scope, Word};
use crate::tier::Tier;
use crate::time::Millis;
use crate::trust::Trust;

/// How many scopes one token may have.
pub const MAX_TOKEN_SCOPES: usize = 64;
/// How many entries the allowlist of one token may have.
pub const MAX_TOKEN_NETWORKS: usize = 256;
/// How many people one approval can count.
pub const MAX_APPROVERS: u8 = 16;
/// The longest id of a subject.
pub(crate) const MAX_ID: usize = 128;

/// Who is asking, as the caller knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subject<'a> {
    /// What kind of principal, such as `agent`.
    pub kind: Word<'a>,
    /// Its id.
    pub id: &'a str,
}

impl<'a> Subject<'a> {
    /// A principal of a kind.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidText`] for an id that does not have 1 to 128 bytes.
    pub fn new(kind: Word<'a>, id: &'a str) -> Result<Self, Error> {
        if (1..=MAX_ID).contains(&id.len()) {
            return Ok(Self { kind, id });
        }
        Err(Error::because(ErrorCode::InvalidText, "1 to 128 bytes"))
    }
}

/// What the action is on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target<'a> {
    /// A token to be issued: every scope of it must be covered.
    Issue(Issue<'a>),
    /// Everything that a pattern means: one scope must cover all of it.
    Listing(Pattern<'a>),
    /// Nothing with a path.
    None,
    /// One path.
    Path(Path<'a>),
}

/// A token to be issued.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Issue<'a> {
    /// Its scopes, 1 to [`MAX_TOKEN_SCOPES`].
    pub scopes: Vec<Scope<'a>>,
    /// How long it will live.
    pub ttl: Millis,
    /// How often it may be used.
    pub max_uses: Option<u32>,
    /// From where it may be used.
    pub ip_allowlist: Option<Allowlist>,
}

impl<'a> Issue<'a> {
    /// A token of these scopes that lives for `ttl`.
    #[must_use]
    pub const fn new(
        scopes: Vec<Scope<'a>>,
        ttl: Millis,
        max_uses: Option<u32>,
        ip_allowlist: Option<Allowlist>,
    ) -> Self {
        Self { scopes, ttl, max_uses, ip_allowlist }
    }
}

/// What people have approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Approval {
    /// The digest of what was asked, which [`Needed`](crate::decision::Needed) named.
    pub digest: [u8; 32],
    /// How many people approved it, 1 to [`MAX_APPROVERS`].
    pub approvers: u8,
}

impl Approval {
    /// An approval of what has this digest.
    #[must_use]
    pub const fn new(digest: [u8; 32], approvers: u8) -> Self {
        Self { digest, approvers }
    }
}

/// What is being asked, by whom, from where and when.
///
/// # Security
/// The engine believes every field: take `ip` from the platform and `now` from a clock that you trust.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a caller must say everything that is asked")]
pub struct Request<'a> {
    /// Who is asking.
    pub subject: Option<Subject<'a>>,
    /// The resource, such as `secrets`.
    pub resource: Word<'a>,
    /// The action, such as `read`.
    pub action: Word<'a>,
    /// What the action is on.
    pub target: Target<'a>,
    /// The stored tier of the target.
    pub tier: Tier,
    /// The source address, if known.
    pub ip: Option<IpAddr>,
    /// The time of the request.
    pub now: Millis,
    /// How well the principal is known.
    pub trust: Trust,
    /// What the request takes from the limits of the grants.
    pub cost: Cost,
    /// What else is known of the request, for the rules of a policy.
    pub attributes: Vec<Attribute<'a>>,
    /// What people have approved.
    pub approval: Option<Approval>,
}

impl<'a> Request<'a> {
    /// Reads a request document.
    ///
    /// # Errors
    /// The field that is unknown, missing or wrong.
    pub fn from_document(item: &Item<'a, '_>) -> Result<Self, Error> {
        let place = *item.place();
        let mut fields = Fields::of(item.value(), &place)?;
        let subject = match fields.optional("subject") {
            Some(field) => Some(subject(&field)?),
            None => None,
        };
        let resource = fields.required("resource")?.parsed(Word::parse)?;
        let action = fields.required("action")?.parsed(Word::parse)?;
        // Filled in place: what fails from here on has one thing to drop, and not one more with each field.
        let mut request = Self {
            subject,
            resource,
            action,
            target: target(&mut fields)?,
            tier: Tier::Standard,
            ip: None,
            now: Millis::ZERO,
            trust: Trust::Anonymous,
            cost: Cost::ONE_REQUEST,
            attributes: Vec::new(),
            approval: None,
        };
        if let Some(field) = fields.optional("tier") {
            request.tier = field.parsed(Tier::parse)?;
        }
        if let Some(field) = fields.optional("ip") {
            request.ip = Some(field.parsed(parse_address)?);
        }
        request.now = millis(&fields.required("now")?)?;
        if let Some(field) = fields.optional("trust") {
            request.trust = Trust::from_item(&field)?;
        }
        if let Some(field) = fields.optional("cost") {
            request.cost = Cost::from_document(&field, &Cost::NOTHING)?;
        }
        if let Some(field) = fields.optional("attributes") {
            request.attributes = attribute::read(&field)?;
        }
        if let Some(field) = fields.optional("approval") {
            request.approval = Some(approval(&field)?);
        }
        fields.finish()?;
        Ok(request)
    }
}

pub(crate) fn millis(item: &Item<'_, '_>) -> Result<Millis, Error> {
    Millis::new(item.integer(0, MAX_INTEGER)?).map_err(|error| error.at(*item.place()))
}

fn subject<'a>(item: &Item<'a, '_>) -> Result<Subject<'a>, Error> {
    let place = *item.place();
    let mut fields = Fields::of(item.value(), &place)?;
    let kind = fields.required("kind")?.parsed(Word::parse)?;
    let subject = fields.required("id")?.parsed(|id| Subject::new(kind, id))?;
    fields.finish()?;
    Ok(subject)
}

fn approval(item: &Item<'_, '_>) -> Result<Approval, Error> {
    let mut fields = item.fields()?;
    let digest = hex::array(&mut fields, "digest")?;
    let approvers = fields.required("approvers")?.integer(1, u64::from(MAX_APPROVERS))?;
    fields.finish()?;
    Ok(Approval { digest, approvers: u8::try_from(approvers).unwrap_or(MAX_APPROVERS) })
}

fn target<'a>(fields: &mut Fields<'a, '_>) -> Result<Target<'a>, Error> {
    let path = fields.optional("path");
    let listing = fields.optional("listing");
    let issue = fields.optional("issue");
    match (path, listing, issue) {
        (None, None, None) => Ok(Target::None),
        (Some(path), None, None) => Ok(Target::Path(path.parsed(Path::parse)?)),
        (None, Some(listing), None) => Ok(Target::Listing(listing.parsed(Pattern::parse)?)),
        (None, None, Some(issue)) => Ok(Target::Issue(self::issue(&issue)?)),
        (path, listing, issue) => {
            let place = issue.or(listing).or(path).map(|item| *item.place());
            let error = Error::because(ErrorCode::UnknownField, "one of `path`, `listing` and `issue`");
            Err(match place {
                Some(place) => error.at(place),
                None => error,
            })
        }
    }
}

fn issue<'a>(item: &Item<'a, '_>) -> Result<Issue<'a>, Error> {
    let place = *item.place();
    let mut fields = Fields::of(item.value(), &place)?;
    let scopes = fields.required("scopes")?;
    let scopes = scopes.each(MAX_TOKEN_SCOPES, |scope| scope.parsed(Scope::parse))?;
    let ttl = millis(&fields.required("ttl_ms")?)?;
    let mut issue = Issue::new(scopes, ttl, None, None);
    if let Some(field) = fields.optional("max_uses") {
        issue.max_uses = Some(uses(&field)?);
    }
    if let Some(field) = fields.optional("ip_allowlist") {
        issue.ip_allowlist = Some(allowlist(&field, MAX_TOKEN_NETWORKS)?);
    }
    fields.finish()?;
    if issue.scopes.is_empty() {
        return Err(Error::because(ErrorCode::EmptyList, "a token needs a scope").at(place));
    }
    Ok(issue)
}
