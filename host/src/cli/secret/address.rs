//! Where a secret is: a namespace and a key.

use std::fmt;
use std::str::FromStr;

use super::super::plain::plain;

/// A path of two segments or more, which is what tells a secret from a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String);

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = warded_core::path::Path::parse(text).map_err(|error| error.to_string())?;
        if !parsed.as_str().contains('/') {
            return Err(format!("`{text}` names no namespace: write namespace/{text}"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl Address {
    /// The segments of the route.
    #[must_use]
    pub fn segments(&self) -> Vec<&str> {
        std::iter::once("secrets").chain(self.0.split('/')).collect()
    }

    /// The segments of one of the secret's own routes.
    #[must_use]
    pub fn action<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        let mut segments = self.segments();
        segments.push(name);
        segments
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&plain(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_a_namespace() {
        let address: Address = "production/payments/KEY".parse().unwrap();
        assert_eq!(address.segments(), ["secrets", "production", "payments", "KEY"]);
        assert_eq!(address.action("rotate").last(), Some(&"rotate"));
        assert_eq!("KEY".parse::<Address>().unwrap_err(), "`KEY` names no namespace: write namespace/KEY");
        for text in ["", "/a/b", "a//b", "a/../b", "a/b/", "a b/c"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
