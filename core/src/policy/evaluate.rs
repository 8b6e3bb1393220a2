//! Three-valued evaluation of conditions.

use core::net::IpAddr;

use crate::attribute::Scalar;
use crate::ip::parse_address;
use crate::request::{Request, Target};

use super::attribute::{Attribute, Declared, Kind};
use super::clock;
use super::condition::{Condition, Test};
use super::host;
use super::operator::Operator;

/// What a condition comes to. In this order `all` is the least of its conditions and `any` the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    False,
    Unknown,
    True,
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

impl core::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }
}

/// What a request says about an attribute.
enum Fact<'r> {
    Address(IpAddr),
    Boolean(bool),
    Host(&'r str),
    Integer(u64),
    Missing,
    /// Known only when the token is used.
    Open,
    Text(&'r str),
    WrongType,
}

/// A request, as conditions see it.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'r> {
    pub(crate) request: &'r Request<'r>,
    pub(crate) declared: &'r [Declared],
}

impl<'r> Facts<'r> {
    /// Whether the request is for a token to be issued.
    pub(crate) const fn is_issue(&self) -> bool {
        matches!(self.request.target, Target::Issue(_))
    }

    fn of(&self, attribute: Attribute) -> Fact<'r> {
        if attribute.is_of_use() && self.is_issue() {
            return Fact::Open;
        }
        match attribute {
            Attribute::Ip => self.request.ip.map_or(Fact::Missing, Fact::Address),
            Attribute::Tier => Fact::Integer(self.request.tier.to_byte().into()),
            Attribute::Time | Attribute::Weekday => Fact::Integer(self.request.now.as_u64()),
            Attribute::Trust => Fact::Integer(self.request.trust.level().into()),
            Attribute::Declared(_)
            | Attribute::Host
            | Attribute::Method
            | Attribute::Model
            | Attribute::Port => self.given(attribute),
        }
    }

    /// What the request gives by name, if it is of the attribute's kind.
    fn given(&self, attribute: Attribute) -> Fact<'r> {
        let (name, kind) = attribute.of(self.declared);
        let Some(given) = self.request.attributes.iter().find(|given| given.name == name) else {
            return Fact::Missing;
        };
        match (kind, given.value) {
            (Kind::Address, Scalar::Text(text)) => parse_address(text).map_or(Fact::WrongType, Fact::Address),
            (Kind::Boolean, Scalar::Bool(value)) => Fact::Boolean(value),
            (Kind::Host, Scalar::Text(text)) => match parse_address(text) {
                Ok(address) => Fact::Address(address),
                Err(_) if host::is_name(text) => Fact::Host(text),
                Err(_) => Fact::WrongType,
            },
            (Kind::Integer, Scalar::Integer(number)) => Fact::Integer(number),
            (Kind::Text, Scalar::Text(text)) => Fact::Text(text),
            _ => Fact::WrongType,
        }
    }
}

impl Condition {
    pub(crate) fn evaluate(&self, facts: &Facts<'_>) -> Truth {
        let mut so_far;
        match self {
            Self::All(all) => {
                so_far = Truth::True;
                for condition in all {
                    so_far = so_far.min(condition.evaluate(facts));
                    if so_far == Truth::False {
                        break;
                    }
                }
            }
            Self::Any(any) => {
                so_far = Truth::False;
                for condition in any {
                    so_far = so_far.max(condition.evaluate(facts));
                    if so_far == Truth::True {
                        break;
                    }
                }
            }
            Self::Not(inner) => so_far = !inner.evaluate(facts),
            Self::Test(test) => so_far = test.evaluate(facts),
        }
        so_far
    }

    /// Whether the condition could come to `wanted` if the tests that `is_free` accepts came to whatever is best for that.
    pub(crate) fn could_be(&self, wanted: bool, facts: &Facts<'_>, is_free: fn(Attribute) -> bool) -> bool {
        match (self, wanted) {
            (Self::All(inner), true) | (Self::Any(inner), false) => {
                inner.iter().all(|condition| condition.could_be(wanted, facts, is_free))
            }
            (Self::All(inner), false) | (Self::Any(inner), true) => {
                inner.iter().any(|condition| condition.could_be(wanted, facts, is_free))
            }
            (Self::Not(inner), _) => inner.could_be(!wanted, facts, is_free),
            (Self::Test(test), _) => is_free(test.attribute) || test.evaluate(facts) == Truth::from(wanted),
        }
    }
}

impl Test {
    pub(crate) fn evaluate(&self, facts: &Facts<'_>) -> Truth {
        use Operator::{Boolean, Exists, Hosts, Integers, Networks, Prefix, Range, Texts, Time, Weekdays};
        let fact = facts.of(self.attribute);
        let holds = match (&self.operator, &fact) {
            (_, Fact::Open) => return Truth::Unknown,
            (Exists(wanted), fact) => matches!(fact, Fact::Missing) != *wanted,
            (Boolean(wanted), Fact::Boolean(value)) => value == wanted,
            (Hosts(hosts), Fact::Host(name)) => host::has(hosts, name),
            (Integers(numbers), Fact::Integer(number)) => numbers.has(number),
            (Networks(networks), Fact::Address(address)) => networks.contains(*address),
            // A name is in no network, and an address under no name.
            (Hosts(_), Fact::Address(_)) | (Networks(_), Fact::Host(_)) => false,
            (Prefix(start), Fact::Text(text)) => text.starts_with(&**start),
            (Range { least, most }, Fact::Integer(number)) => (least..=most).contains(&number),
            (Texts(texts), Fact::Text(text)) => texts.has(text),
            (Time { from, to, offset }, Fact::Integer(now)) => {
                clock::is_between(clock::minute(*now, *offset), *from, *to)
            }
            (Weekdays { days, offset }, Fact::Integer(now)) => clock::weekday(*now, *offset) & days != 0,
            _ => return Truth::Unknown,
        };
        holds.into()
    }
}
