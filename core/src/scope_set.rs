//! Many scopes compiled for look-up: one binary search for each shape of scope, however many scopes there are.
//!
//! A scope's key is its text with the star cut off. Scopes of one shape differ in nothing but their keys, so the key that a scope of that
//! shape must have to cover a request can be built from the request: with `*` for the action, or with `+` for some of the segments.

use alloc::vec::Vec;

use crate::codec::{Reader, Writer, damaged};
use crate::error::{Error, ErrorCode, Hint};
use crate::path::{MAX_BYTES, Path};
use crate::pattern::{Pattern, check_body};
use crate::scope::{Action, MAX_WORD, Scope, Word};
use crate::sorted::sort;

use self::keys::Keys;

mod keys;
#[cfg(test)]
mod tests;

/// The most scopes of a set.
pub const MAX_SCOPES: usize = 10_000;
/// The most shapes of a set.
pub const MAX_SHAPES: usize = 16;

/// Scopes compiled for look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeSet {
    /// Ascending by shape, each list with one key at least.
    lists: Vec<(Shape, Keys)>,
}

impl ScopeSet {
    /// The set of these scopes; of no scopes, the set that allows nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::LimitExceeded`] above [`MAX_SCOPES`], [`ErrorCode::TooManyShapes`] above [`MAX_SHAPES`],
    /// [`ErrorCode::InvalidPattern`] for a pattern from [`Pattern::below`] that no path could match.
    pub fn compile(scopes: &[Scope<'_>]) -> Result<Self, Error> {
        if scopes.len() > MAX_SCOPES {
            return Err(Error::new(ErrorCode::LimitExceeded).with_hint(Hint::AtMost(10_000)));
        }
        let mut keyed: Vec<(Shape, Vec<u8>)> = Vec::with_capacity(scopes.len());
        for scope in scopes {
            keyed.push((Shape::of(*scope), key_of(*scope)?));
        }
        let mut lists: Vec<(Shape, Keys)> = Vec::new();
        sort(&mut keyed);
        for (shape, key) in &keyed {
            match lists.last_mut() {
                Some((last, keys)) if last == shape => keys.append_unless_covered(key, shape.starred),
                _ => lists.push((*shape, Keys::of_one(key))),
            }
        }
        if lists.len() > MAX_SHAPES {
            return Err(Error::new(ErrorCode::TooManyShapes).with_hint(Hint::AtMost(16)));
        }
        Ok(Self { lists })
    }

    /// Whether one scope of the set allows the request. Allocates nothing.
    #[must_use]
    pub fn allows(&self, resource: Word<'_>, action: Word<'_>, path: Option<Path<'_>>) -> bool {
        self.covers(&Scope::new(resource, action, path.map(Pattern::from)))
    }

    /// Whether one scope of the set covers `inner`. Allocates nothing.
    #[must_use]
    pub fn covers(&self, inner: &Scope<'_>) -> bool {
        let starred = inner.pattern().is_some_and(Pattern::starred);
        let mut buffer = KeyBuffer::new();
        // The key that the buffer holds: shapes that differ in their star alone look for the same one.
        let mut held = None;
        self.lists.iter().any(|(shape, keys)| {
            if starred && !shape.starred {
                return false;
            }
            let wanted = (shape.any_action, shape.plus);
            if held != Some(wanted) {
                held = shape.build_key(*inner, &mut buffer).map(|()| wanted);
            }
            let found = |key| if shape.starred { keys.has_prefix_of(key) } else { keys.has(key) };
            held.is_some() && found(buffer.key())
        })
    }

    /// Whether `test` holds of every scope of the set.
    pub(crate) fn all(&self, test: &mut dyn FnMut(&Scope<'_>) -> bool) -> bool {
        self.lists
            .iter()
            .all(|(shape, keys)| keys.iter().all(|key| shape.with_scope_of(key, &mut |scope| test(&scope))))
    }

    /// How many scopes the set holds; fewer than were given where one covered another.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lists.iter().map(|(_, keys)| keys.len()).fold(0, usize::saturating_add)
    }

    /// Whether the set allows nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// Appends the compiled bytes.
    pub fn write(&self, writer: &mut Writer) {
        // At most MAX_SHAPES lists.
        writer.u8(u8::try_from(self.lists.len()).unwrap_or(u8::MAX));
        for (shape, keys) in &self.lists {
            writer.u8(u8::from(shape.any_action));
            writer.u32(shape.plus);
            writer.u8(u8::from(shape.starred));
            keys.write(writer);
        }
    }

    /// The set of compiled bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidCompiled`] for bytes that [`ScopeSet::write`] does not write.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let count = usize::from(reader.u8()?);
        if count > MAX_SHAPES {
            return Err(damaged());
        }
        let mut set = Self { lists: Vec::with_capacity(count) };
        for _ in 0..count {
            let shape =
                Shape { any_action: read_flag(reader)?, plus: reader.u32()?, starred: read_flag(reader)? };
            if set.lists.last().is_some_and(|(last, _)| *last >= shape) {
                return Err(damaged());
            }
            let keys = Keys::read(reader, shape.starred, |key| shape.is_shape_of(key))?;
            set.lists.push((shape, keys));
        }
        if set.len() > MAX_SCOPES { Err(damaged()) } else { Ok(set) }
    }
}

