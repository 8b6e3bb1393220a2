//! Namespaces: the parts of the tree of paths that a grant is confined to.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::codec::{Reader, Writer, damaged};
use crate::error::Error;
use crate::path::Path;

/// A set of namespaces, each meaning everything below it.
///
/// Kept as prefixes that end in `/`, sorted, none a prefix of another: one binary search answers, and a pattern lies in a namespace
/// exactly if its text begins with the prefix, because a prefix has only literal segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespaces(Vec<Box<str>>);

impl Namespaces {
    /// How many namespaces one grant may name.
    pub const MAX: usize = 256;

    /// Whether the text is a namespace: `*` or a path.
    ///
    /// # Errors
    /// Why it is not a path.
    pub fn check(text: &str) -> Result<(), Error> {
        if text == "*" { Ok(()) } else { Path::parse(text).map(|_| ()) }
    }

    /// Compiles namespaces that [`check`](Self::check) accepts; `None` if one of them is `*`, which confines nothing.
    #[must_use]
    pub fn compile(namespaces: &[&str]) -> Option<Self> {
        if namespaces.contains(&"*") {
            return None;
        }
        let mut prefixes: Vec<Box<str>> = Vec::with_capacity(namespaces.len());
        // At most a few hundred: keeping them in order is less code than sorting them.
        for namespace in namespaces {
            let prefix: Box<str> = [namespace, "/"].concat().into();
            prefixes.insert(prefixes.partition_point(|known| *known < prefix), prefix);
        }
        prefixes.dedup_by(|later, earlier| later.starts_with(&**earlier));
        Some(Self(prefixes))
    }

    /// Whether a path or a pattern lies in one of the namespaces.
    #[must_use]
    pub fn contain(&self, text: &str) -> bool {
        let after = self.0.partition_point(|prefix| **prefix <= *text);
        after
            .checked_sub(1)
            .and_then(|last| self.0.get(last))
            .is_some_and(|prefix| text.starts_with(&**prefix))
    }

    /// Whether every one of the inner namespaces is or lies in one of these.
    pub(crate) fn include(&self, inner: &Self) -> bool {
        inner.0.iter().all(|prefix| self.contain(prefix))
    }

    /// Appends the compiled form.
    pub fn write(&self, writer: &mut Writer) {
        writer.u32(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        for prefix in &self.0 {
            writer.bytes(prefix.as_bytes());
        }
    }

    /// Reads the compiled form.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidCompiled`](crate::error::ErrorCode::InvalidCompiled).
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let count = reader.count(LEAST)?;
        if count > Self::MAX {
            return Err(damaged());
        }
        let mut prefixes: Vec<Box<str>> = Vec::with_capacity(count);
        for _ in 0..count {
            let prefix = reader.text()?;
            let namespace = prefix.strip_suffix('/').ok_or_else(damaged)?;
            Path::parse(namespace).map_err(|_| damaged())?;
            if prefixes.last().is_some_and(|last| **last >= *prefix || prefix.starts_with(&**last)) {
                return Err(damaged());
            }
            prefixes.push(prefix.into());
        }
        Ok(Self(prefixes))
    }
}

/// A length and at least one segment with its slash.
const LEAST: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    fn set(namespaces: &[&str]) -> Namespaces {
        Namespaces::compile(namespaces).unwrap()
    }

    #[test]
    fn everything_below_lies_in_a_namespace_and_the_namespace_itself_does_not() {
        let set = set(&["production", "staging/web"]);
        for inside in ["production/KEY", "production/*", "production/a/+/b", "staging/web/x"] {
            assert!(set.contain(inside), "{inside}");
        }
        for outside in ["production", "production-old/KEY", "prod*", "staging/KEY", "*", "+/KEY", "a"] {
            assert!(!set.contain(outside), "{outside}");
        }
    }

    #[test]
    fn a_namespace_inside_another_changes_nothing() {
        assert_eq!(set(&["a/b", "a", "a-b", "a/c"]), set(&["a", "a-b"]));
        assert!(set(&["a", "a-b"]).contain("a/z"));
    }

    #[test]
    fn a_star_confines_nothing_and_no_namespace_contains_nothing() {
        assert_eq!(Namespaces::compile(&["a", "*"]), None);
        assert!(!set(&[]).contain("a/b"));
    }

    #[test]
    fn the_compiled_form_is_read_back_and_a_disordered_one_is_refused() {
        let write = |set: &Namespaces| {
            let mut writer = Writer::new();
            set.write(&mut writer);
            writer.finish()
        };
        let original = set(&["a", "b/c"]);
        assert_eq!(Namespaces::read(&mut Reader::new(&write(&original))), Ok(original));
        for prefixes in [["b/".into(), "a/".into()], ["a/".into(), "a/b/".into()], ["a/".into(), "*/".into()]]
        {
            let bytes = write(&Namespaces(Vec::from(prefixes)));
            assert_eq!(Namespaces::read(&mut Reader::new(&bytes)), Err(damaged()));
        }
    }
}
