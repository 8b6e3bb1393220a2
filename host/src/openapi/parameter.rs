//! Parameters of queries and headers: the table that requests are checked by and that is described.

use serde_json::{Value, json};

use crate::error::ApiError;

/// What a parameter may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number within bounds.
    Number {
        /// At least.
        least: u64,
        /// At most.
        most: u64,
    },
    /// Text that the handler looks at.
    Text,
    /// An RFC 3339 timestamp, which the handler looks at.
    Time,
    /// One of these.
    Word(&'static [&'static str]),
}

/// One parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// What it may be.
    pub kind: Kind,
}

impl Parameter {
    /// A whole number from `least` to `most`.
    #[must_use]
    pub const fn number(name: &'static str, about: &'static str, least: u64, most: u64) -> Self {
        Self { name, about, kind: Kind::Number { least, most } }
    }

    /// Any text; the handler refuses what it cannot read.
    #[must_use]
    pub const fn text(name: &'static str, about: &'static str) -> Self {
        Self { name, about, kind: Kind::Text }
    }

    /// An RFC 3339 timestamp; the handler refuses what it cannot read.
    #[must_use]
    pub const fn time(name: &'static str, about: &'static str) -> Self {
        Self { name, about, kind: Kind::Time }
    }

    /// One word of a closed list.
    #[must_use]
    pub const fn word(name: &'static str, about: &'static str, words: &'static [&'static str]) -> Self {
        Self { name, about, kind: Kind::Word(words) }
    }

    /// Checks what can be said without knowing the route.
    ///
    /// # Errors
    /// 400 naming the parameter.
    pub fn check(&self, text: &str) -> Result<(), ApiError> {
        match self.kind {
            Kind::Number { least, most } => number(self.name, text, least, most).map(|_| ()),
            Kind::Text | Kind::Time => Ok(()),
            Kind::Word(words) if words.contains(&text) => Ok(()),
            Kind::Word(words) => {
                Err(ApiError::invalid(self.name, format!("expected one of: {}", words.join(", "))))
            }
        }
    }

    /// As OpenAPI describes it.
    pub(super) fn describe(&self, place: &'static str) -> Value {
        let schema = match self.kind {
            Kind::Number { least, most } => json!({ "type": "integer", "minimum": least, "maximum": most }),
            Kind::Text => json!({ "type": "string" }),
            Kind::Time => json!({ "type": "string", "format": "date-time" }),
            Kind::Word(words) => json!({ "type": "string", "enum": words }),
        };
        json!({ "name": self.name, "in": place, "description": self.about, "schema": schema })
    }
}

/// A whole number from `least` to `most`, in decimal digits.
///
/// # Errors
/// 400 naming the parameter.
pub fn number(name: &str, text: &str, least: u64, most: u64) -> Result<u64, ApiError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| digits && (least..=most).contains(number));
    number.ok_or_else(|| ApiError::invalid(name, format!("expected a whole number from {least} to {most}")))
}
