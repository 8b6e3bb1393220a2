//! Operators with what they compare with, parsed so that each fits the kind of its attribute.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::attribute::MAX_TEXT;
use crate::document::{Fields, Item, Value};
use crate::error::{Error, ErrorCode, Place};
use crate::ip::{Allowlist, Network};
use crate::sorted::sorted;
use crate::tier::Tier;

use super::MAX_LIST;
use super::attribute::{Attribute, Kind};
use super::clock::{self, Offset};
use super::host::{self, Hosts};
use super::texts::Texts;

/// An operator and what it compares with. What can be said in several ways is one operator here: `eq` is a list of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operator {
    /// `eq` of a boolean.
    Boolean(bool),
    /// `exists`.
    Exists(bool),
    /// `host`.
    Hosts(Hosts),
    /// `eq` and `in` of integers and tiers, ascending.
    Integers(Vec<u64>),
    /// `cidr`.
    Networks(Allowlist),
    /// `prefix`.
    Prefix(Box<str>),
    /// `lt`, `lte`, `gt`, `gte`: both ends are inside.
    Range { least: u64, most: u64 },
    /// `eq` and `in` of texts.
    Texts(Texts),
    /// `from`, `to` and `offset`: minutes of the day.
    Time { from: u16, to: u16, offset: Offset },
    /// `eq` and `in` of weekdays: Monday is the lowest bit.
    Weekdays { days: u8, offset: Offset },
}

impl Operator {
    /// Reads the one operator of a test on an attribute of this kind; `fields` has lost its `attribute`.
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
            if found.replace((name, item)).is_some() {
                return Err(
                    Error::because(ErrorCode::UnknownField, "a test has one operator").at(*item.place())
                );
            }
        }
        let (name, item) = found.ok_or_else(|| {
            let rule = "an operator: `eq in prefix lt lte gt gte cidr host exists`";
            Error::because(ErrorCode::MissingField, rule).at(*place)
        })?;
        let operand = Operand { item, attribute, kind };
        match (name, kind) {
            ("exists", _) if attribute.can_be_missing() => boolean(&item).map(Self::Exists),
            ("eq", Kind::Boolean) => boolean(&item).map(Self::Boolean),
            ("eq", Kind::Text) => Ok(Self::Texts(Texts::of(&[text(&item)?]))),
            ("in", Kind::Text) => list(&item, text).map(|texts| Self::Texts(Texts::of(&texts))),
            ("prefix", Kind::Text) if attribute != Attribute::Method => prefix(&item).map(Self::Prefix),
            ("eq", Kind::Integer | Kind::Tier) => Ok(Self::Integers(Vec::from([operand.number(&item)?]))),
            ("in", Kind::Integer | Kind::Tier) => list(&item, |entry| operand.number(entry)).map(integers),
            ("lt" | "lte" | "gt" | "gte", Kind::Integer | Kind::Tier) => operand.range(name),
            ("cidr", Kind::Address | Kind::Host) => networks(&item).map(Self::Networks),
            ("host", Kind::Host) => {
                list(&item, |entry| entry.parsed(host::check)).map(|names| Self::Hosts(Hosts::of(&names)))
            }
            ("eq" | "in", Kind::Weekday) => weekdays(name, &item, fields),
            _ => Err(Error::because(ErrorCode::OperatorNotAllowed, instead(kind)).at(*item.place())),
        }
    }
}

impl Operator {
    /// Whether an operator that was not parsed is one that [`from_fields`](Self::from_fields) makes.
    pub(super) fn fits(&self, attribute: Attribute, kind: Kind) -> bool {
        let most = attribute.most();
        let is_offset = |offset: &Offset| offset.unsigned_abs() < clock::DAY;
        match (self, kind) {
            (Self::Exists(_), _) => attribute.can_be_missing(),
            (Self::Integers(numbers), Kind::Integer | Kind::Tier) => {
                numbers.iter().all(|number| *number <= most)
            }
            (Self::Prefix(start), Kind::Text) => {
                attribute != Attribute::Method && (1..=MAX_TEXT).contains(&start.len())
            }
            (Self::Range { least, most: end }, Kind::Integer | Kind::Tier) => least <= end && *end <= most,
            (Self::Time { from, to, offset }, Kind::Time) => {
                *from < clock::DAY && *to < clock::DAY && from != to && is_offset(offset)
            }
            (Self::Weekdays { days, offset }, Kind::Weekday) => (1..128).contains(days) && is_offset(offset),
            (Self::Boolean(_), Kind::Boolean)
            | (Self::Hosts(_), Kind::Host)
            | (Self::Networks(_), Kind::Address | Kind::Host)
            | (Self::Texts(_), Kind::Text) => true,
            _ => false,
        }
    }
}

