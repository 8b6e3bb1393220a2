//! Operators with what they compare with, parsed so that each fits the kind of its attribute.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::attribute::MAX_TEXT;
use crate::document::{Fields, Item};
use crate::error::{Error, ErrorCode, Place};
use crate::ip::{Allowlist, Network};
use crate::sorted::Sorted;
use crate::tier::Tier;

use super::MAX_LIST;
use super::attribute::{Attribute, Kind};
use super::clock;
use super::host;
use super::read::{self, malformed, refuse};
use super::texts::Texts;

/// An operator and what it compares with. What can be said in several ways is one operator here: `eq` is a list of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operator {
    /// `eq` of a boolean.
    Boolean(bool),
    /// `exists`.
    Exists(bool),
    /// `host`, as [`host::compile`] has it.
    Hosts(Texts),
    /// `eq` and `in` of integers and tiers.
    Integers(Sorted<u64>),
    /// `cidr`.
    Networks(Allowlist),
    /// `prefix`.
    Prefix(Box<str>),
    /// `lt`, `lte`, `gt`, `gte`: both ends are inside.
    Range { least: u64, most: u64 },
    /// `eq` and `in` of texts.
    Texts(Texts),
    /// `from`, `to` and `offset`: minutes of the day, and an offset as [`clock::parse_offset`] has it.
    Time { from: u64, to: u64, offset: u64 },
    /// `eq` and `in` of weekdays: Monday is the lowest bit.
    Weekdays { days: u64, offset: u64 },
}

impl Operator {
    /// Reads the one operator of a test on an attribute of this kind.
    ///
    /// # Errors
    /// No operator, several, one that the kind does not have, or a wrong operand.
    pub(super) fn from_fields(
        fields: &mut Fields<'_, '_>,
        place: &Place<'_>,
        attribute: Attribute,
        kind: Kind,
    ) -> Result<Self, Error> {
        if kind == Kind::Time {
            return time(fields, place);
        }
        let mut found = None;
        for name in NAMES {
            let Some(item) = fields.optional(name) else { continue };
            if found.is_some() {
                return Err(refuse(ErrorCode::UnknownField, "a test has one operator", item.place()));
            }
            found = Some((name, item));
        }
        let Some((name, item)) = found else {
            return Err(refuse(
                ErrorCode::MissingField,
                "one of `eq in prefix lt lte gt gte cidr host exists`",
                place,
            ));
        };
        let is_list = name == "in";
        Ok(match (name, kind) {
            ("exists", _) if attribute.can_be_missing() => Self::Exists(read::boolean(&item)?),
            ("eq", Kind::Boolean) => Self::Boolean(read::boolean(&item)?),
            ("eq" | "in", Kind::Text) => Self::Texts(texts(&item, is_list)?),
            ("prefix", Kind::Text) if attribute != Attribute::Method => {
                Self::Prefix(read::text(&item, check_prefix)?.into())
            }
            ("eq" | "in", Kind::Integer | Kind::Tier) => {
                Self::Integers(Sorted::of(numbers(&item, is_list, attribute)?))
            }
            ("eq" | "in", Kind::Weekday) => {
                let days = numbers(&item, is_list, attribute)?.into_iter().fold(0, |days, day| days | day);
                Self::Weekdays { days, offset: offset(fields)? }
            }
            ("lt" | "lte" | "gt" | "gte", Kind::Integer | Kind::Tier) => range(name, &item, attribute)?,
            ("cidr", Kind::Address | Kind::Host) => Self::Networks(networks(&item)?),
            ("host", Kind::Host) => Self::Hosts(host::compile(&read::texts(&item, host::check)?)),
            _ => return Err(refuse(ErrorCode::OperatorNotAllowed, instead(kind), item.place())),
        })
    }
}

const NAMES: [&str; 10] = ["eq", "in", "prefix", "lt", "lte", "gt", "gte", "cidr", "host", "exists"];

