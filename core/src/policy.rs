//! Policies: the operator's rules, evaluated beside the grants, parsed and compiled once.
//!
//! The order of the rules means nothing: `deny` beats `require_approval` beats `allow`, and what no rule allows is denied.

use alloc::vec::Vec;

use crate::codec::damaged;
use crate::document::{Fields, Item, Value};
use crate::error::{Error, ErrorCode, Place};
use crate::request::{Request, Target};
use crate::scope::Scope;
use crate::tier::Tier;

use self::attribute::{Attribute, Declared, MAX_DECLARED};
use self::condition::MAX_NODES;
use self::evaluate::{Facts, Truth};
use self::index::Index;
use self::read::refuse;
use self::rule::Rule;

mod actions;
pub(crate) mod attribute;
mod clock;
pub(crate) mod condition;
pub(crate) mod evaluate;
mod host;
mod index;
mod operator;
mod read;
pub(crate) mod rule;
pub(crate) mod texts;

#[cfg(test)]
mod tests;

pub use self::rule::Effect;

/// The longest policy document, in bytes of JSON.
pub const MAX_BYTES: usize = 1024 * 1024;
/// How many rules a policy may have.
pub const MAX_RULES: usize = 1_000;
/// How many people a policy may ask for.
pub const MAX_APPROVERS: u8 = 16;
/// The longest list in a rule or a condition.
const MAX_LIST: usize = 10_000;
/// The longest id of a rule.
const MAX_ID: usize = 64;
/// The first bytes of a compiled policy: a name and the version of the layout.
const MAGIC: [u8; 4] = *b"wdp\x01";
/// The one version of the document.
const VERSION: u64 = 1;

/// The operator's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// How many people must approve, by tier.
    approvals: [u8; 3],
    /// Ascending by name.
    declared: Vec<Declared>,
    /// Ascending by id: the order of the document means nothing.
    rules: Vec<Rule>,
    index: Index,
}

/// What the rules come to for a request: the places of those that fired, ascending.
#[derive(Debug, Default)]
pub(crate) struct Weighed {
    pub(crate) is_allowed: bool,
    pub(crate) denying: Vec<u16>,
    pub(crate) asking: Vec<u16>,
}

impl Policy {
    /// Parses and checks a policy document.
    ///
    /// # Errors
    /// The field that is unknown, missing, wrong, or contradicts another.
    pub fn from_document(item: &Item<'_, '_>) -> Result<Self, Error> {
        let place = *item.place();
        let mut fields = Fields::of(item.value(), &place)?;
        fields.required("version")?.integer(VERSION, VERSION)?;
        let approvals = fields.optional("approvals").map_or(Ok(APPROVALS), |item| approvals(&item))?;
        let declared = fields.optional("attributes").map_or(Ok(Vec::new()), |item| declared(&item))?;
        let rules = rules(&fields.required("rules")?, &declared)?;
        fields.finish()?;
        let index = Index::of(&rules);
        Ok(Self { approvals, declared, rules, index })
    }

