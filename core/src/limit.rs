//! Limits of a grant: how much of a unit it may use in a time.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::codec::{Reader, Writer, damaged};
use crate::cost::Unit;
use crate::document::{Fields, Item, MAX_INTEGER};
use crate::error::{Error, ErrorCode, Place};

/// How many limits one grant may have.
pub const MAX_LIMITS: usize = 8;
/// The longest id of a limit.
const MAX_ID: usize = 64;

/// The time that an amount is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new period must be met by every match, in every crate")]
pub enum Per {
    /// 1,000 milliseconds.
    Second,
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
    /// 24 hours, as UTC has them.
    Day,
    /// A calendar month in UTC: only for windows, since it has no fixed length.
    Month,
}

impl Per {
    const ALL: [(&'static str, Self); 5] = [
        ("second", Self::Second),
        ("minute", Self::Minute),
        ("hour", Self::Hour),
        ("day", Self::Day),
        ("month", Self::Month),
    ];

    /// The length in milliseconds; a month has none.
    #[must_use]
    pub const fn millis(self) -> Option<u64> {
        match self {
            Self::Second => Some(1_000),
            Self::Minute => Some(60_000),
            Self::Hour => Some(3_600_000),
            Self::Day => Some(86_400_000),
            Self::Month => None,
        }
    }

    fn parse(word: &str) -> Result<Self, Error> {
        let known = Self::ALL.iter().find(|(name, _)| *name == word);
        known.map(|(_, per)| *per).ok_or_else(|| {
            Error::because(ErrorCode::InvalidText, "one of `second`, `minute`, `hour`, `day` and `month`")
        })
    }
}

/// How a limit counts. All numbers are 1 to 2^53-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new algorithm must be met by every match, in every crate")]
pub enum Algorithm {
    /// A token bucket: it holds `capacity`, and `refill` flows in evenly over each period.
    Bucket {
        /// How much it holds, and has at first.
        capacity: u64,
        /// How much flows in over a period.
        refill: u64,
        /// The period: not [`Per::Month`].
        per: Per,
    },
    /// A calendar window in UTC: `limit` in each, so up to twice as much around its end.
    Window {
        /// How much each window admits.
        limit: u64,
        /// How long a window is.
        per: Per,
    },
}

impl Algorithm {
    /// The most that can ever be taken at once.
    #[must_use]
    pub const fn size(self) -> u64 {
        match self {
            Self::Bucket { capacity, .. } => capacity,
            Self::Window { limit, .. } => limit,
        }
    }
}

/// One limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    id: Box<str>,
    unit: Unit,
    algorithm: Algorithm,
}

impl Limit {
    /// What it is called among the limits of its grant.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it counts.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        self.unit
    }

    /// How it counts.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// Reads the limits of a grant document.
pub(crate) fn read_all(item: &Item<'_, '_>) -> Result<Vec<Limit>, Error> {
    let mut limits: Vec<Limit> = Vec::new();
    item.each(MAX_LIMITS, |item| {
        let limit = read(item)?;
        if limits.iter().any(|known| known.id == limit.id) {
            return Err(Error::new(ErrorCode::DuplicateKey).at(Place::Name(item.place(), "id")));
        }
        limits.push(limit);
        Ok(())
    })?;
    if limits.is_empty() {
        return Err(Error::because(ErrorCode::EmptyList, "leave it out for no limit").at(*item.place()));
    }
    Ok(limits)
}

fn read(item: &Item<'_, '_>) -> Result<Limit, Error> {
    let mut fields = item.fields()?;
    let id = fields.required("id")?.parsed(id)?;
    let unit = fields.required("unit")?.parsed(Unit::parse)?;
    let algorithm = algorithm(&fields.required("algorithm")?)?;
    fields.finish()?;
    Ok(Limit { id, unit, algorithm })
}

fn id(text: &str) -> Result<Box<str>, Error> {
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if (1..=MAX_ID).contains(&text.len()) && text.bytes().all(known) {
        return Ok(text.into());
    }
    Err(Error::because(ErrorCode::InvalidText, "1 to 64 of `A-Z a-z 0-9 . _ -`"))
}