/// What scopes in one sorted list have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    /// The action is `*`.
    any_action: bool,
    /// The positions of the `+` segments, the first segment in the lowest bit.
    plus: u32,
    /// The pattern ends in a star. Where none does, a key matches as a whole, so scopes without a pattern need no shape of their own:
    /// their keys have one `:`, all others two.
    starred: bool,
}

impl Shape {
    fn of(scope: Scope<'_>) -> Self {
        Self {
            any_action: scope.action() == Action::Any,
            plus: scope.pattern().map_or(0, Pattern::plus),
            starred: scope.pattern().is_some_and(Pattern::starred),
        }
    }

    /// Whether a key read from compiled bytes is the key of a scope of this shape.
    fn is_shape_of(self, key: &[u8]) -> bool {
        self.with_scope_of(key, &mut |scope| Self::of(scope) == self)
    }

    /// Whether a key is that of a scope for which `test` holds.
    fn with_scope_of(self, key: &[u8], test: &mut dyn FnMut(Scope<'_>) -> bool) -> bool {
        let mut text = key.to_vec();
        if self.starred {
            text.push(b'*');
        }
        let scope = core::str::from_utf8(&text).ok().and_then(|text| Scope::parse(text).ok());
        scope.is_some_and(test)
    }

    /// Builds the key that a scope of this shape must have, or in a starred list begin with, to cover `inner`; `None` if none can.
    /// Whether a star is needed is for the caller to see.
    fn build_key(self, inner: Scope<'_>, buffer: &mut KeyBuffer) -> Option<()> {
        buffer.clear();
        buffer.push(inner.resource())?;
        buffer.push(":")?;
        match (self.any_action, inner.action()) {
            (true, _) => buffer.push(Action::Any.as_str())?,
            (false, Action::Named(name)) => buffer.push(name)?,
            (false, Action::Any) => return None,
        }
        let Some(pattern) = inner.pattern() else { return Some(()) };
        buffer.push(":")?;
        if self.plus == 0 { buffer.push(pattern.body()) } else { self.push_with_plus(pattern, buffer) }
    }

    /// Appends the text of a pattern with `+` for the whole segments at this shape's positions; `None` if it has no segment there.
    fn push_with_plus(self, pattern: Pattern<'_>, buffer: &mut KeyBuffer) -> Option<()> {
        // The positions still to come, that of the segment at hand in the lowest bit.
        let mut plus = self.plus;
        let mut segments = pattern.body().split('/').peekable();
        while let Some(segment) = segments.next() {
            let last = segments.peek().is_none();
            let is_plus = plus & 1 == 1;
            if is_plus && last && pattern.starred() {
                return None;
            }
            buffer.push(if is_plus { "+" } else { segment })?;
            if !last {
                buffer.push("/")?;
            }
            plus >>= 1;
        }
        (plus == 0).then_some(())
    }
}

/// The longest key: two words, two colons and a pattern. That of [`Pattern::below`] can be one byte longer than a path.
const KEY_BYTES: usize = MAX_WORD + 1 + MAX_WORD + 1 + MAX_BYTES + 1;

/// A key built on the stack.
pub(crate) struct KeyBuffer {
    bytes: [u8; KEY_BYTES],
    length: usize,
}

impl KeyBuffer {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; KEY_BYTES], length: 0 }
    }

    pub(crate) const fn clear(&mut self) {
        self.length = 0;
    }

    /// Appends a text; `None` if it does not fit.
    pub(crate) fn push(&mut self, text: &str) -> Option<()> {
        let end = self.length.checked_add(text.len())?;
        self.bytes.get_mut(self.length..end)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Some(())
    }

    pub(crate) fn key(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

fn key_of(scope: Scope<'_>) -> Result<Vec<u8>, Error> {
    if let Some(pattern) = scope.pattern() {
        // Below the longest paths there is nothing, and `read` would refuse a pattern that says so.
        check_body(pattern.body(), pattern.starred())?;
    }
    let mut buffer = KeyBuffer::new();
    // A scope covers itself, so a scope of its shape has a key that can be built.
    Shape::of(scope).build_key(scope, &mut buffer).ok_or_else(|| Error::new(ErrorCode::Internal))?;
    Ok(buffer.key().to_vec())
}

fn read_flag(reader: &mut Reader<'_>) -> Result<bool, Error> {
    match reader.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(damaged()),
    }
}