/// What to write for an attribute of a kind.
const fn instead(kind: Kind) -> &'static str {
    match kind {
        Kind::Address => "use `cidr` or `exists`",
        Kind::Boolean => "use `eq` or `exists`",
        Kind::Host => "use `host`, `cidr` or `exists`",
        Kind::Integer | Kind::Tier => "use `eq in lt lte gt gte`, or `exists` where it can be missing",
        Kind::Text => "use `eq in exists`, or `prefix` except of a method",
        Kind::Time => "use `from` and `to`",
        Kind::Weekday => "use `eq` or `in`",
    }
}

/// A text that an attribute can be.
fn check_text(text: &str) -> Result<(), Error> {
    if text.len() <= MAX_TEXT {
        Ok(())
    } else {
        Err(Error::because(ErrorCode::LimitExceeded, "at most 1 KiB"))
    }
}

fn check_prefix(text: &str) -> Result<(), Error> {
    if text.is_empty() { malformed("every text begins so, write `exists`") } else { check_text(text) }
}

fn texts(item: &Item<'_, '_>, is_list: bool) -> Result<Texts, Error> {
    let texts =
        if is_list { read::texts(item, check_text)? } else { Vec::from([read::text(item, check_text)?]) };
    Ok(Texts::of(&texts))
}

/// An integer; a tier or a weekday as its number.
#[inline(never)]
fn number(item: &Item<'_, '_>, attribute: Attribute) -> Result<u64, Error> {
    match attribute {
        Attribute::Tier => read::word(item, |word| Tier::parse(word).map(|tier| tier.to_byte().into())),
        Attribute::Weekday => read::word(item, clock::parse_weekday),
        _ => item.integer(0, attribute.most()),
    }
}

fn numbers(item: &Item<'_, '_>, is_list: bool, attribute: Attribute) -> Result<Vec<u64>, Error> {
    let mut numbers = Vec::new();
    let mut read = |item: &Item<'_, '_>| {
        numbers.push(number(item, attribute)?);
        Ok(())
    };
    if is_list {
        read::entries(item, MAX_LIST, &mut read)?;
    } else {
        read(item)?;
    }
    Ok(numbers)
}

fn range(name: &str, item: &Item<'_, '_>, attribute: Attribute) -> Result<Operator, Error> {
    let (number, highest) = (number(item, attribute)?, attribute.most());
    let (least, most) = match name {
        "lt" => (Some(0), number.checked_sub(1)),
        "lte" => (Some(0), Some(number)),
        "gt" => (number.checked_add(1).filter(|least| *least <= highest), Some(highest)),
        _ => (Some(number), Some(highest)),
    };
    match (least, most) {
        (Some(least), Some(most)) => Ok(Operator::Range { least, most }),
        _ => Err(refuse(ErrorCode::OutOfRange, "no value can be", item.place())),
    }
}

fn networks(item: &Item<'_, '_>) -> Result<Allowlist, Error> {
    let mut networks = Vec::new();
    read::entries(item, MAX_LIST, &mut |entry| {
        networks.push(Network::parse(entry.text()?).map_err(|error| error.at(*entry.place()))?);
        Ok(())
    })?;
    Allowlist::compile(&networks)
}

fn time(fields: &mut Fields<'_, '_>, place: &Place<'_>) -> Result<Operator, Error> {
    let from = read::word(&fields.required("from")?, clock::parse_time)?;
    let to = read::word(&fields.required("to")?, clock::parse_time)?;
    if from == to {
        let rule = "it begins where it ends: leave the test out for the whole day";
        return Err(refuse(ErrorCode::InvalidWindow, rule, &Place::Name(place, "to")));
    }
    Ok(Operator::Time { from, to, offset: offset(fields)? })
}

fn offset(fields: &mut Fields<'_, '_>) -> Result<u64, Error> {
    fields.optional("offset").map_or(Ok(clock::DAY), |item| read::word(&item, clock::parse_offset))
}
