//! Grants: what one credential may do, parsed and compiled once.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::num::NonZeroU32;

use crate::codec::{Reader, Writer, damaged};
use crate::document::{Fields, Item, Value};
use crate::error::{Error, ErrorCode, Place};
use crate::ip::{Allowlist, MAX_RANGES, Network};
use crate::limit::{self, Limit};
use crate::namespaces::Namespaces;
use crate::request::millis;
use crate::scope::Scope;
use crate::scope_set::{MAX_SCOPES, ScopeSet};
use crate::tier::Tier;
use crate::time::Millis;
use crate::trust::Trust;

#[cfg(test)]
mod tests;

/// The first bytes of a compiled grant: a name and the version of the layout.
const MAGIC: [u8; 4] = *b"wdg\x01";
/// The longest id of a grant.
const MAX_ID: usize = 128;

/// What one credential may do.
///
/// Every part narrows: a request must satisfy all of them. An absent part does not narrow, except the tier ceiling:
/// a grant that names none reaches the standard tier only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    id: Option<Box<str>>,
    scopes: ScopeSet,
    namespaces: Option<Namespaces>,
    ip_allowlist: Option<Allowlist>,
    not_before: Millis,
    expires_at: Option<Millis>,
    max_uses: Option<NonZeroU32>,
    tier_ceiling: Tier,
    trust_floor: Trust,
    limits: Vec<Limit>,
}

impl Grant {
    /// Parses and compiles a grant document.
    ///
    /// # Errors
    /// The field that is unknown, missing or wrong.
    pub fn from_document(item: &Item<'_, '_>) -> Result<Self, Error> {
        let place = *item.place();
        let mut fields = Fields::of(item.value(), &place)?;
        let id = match fields.optional("id") {
            Some(field) => Some(field.parsed(id)?),
            None => None,
        };
        // Filled in place: what fails from here on has one thing to drop, and not one more with each field.
        let mut grant = Self::of(id, scopes(&fields.required("scopes")?)?);
        if let Some(field) = fields.optional("namespaces") {
            grant.namespaces = namespaces(&field)?;
        }
        if let Some(field) = fields.optional("ip_allowlist") {
            grant.ip_allowlist = Some(allowlist(&field, MAX_RANGES)?);
        }
        if let Some(field) = fields.optional("not_before") {
            grant.not_before = millis(&field)?;
        }
        if let Some(field) = fields.optional("expires_at") {
            grant.expires_at = Some(millis(&field)?);
        }
        if let Some(field) = fields.optional("max_uses") {
            grant.max_uses = NonZeroU32::new(uses(&field)?);
        }
        if let Some(field) = fields.optional("tier_ceiling") {
            grant.tier_ceiling = field.parsed(Tier::parse)?;
        }
        if let Some(field) = fields.optional("trust_floor") {
            grant.trust_floor = Trust::from_item(&field)?;
        }
        if let Some(field) = fields.optional("limits") {
            grant.limits = limit::read_all(&field)?;
        }
        fields.finish()?;
        if grant.expires_at.is_some_and(|end| end <= grant.not_before) {
            return Err(Error::because(ErrorCode::InvalidWindow, "it must end after it begins")
                .at(Place::Name(&place, "expires_at")));
        }
        Ok(grant)
    }

    /// A grant that nothing but its scopes narrows.
    const fn of(id: Option<Box<str>>, scopes: ScopeSet) -> Self {
        Self {
            id,
            scopes,
            namespaces: None,
            ip_allowlist: None,
            not_before: Millis::ZERO,
            expires_at: None,
            max_uses: None,
            tier_ceiling: Tier::Standard,
            trust_floor: Trust::Anonymous,
            limits: Vec::new(),
        }
    }