const NAMES: [&str; 10] = ["eq", "in", "prefix", "lt", "lte", "gt", "gte", "cidr", "host", "exists"];

/// What to write for an attribute of a kind.
const fn instead(kind: Kind) -> &'static str {
    match kind {
        Kind::Address => "use `cidr` or `exists`",
        Kind::Boolean => "use `eq` or `exists`",
        Kind::Host => "use `host`, `cidr` or `exists`",
        Kind::Integer => "use `eq`, `in`, `lt`, `lte`, `gt` or `gte`; `exists` where it can be missing",
        Kind::Text => "use `eq`, `in` or `exists`; `prefix` except of a method",
        Kind::Tier => "use `eq`, `in`, `lt`, `lte`, `gt` or `gte`",
        Kind::Time => "use `from` and `to`",
        Kind::Weekday => "use `eq` or `in`",
    }
}

struct Operand<'a, 'p> {
    item: Item<'a, 'p>,
    attribute: Attribute,
    kind: Kind,
}

impl Operand<'_, '_> {
    /// An integer, or a tier as its number.
    fn number(&self, item: &Item<'_, '_>) -> Result<u64, Error> {
        if self.kind == Kind::Tier {
            return item.parsed(Tier::parse).map(|tier| u64::from(tier.to_byte()));
        }
        item.integer(0, self.attribute.most())
    }

    fn range(&self, name: &str) -> Result<Operator, Error> {
        let (number, highest) = (self.number(&self.item)?, self.attribute.most());
        let (least, most) = match name {
            "lt" => (Some(0), number.checked_sub(1)),
            "lte" => (Some(0), Some(number)),
            "gt" => (number.checked_add(1).filter(|least| *least <= highest), Some(highest)),
            _ => (Some(number), Some(highest)),
        };
        let range = least.zip(most).map(|(least, most)| Operator::Range { least, most });
        range.ok_or_else(|| Error::because(ErrorCode::OutOfRange, "no value can be").at(*self.item.place()))
    }
}

fn integers(numbers: Vec<u64>) -> Operator {
    let mut numbers = sorted(numbers);
    numbers.dedup();
    Operator::Integers(numbers)
}

/// The entries of a list that is not empty.
pub(super) fn list<'a, T>(
    item: &Item<'a, '_>,
    read: impl FnMut(&Item<'a, '_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let entries = item.each(MAX_LIST, read)?;
    if entries.is_empty() { Err(Error::new(ErrorCode::EmptyList).at(*item.place())) } else { Ok(entries) }
}

fn boolean(item: &Item<'_, '_>) -> Result<bool, Error> {
    match item.value() {
        Value::Bool(value) => Ok(*value),
        _ => Err(Error::because(ErrorCode::WrongType, "expected `true` or `false`").at(*item.place())),
    }
}

/// A text that an attribute can be.
fn text<'a>(item: &Item<'a, '_>) -> Result<&'a str, Error> {
    item.parsed(|text| {
        let fits = text.len() <= MAX_TEXT;
        fits.then_some(text).ok_or_else(|| Error::because(ErrorCode::LimitExceeded, "at most 1 KiB"))
    })
}

fn prefix(item: &Item<'_, '_>) -> Result<Box<str>, Error> {
    let text = text(item)?;
    if text.is_empty() {
        return Err(
            Error::because(ErrorCode::InvalidText, "every text begins so, write `exists`").at(*item.place())
        );
    }
    Ok(text.into())
}

fn networks(item: &Item<'_, '_>) -> Result<Allowlist, Error> {
    Allowlist::compile(&list(item, |entry| entry.parsed(Network::parse))?)
}

fn time(fields: &mut Fields<'_, '_>, place: &Place<'_>) -> Result<Operator, Error> {
    let from = fields.required("from")?.parsed(clock::parse_time)?;
    let to = fields.required("to")?.parsed(clock::parse_time)?;
    if from == to {
        let rule = "`from` and `to` are equal: leave the test out for the whole day";
        return Err(Error::because(ErrorCode::InvalidWindow, rule).at(Place::Name(place, "to")));
    }
    Ok(Operator::Time { from, to, offset: offset(fields)? })
}

fn weekdays(name: &str, item: &Item<'_, '_>, fields: &mut Fields<'_, '_>) -> Result<Operator, Error> {
    let day = |item: &Item<'_, '_>| item.parsed(clock::parse_weekday);
    let days = if name == "eq" { Vec::from([day(item)?]) } else { list(item, day)? };
    Ok(Operator::Weekdays { days: days.into_iter().fold(0, |all, day| all | day), offset: offset(fields)? })
}

fn offset(fields: &mut Fields<'_, '_>) -> Result<Offset, Error> {
    fields.optional("offset").map_or(Ok(0), |item| item.parsed(clock::parse_offset))
}