    /// Parses and checks a policy document given as JSON text.
    ///
    /// # Errors
    /// As [`from_document`](Self::from_document), and text that is not JSON or longer than [`MAX_BYTES`]; each with its position in the text.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        check_length(json)?;
        Self::from_document(&Item::new(&Value::parse(json)?, Place::Root))
            .map_err(|error| error.located(json))
    }

    /// Checks a policy document and writes its compiled form, for [`from_bytes`](Self::from_bytes).
    ///
    /// That is the document without white space behind a name and a version. What a policy is in memory is built anew when it is loaded:
    /// a form of its own would be checked no faster, and the code for it takes more room in Wasm than there is.
    ///
    /// # Errors
    /// As [`from_document`](Self::from_document), and a document longer than [`MAX_BYTES`].
    pub fn compile(item: &Item<'_, '_>) -> Result<Vec<u8>, Error> {
        Self::from_document(item)?;
        let json = item.value().to_json();
        check_length(&json).map_err(|error| error.at(*item.place()))?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&json);
        Ok(bytes)
    }

    /// The same for a document given as JSON text; errors have a position in it.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    pub fn compile_json(json: &[u8]) -> Result<Vec<u8>, Error> {
        check_length(json)?;
        Self::compile(&Item::new(&Value::parse(json)?, Place::Root)).map_err(|error| error.located(json))
    }

    /// Reads the compiled form. It is checked as a document is: no bytes are a policy that could not have been written.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidCompiled`]: another version, or damaged.
    ///
    /// # Security
    /// Whoever can write the bytes decides what they allow.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        bytes.strip_prefix(&MAGIC).and_then(|json| Self::from_json(json).ok()).ok_or_else(damaged)
    }

    /// How many people must approve what is of this tier.
    #[must_use]
    pub fn approvals(&self, tier: Tier) -> u8 {
        self.approvals.get(usize::from(tier.to_byte())).copied().unwrap_or(MAX_APPROVERS)
    }

    /// The ids of the rules, ascending.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| &*rule.id)
    }

    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule of an id.
    pub(crate) fn rule(&self, id: &str) -> Option<&Rule> {
        let place = self.rules.binary_search_by(|rule| (*rule.id).cmp(id)).ok()?;
        self.rules.get(place)
    }

    /// The names of the declared attributes that no rule asks about.
    pub(crate) fn unused_attributes(&self) -> impl Iterator<Item = &str> {
        let asks = |rule: &Rule, attribute| {
            rule.when.as_ref().is_some_and(|when| when.any_test(&|test| test.attribute == attribute))
        };
        let is_unused = move |index| !self.rules.iter().any(|rule| asks(rule, Attribute::Declared(index)));
        (0..)
            .zip(&self.declared)
            .filter(move |(index, _)| is_unused(*index))
            .map(|(_, declared)| &*declared.name)
    }

    /// The id of the rule at a place.
    pub(crate) fn id(&self, place: u16) -> &str {
        self.rules.get(usize::from(place)).map_or("", |rule| &rule.id)
    }

    pub(crate) fn facts<'r>(&'r self, request: &'r Request<'_>) -> Facts<'r> {
        Facts { request, declared: &self.declared }
    }

    /// What the rules come to. Allocates nothing unless a rule denies or asks.
    pub(crate) fn weigh(&self, request: &Request<'_>) -> Weighed {
        let facts = self.facts(request);
        let mut weighed = Weighed::default();
        let wanted = all_parts(&request.target);
        let mut allowed: Parts = 0;
        self.each_match(request, &mut |place, rule, parts| {
            let is_needed = rule.effect != Effect::Allow || allowed != wanted;
            if !is_needed || !rule.fires(rule.truth(&facts), facts.is_issue()) {
                return;
            }
            match rule.effect {
                Effect::Allow => allowed |= parts,
                Effect::Deny => note(&mut weighed.denying, place),
                Effect::RequireApproval => note(&mut weighed.asking, place),
            }
        });
        weighed.is_allowed = wanted != 0 && allowed == wanted;
        weighed
    }

    /// Calls `found` with each rule that is for the request, its condition aside, and for which parts of it.
    pub(crate) fn each_match(&self, request: &Request<'_>, found: &mut dyn FnMut(u16, &Rule, Parts)) {
        if let Target::None | Target::Path(_) = request.target {
            return self.index.visit(&self.rules, request, &mut |place, rule| found(place, rule, WHOLE));
        }
        for (place, rule) in (0..).zip(&self.rules) {
            let parts = rule.parts(request);
            if parts != 0 {
                found(place, rule, parts);
            }
        }
    }

    /// The code that says which attribute a request lacks the right value of, where that alone keeps a rule from allowing it.
    pub(crate) fn narrowed(&self, request: &Request<'_>) -> Option<ErrorCode> {
        let (code, is_free): (_, fn(Attribute) -> bool) = match request.resource.as_str() {
            "llm" => (ErrorCode::ModelNotAllowed, |attribute| attribute == Attribute::Model),
            "egress" => (ErrorCode::EgressNotAllowed, |attribute| {
                matches!(attribute, Attribute::Host | Attribute::Method | Attribute::Port)
            }),
            _ => return None,
        };
        let facts = self.facts(request);
        let mut is_near = false;
        self.each_match(request, &mut |_, rule, _| {
            is_near |= rule.effect == Effect::Allow
                && rule.when.as_ref().is_some_and(|when| when.could_be(true, &facts, is_free));
        });
        is_near.then_some(code)
    }
}

/// Parts of a request, as bits: the scopes of a token to be issued; anything else is one whole.
pub(crate) type Parts = u64;

const WHOLE: Parts = 1;

/// Every part, or none for a token of no scope or of more than there are bits, which nothing allows.
fn all_parts(target: &Target<'_>) -> Parts {
    let Target::Issue(issue) = target else { return WHOLE };
    let spare = Parts::BITS.checked_sub(u32::try_from(issue.scopes.len()).unwrap_or(u32::MAX));
    spare.and_then(|spare| Parts::MAX.checked_shr(spare)).unwrap_or_default()
}

