//! Conditions: tests combined by `all`, `any` and `not`.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::document::Item;
use crate::error::{Error, ErrorCode, Place};

use super::MAX_LIST;
use super::attribute::{Attribute, Declared};
use super::clock::is_between;
use super::host;
use super::operator::Operator;
use super::read::{self, refuse};
use super::rule::Effect;
use super::texts::Texts;

/// How deep conditions may stand in each other.
pub(super) const MAX_DEPTH: u32 = 8;
/// How many conditions a policy may have, those inside others counted too.
pub(super) const MAX_NODES: u32 = 10_000;

/// What must hold for a rule to fire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Test(Test),
}

/// A comparison of one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Test {
    pub(crate) attribute: Attribute,
    pub(crate) operator: Operator,
}

/// What a condition is read against: the rule that it stands in, and what the document has declared.
pub(super) struct Context<'c> {
    pub(super) effect: Effect,
    pub(super) actions: Option<&'c Texts>,
    pub(super) declared: &'c [Declared],
    /// How many conditions the policy may still have.
    pub(super) nodes: u32,
}

impl Condition {
    /// Reads a condition that may have `depth` levels.
    pub(super) fn from_document(
        item: &Item<'_, '_>,
        context: &mut Context<'_>,
        depth: u32,
    ) -> Result<Self, Error> {
        let place = item.place();
        let (Some(nodes), Some(depth)) = (context.nodes.checked_sub(1), depth.checked_sub(1)) else {
            let code = if depth == 0 { ErrorCode::TooDeep } else { ErrorCode::LimitExceeded };
            return Err(refuse(code, "at most 10,000 conditions, 8 in each other", place));
        };
        context.nodes = nodes;
        let mut fields = item.fields()?;
        let condition = if let Some(inner) = fields.optional("all") {
            let all = Self::list(&inner, context, depth)?;
            check_together(&all, inner.place())?;
            Self::All(all)
        } else if let Some(inner) = fields.optional("any") {
            Self::Any(Self::list(&inner, context, depth)?)
        } else if let Some(inner) = fields.optional("not") {
            Self::Not(Box::new(Self::from_document(&inner, context, depth)?))
        } else if let Some(name) = fields.optional("attribute") {
            let attribute = context.attribute(name.text()?).map_err(|error| error.at(*name.place()))?;
            let kind = attribute.kind(context.declared);
            Self::Test(Test {
                attribute,
                operator: Operator::from_fields(&mut fields, place, attribute, kind)?,
            })
        } else {
            return Err(refuse(ErrorCode::MissingField, "`all`, `any`, `not` or `attribute`", place));
        };
        fields.finish()?;
        Ok(condition)
    }

    fn list(item: &Item<'_, '_>, context: &mut Context<'_>, depth: u32) -> Result<Vec<Self>, Error> {
        let mut inner = Vec::new();
        read::entries(item, MAX_LIST, &mut |item| {
            inner.push(Self::from_document(item, context, depth)?);
            Ok(())
        })?;
        Ok(inner)
    }

    /// Calls `found` with each test that must hold whenever the condition does, until it answers `true`.
    fn any_required(&self, found: &mut dyn FnMut(&Test) -> bool) -> bool {
        match self {
            Self::All(all) => all.iter().any(|condition| condition.any_required(found)),
            Self::Test(test) => found(test),
            Self::Any(_) | Self::Not(_) => false,
        }
    }

    /// Whether `is_so` holds for one of the tests.
    pub(super) fn any_test(&self, is_so: &dyn Fn(&Test) -> bool) -> bool {
        match self {
            Self::All(inner) | Self::Any(inner) => inner.iter().any(|condition| condition.any_test(is_so)),
            Self::Not(inner) => inner.any_test(is_so),
            Self::Test(test) => is_so(test),
        }
    }
}

impl Context<'_> {
    /// The attribute of a name, if a condition of the rule can ask about it.
    fn attribute(&self, name: &str) -> Result<Attribute, Error> {
        let attribute = Attribute::parse(name, self.declared)?;
        attribute.check_place(self.actions, self.declared)?;
        if self.effect == Effect::Allow && attribute.is_claimed(self.declared) {
            let rule = "use it in `deny` or `require_approval`";
            return Err(Error::because(ErrorCode::ClaimInAllow, rule));
        }
        Ok(attribute)
    }
}

/// Checks that no two of the tests that must hold together exclude each other; the error is at the second.
fn check_together(all: &[Condition], place: &Place<'_>) -> Result<(), Error> {
    for (index, condition) in all.iter().enumerate() {
        let earlier = all.get(..index).unwrap_or_default();
        let excluded = condition.any_required(&mut |test| {
            earlier.iter().any(|other| other.any_required(&mut |other| test.excludes(other)))
        });
        if excluded {
            let rule = "this can never hold together with a test before it";
            return Err(refuse(ErrorCode::Contradiction, rule, &Place::Index(place, index)));
        }
    }
    Ok(())
}

impl Test {
    /// Whether the two can never hold together.
    fn excludes(&self, other: &Self) -> bool {
        use Operator::{Boolean, Exists, Hosts, Integers, Networks, Prefix, Range, Texts, Time, Weekdays};
        if self.attribute != other.attribute {
            return false;
        }
        match (&self.operator, &other.operator) {
            (Exists(a), Exists(b)) | (Boolean(a), Boolean(b)) => a != b,
            // Whatever compares a value needs one.
            (Exists(there), _) | (_, Exists(there)) => !there,
            (Integers(a), Integers(b)) => !a.meets(b),
            (Integers(a), Range { least, most }) | (Range { least, most }, Integers(a)) => {
                !a.reaches(least, most)
            }
            (Range { least: a, most: b }, Range { least: c, most: d }) => a > d || c > b,
            (Texts(a), Texts(b)) => !a.iter().any(|text| b.has(text)),
            (Texts(a), Prefix(start)) | (Prefix(start), Texts(a)) => {
                !a.iter().any(|text| text.starts_with(&**start))
            }
            (Prefix(a), Prefix(b)) => !a.starts_with(&**b) && !b.starts_with(&**a),
            (Networks(a), Networks(b)) => !a.overlaps(b),
            (Hosts(a), Hosts(b)) => !host::overlap(a, b),
            // An address is under no name.
            (Hosts(_), Networks(_)) | (Networks(_), Hosts(_)) => true,
            (Weekdays { days: a, offset: x }, Weekdays { days: b, offset: y }) => x == y && a & b == 0,
            (Time { from: a, to: b, offset: x }, Time { from: c, to: d, offset: y }) => {
                // Two windows share a time exactly if one holds the other's beginning.
                x == y && !is_between(*a, *c, *d) && !is_between(*c, *a, *b)
            }
            _ => false,
        }
    }
}
