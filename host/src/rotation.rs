//! How old a secret's value may become: a list of rules, the first that is for the secret counts.
//!
//! A rule is words before a period, such as `type=db_credential environment=production 30d`; a rule without words is for every secret.

use warded_core::path::Path;
use warded_core::pattern::PatternBuf;
use warded_core::tier::Tier;
use warded_core::time::{Millis, parse_ttl};

use crate::store::{SecretRow, SecretType};

/// The rules, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Periods(Vec<Rule>);

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// As it was written.
    pub text: String,
    /// How old a value may become; `None` is as old as it likes.
    pub period: Option<Millis>,
    words: Vec<Word>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Environment(String),
    Path(PatternBuf),
    Purpose(String),
    Tier(Tier),
    Type(SecretType),
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts: Vec<&str> = text.split_ascii_whitespace().collect();
        let period = parts.pop().ok_or("expected a period such as `30d`, or `never`")?;
        let period = match period {
            "never" => None,
            period => Some(parse_ttl(period, Millis::MAX).map_err(|error| error.to_string())?),
        };
        let words = parts.into_iter().map(Word::parse).collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), period, words })
    }

    fn is_for(&self, secret: &SecretRow) -> bool {
        self.words.iter().all(|word| word.is_for(secret))
    }
}

impl Word {
    fn parse(text: &str) -> Result<Self, String> {
        let unknown = || {
            "expected words such as `type=…`, `tier=…`, `environment=…`, `purpose=…` or `path=…`".to_owned()
        };
        let (name, value) = text.split_once('=').ok_or_else(unknown)?;
        match name {
            "environment" => Ok(Self::Environment(environment(value).to_owned())),
            "path" => PatternBuf::parse(value).map(Self::Path).map_err(|error| error.to_string()),
            "purpose" => Ok(Self::Purpose(value.to_owned())),
            "tier" => Tier::parse(value).map(Self::Tier).map_err(|error| error.to_string()),
            "type" => {
                SecretType::parse(value).map(Self::Type).ok_or_else(|| "no such type of secrets".to_owned())
            }
            _ => Err(unknown()),
        }
    }

    fn is_for(&self, secret: &SecretRow) -> bool {
        match self {
            Self::Environment(name) => environment_of(&secret.path) == name,
            Self::Path(pattern) => {
                Path::parse(&secret.path).is_ok_and(|path| pattern.as_pattern().matches(path))
            }
            Self::Purpose(purpose) => purpose_of(&secret.metadata).as_deref() == Some(purpose),
            Self::Tier(tier) => secret.tier == *tier,
            Self::Type(kind) => secret.secret_type == *kind,
        }
    }
}

/// The environment of a path: its first segment, in its long form.
#[must_use]
pub fn environment_of(path: &str) -> &str {
    environment(path.split('/').next().unwrap_or_default())
}

fn environment(name: &str) -> &str {
    match name {
        "dev" => "development",
        "prod" => "production",
        "stage" => "staging",
        name => name,
    }
}

/// What a secret's metadata says that it is for.
fn purpose_of(metadata: &str) -> Option<String> {
    let metadata: serde_json::Value = serde_json::from_str(metadata).ok()?;
    metadata.get("purpose")?.as_str().map(str::to_owned)
}

impl Periods {
    /// Rules in their order.
    #[must_use]
    pub const fn new(rules: Vec<Rule>) -> Self {
        Self(rules)
    }

    /// When the value of a secret has to be another one, and the rule that says so.
    #[must_use]
    pub fn due(&self, secret: &SecretRow) -> Option<(Millis, &Rule)> {
        let rule = self.0.iter().find(|rule| rule.is_for(secret))?;
        Some((secret.value_at.checked_add(rule.period?)?, rule))
    }

    /// The shortest period: no younger value is due. `None` if nothing ever is.
    #[must_use]
    pub fn shortest(&self) -> Option<Millis> {
        self.0.iter().filter_map(|rule| rule.period).min()
    }
}

#[cfg(test)]
mod tests;