impl Rule {
    /// The parts of a request that the rule is for, its condition aside.
    pub(crate) fn parts(&self, request: &Request<'_>) -> Parts {
        if !self.has_subject(request.subject.map(|subject| subject.id)) {
            return 0;
        }
        let scope = |pattern| Scope::new(request.resource, request.action, pattern);
        match &request.target {
            Target::None => self.covers(&scope(None)).into(),
            Target::Path(path) => self.covers(&scope(Some((*path).into()))).into(),
            Target::Listing(pattern) => {
                let scope = scope(Some(*pattern));
                if self.effect == Effect::Allow { self.overlaps(&scope) } else { self.covers(&scope) }.into()
            }
            Target::Issue(issue) => {
                let is_for = |scope| {
                    if self.effect == Effect::Deny { self.covers(scope) } else { self.overlaps(scope) }
                };
                let bits = (0..Parts::BITS).zip(&issue.scopes);
                bits.filter(|(_, scope)| is_for(scope)).fold(0, |parts, (bit, _)| parts | (1 << bit))
            }
        }
    }

    /// What the condition comes to; a rule without one always holds.
    pub(crate) fn truth(&self, facts: &Facts<'_>) -> Truth {
        self.when.as_ref().map_or(Truth::True, |when| when.evaluate(facts))
    }

    /// Whether a rule whose condition comes to this has its effect.
    ///
    /// What is unknown speaks against the request; only what cannot be known before the token is used does not.
    pub(crate) fn fires(&self, truth: Truth, is_issue: bool) -> bool {
        let waits_for_use = is_issue && self.is_open;
        match truth {
            Truth::False => false,
            Truth::True => true,
            Truth::Unknown => (self.effect == Effect::Allow) == waits_for_use,
        }
    }
}

/// Keeps the place of a rule, which may be met under several of its resources, once.
fn note(places: &mut Vec<u16>, place: u16) {
    if let Err(at) = places.binary_search(&place) {
        places.insert(at, place);
    }
}

fn check_length(json: &[u8]) -> Result<(), Error> {
    if json.len() <= MAX_BYTES {
        return Ok(());
    }
    Err(Error::because(ErrorCode::LimitExceeded, "a policy has at most 1 MiB"))
}

const APPROVALS: [u8; 3] = [0, 1, 2];

fn approvals(item: &Item<'_, '_>) -> Result<[u8; 3], Error> {
    let mut fields = item.fields()?;
    let mut approvals = APPROVALS;
    for (tier, count) in Tier::ALL.into_iter().zip(&mut approvals) {
        if let Some(item) = fields.optional(tier.word()) {
            *count = u8::try_from(item.integer(0, MAX_APPROVERS.into())?).unwrap_or(MAX_APPROVERS);
        }
    }
    fields.finish()?;
    Ok(approvals)
}

/// The attributes that the document declares, ascending by name.
fn declared(item: &Item<'_, '_>) -> Result<Vec<Declared>, Error> {
    let place = item.place();
    let Value::Object(fields) = item.value() else {
        return Err(refuse(ErrorCode::WrongType, "expected an object", place));
    };
    if fields.len() > MAX_DECLARED {
        return Err(refuse(ErrorCode::LimitExceeded, "at most 64", place));
    }
    let mut declared: Vec<Declared> = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        let place = Place::Name(place, name);
        attribute::check_name(name).map_err(|error| error.at(place))?;
        let next = Declared::from_document(name, &Item::new(value, place))?;
        declared.insert(declared.partition_point(|known| *known.name < **name), next);
    }
    Ok(declared)
}

/// The rules, ascending by id.
fn rules(item: &Item<'_, '_>, declared: &[Declared]) -> Result<Vec<Rule>, Error> {
    let mut nodes = MAX_NODES;
    let mut rules: Vec<Rule> = Vec::new();
    read::entries(item, MAX_RULES, &mut |item| {
        let rule = Rule::from_document(item, declared, &mut nodes)?;
        let at = rules.partition_point(|known| known.id < rule.id);
        if rules.get(at).is_some_and(|known| known.id == rule.id) {
            return Err(Error::new(ErrorCode::DuplicateId).at(Place::Name(item.place(), "id")));
        }
        rules.insert(at, rule);
        Ok(())
    })?;
    Ok(rules)
}