fn algorithm(item: &Item<'_, '_>) -> Result<Algorithm, Error> {
    let mut fields = item.fields()?;
    let algorithm = match (fields.optional("bucket"), fields.optional("window")) {
        (Some(bucket), None) => read_bucket(&bucket)?,
        (None, Some(window)) => read_window(&window)?,
        (None, None) | (Some(_), Some(_)) => {
            let rule = "one of `bucket` and `window`";
            return Err(Error::because(ErrorCode::MissingField, rule).at(*item.place()));
        }
    };
    fields.finish()?;
    Ok(algorithm)
}

fn read_bucket(item: &Item<'_, '_>) -> Result<Algorithm, Error> {
    let mut fields = item.fields()?;
    let (capacity, refill) = (amount(&mut fields, "capacity")?, amount(&mut fields, "refill")?);
    let per = fields.required("per")?.parsed(|word| match Per::parse(word)? {
        Per::Month => Err(Error::because(
            ErrorCode::InvalidText,
            "a bucket refills per second, minute, hour or day: a month has no fixed length",
        )),
        per => Ok(per),
    })?;
    fields.finish()?;
    Ok(Algorithm::Bucket { capacity, refill, per })
}

fn read_window(item: &Item<'_, '_>) -> Result<Algorithm, Error> {
    let mut fields = item.fields()?;
    let limit = amount(&mut fields, "limit")?;
    let per = fields.required("per")?.parsed(Per::parse)?;
    fields.finish()?;
    Ok(Algorithm::Window { limit, per })
}

fn amount(fields: &mut Fields<'_, '_>, name: &'static str) -> Result<u64, Error> {
    fields.required(name)?.integer(1, MAX_INTEGER)
}

/// In compiled bytes: the algorithm is a window.
const WINDOW: u8 = 1 << 7;

/// Writes the limits of a compiled grant.
pub(crate) fn write_all(limits: &[Limit], writer: &mut Writer) {
    writer.u8(u8::try_from(limits.len()).unwrap_or(u8::MAX));
    for limit in limits {
        limit.write(writer);
    }
}

/// Reads the limits of a compiled grant.
pub(crate) fn read_compiled(reader: &mut Reader<'_>) -> Result<Vec<Limit>, Error> {
    let count = usize::from(reader.u8()?);
    if !(1..=MAX_LIMITS).contains(&count) {
        return Err(damaged());
    }
    let mut limits: Vec<Limit> = Vec::new();
    for _ in 0..count {
        let limit = Limit::read(reader)?;
        if limits.iter().any(|known| known.id == limit.id) {
            return Err(damaged());
        }
        limits.push(limit);
    }
    Ok(limits)
}

impl Limit {
    fn write(&self, writer: &mut Writer) {
        writer.bytes(self.id.as_bytes());
        let (kind, per, amounts) = match self.algorithm {
            Algorithm::Bucket { capacity, refill, per } => (0, per, (capacity, refill)),
            Algorithm::Window { limit, per } => (WINDOW, per, (limit, 1)),
        };
        writer.u8(kind | (self.unit as u8) | ((per as u8) << 4));
        writer.u64(amounts.0);
        writer.u64(amounts.1);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let id = id(reader.text()?).map_err(|_| damaged())?;
        let head = reader.u8()?;
        let unit = Unit::ALL.get(usize::from(head & 15)).copied().ok_or_else(damaged)?;
        let (_, per) = *Per::ALL.get(usize::from((head & !WINDOW) >> 4)).ok_or_else(damaged)?;
        let (first, second) = (reader.u64()?, reader.u64()?);
        let in_range = |amount| (1..=MAX_INTEGER).contains(&amount);
        let algorithm = match (head & WINDOW != 0, per) {
            (false, Per::Month) => return Err(damaged()),
            (false, per) => Algorithm::Bucket { capacity: first, refill: second, per },
            (true, per) => Algorithm::Window { limit: first, per },
        };
        let is_plain = second == 1 || matches!(algorithm, Algorithm::Bucket { .. });
        if !in_range(first) || !in_range(second) || !is_plain {
            return Err(damaged());
        }
        Ok(Self { id, unit, algorithm })
    }
}