    /// Parses and compiles a grant document given as JSON text.
    ///
    /// # Errors
    /// As [`from_document`](Self::from_document), and text that is not JSON; each with its position in the text.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        let document = Value::parse(json)?;
        Self::from_document(&Item::new(&document, Place::Root)).map_err(|error| error.located(json))
    }

    /// The compiled form, for [`from_bytes`](Self::from_bytes).
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.raw(&MAGIC);
        let parts = u8::from(self.id.is_some())
            | (u8::from(self.namespaces.is_some()) << 1)
            | (u8::from(self.ip_allowlist.is_some()) << 2)
            | (u8::from(self.expires_at.is_some()) << 3)
            | (u8::from(!self.limits.is_empty()) << 4);
        writer.u8(parts);
        writer.u8(self.tier_ceiling.to_byte() | (self.trust_floor.level() << 4));
        writer.u32(self.max_uses.map_or(0, NonZeroU32::get));
        writer.u64(self.not_before.as_u64());
        if let Some(end) = self.expires_at {
            writer.u64(end.as_u64());
        }
        if let Some(id) = &self.id {
            writer.bytes(id.as_bytes());
        }
        self.scopes.write(&mut writer);
        if let Some(namespaces) = &self.namespaces {
            namespaces.write(&mut writer);
        }
        if let Some(allowlist) = &self.ip_allowlist {
            allowlist.write(&mut writer);
        }
        if !self.limits.is_empty() {
            limit::write_all(&self.limits, &mut writer);
        }
        writer.finish()
    }

    /// Reads the compiled form.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidCompiled`]: another version, or damaged.
    ///
    /// # Security
    /// Only the shape is checked. Whoever can write the bytes decides what they allow.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        if reader.raw(MAGIC.len())? != MAGIC {
            return Err(damaged());
        }
        let parts = reader.u8()?;
        if parts >= 1 << 5 {
            return Err(damaged());
        }
        let has = |bit: u8| parts & (1 << bit) != 0;
        let levels = reader.u8()?;
        let tier_ceiling = Tier::from_byte(levels & 15).ok_or_else(damaged)?;
        let trust_floor = Trust::from_level(levels >> 4).ok_or_else(damaged)?;
        let max_uses = NonZeroU32::new(reader.u32()?);
        let not_before = Millis::new(reader.u64()?).map_err(|_| damaged())?;
        let expires_at = if has(3) { Some(Millis::new(reader.u64()?).map_err(|_| damaged())?) } else { None };
        let id = if has(0) { Some(id(reader.text()?).map_err(|_| damaged())?) } else { None };
        let mut grant = Self::of(id, ScopeSet::read(&mut reader)?);
        (grant.not_before, grant.expires_at, grant.max_uses) = (not_before, expires_at, max_uses);
        (grant.tier_ceiling, grant.trust_floor) = (tier_ceiling, trust_floor);
        if has(1) {
            grant.namespaces = Some(Namespaces::read(&mut reader)?);
        }
        if has(2) {
            grant.ip_allowlist = Some(Allowlist::read(&mut reader)?);
        }
        if has(4) {
            grant.limits = limit::read_compiled(&mut reader)?;
        }
        reader.finish()?;
        Ok(grant)
    }

    /// The id that the document gave.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// What it covers.
    #[must_use]
    pub const fn scopes(&self) -> &ScopeSet {
        &self.scopes
    }

    /// Where its paths must lie; `None` is anywhere.
    #[must_use]
    pub const fn namespaces(&self) -> Option<&Namespaces> {
        self.namespaces.as_ref()
    }

    /// From where it may be used; `None` is anywhere.
    #[must_use]
    pub const fn ip_allowlist(&self) -> Option<&Allowlist> {
        self.ip_allowlist.as_ref()
    }

    /// When it begins.
    #[must_use]
    pub const fn not_before(&self) -> Millis {
        self.not_before
    }

    /// When it has ended; `None` is never.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Millis> {
        self.expires_at
    }

    /// How often it may be used; `None` is any number of times.
    #[must_use]
    pub const fn max_uses(&self) -> Option<NonZeroU32> {
        self.max_uses
    }

    /// The highest tier it reaches.
    #[must_use]
    pub const fn tier_ceiling(&self) -> Tier {
        self.tier_ceiling
    }

    /// How well the principal must be known.
    #[must_use]
    pub const fn trust_floor(&self) -> Trust {
        self.trust_floor
    }

    /// How much it may use, at most [`MAX_LIMITS`](limit::MAX_LIMITS) limits.
    #[must_use]
    pub fn limits(&self) -> &[Limit] {
        &self.limits
    }
}

fn id(text: &str) -> Result<Box<str>, Error> {
    if !(1..=MAX_ID).contains(&text.len()) {
        return Err(Error::because(ErrorCode::InvalidText, "1 to 128 bytes"));
    }
    Ok(text.into())
}

fn scopes(item: &Item<'_, '_>) -> Result<ScopeSet, Error> {
    let scopes = item.each(MAX_SCOPES, |scope| scope.parsed(Scope::parse))?;
    ScopeSet::compile(&scopes).map_err(|error| error.at(*item.place()))
}

fn namespaces(item: &Item<'_, '_>) -> Result<Option<Namespaces>, Error> {
    let texts = item
        .each(Namespaces::MAX, |namespace| namespace.parsed(|text| Namespaces::check(text).map(|()| text)))?;
    Ok(Namespaces::compile(&texts))
}

/// An allowlist of at most `most` entries.
pub(crate) fn allowlist(item: &Item<'_, '_>, most: usize) -> Result<Allowlist, Error> {
    let networks = item.each(most, |network| network.parsed(Network::parse))?;
    Allowlist::compile(&networks).map_err(|error| error.at(*item.place()))
}

/// A number of uses: 1 to 2^32-1.
pub(crate) fn uses(item: &Item<'_, '_>) -> Result<u32, Error> {
    let uses = item.integer(1, u64::from(u32::MAX))?;
    u32::try_from(uses).map_err(|_| Error::new(ErrorCode::OutOfRange).at(*item.place()))
}
