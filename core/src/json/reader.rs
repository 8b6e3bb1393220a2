//! The reader: from bytes to events, each with the bytes that it stands at.

use alloc::borrow::Cow;
use alloc::string::String;

use super::MAX_DEPTH;
use super::locate::Position;
use crate::error::{Error, ErrorCode};

/// What stands at a place of JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the grammar of JSON is complete")]
pub enum Kind {
    /// `{`
    ObjectStart,
    /// `}`
    ObjectEnd,
    /// `[`
    ListStart,
    /// `]`
    ListEnd,
    /// The name of a field; its value is the next event.
    Key,
    /// A string.
    Text,
    /// A number of any size and form.
    Number,
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
    /// The end of the text, behind its one value.
    End,
}

/// Something of the text, and the bytes that it takes: of a key or string with its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the two ends of a range")]
pub struct Event {
    /// What it is.
    pub kind: Kind,
    /// Its first byte.
    pub start: usize,
    /// The byte behind its last.
    pub end: usize,
}

/// Reads JSON text event by event. Between two events stand only spaces, commas and colons.
#[derive(Debug)]
pub struct Reader<'a> {
    scanner: Scanner<'a>,
    /// One bit for each open object or list, the innermost lowest; set for an object.
    objects: u32,
    depth: u32,
    expect: Expect,
}

/// What the grammar allows next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// A value: at the start, behind a colon, and behind a comma of a list.
    Value,
    /// The first value of a list, or its end.
    ValueOrEnd,
    /// A key: behind a comma of an object.
    Key,
    /// The first key of an object, or its end.
    KeyOrEnd,
    /// A comma or an end: behind a value.
    CommaOrEnd,
}

impl<'a> Reader<'a> {
    /// A reader of text that must hold one value.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidJson`]: the bytes are not UTF-8.
    pub fn new(text: &'a [u8]) -> Result<Self, Error> {
        match core::str::from_utf8(text) {
            Ok(text) => {
                Ok(Self { scanner: Scanner { text, at: 0 }, objects: 0, depth: 0, expect: Expect::Value })
            }
            Err(error) => Err(fault(ErrorCode::InvalidJson, text, error.valid_up_to())),
        }
    }

    /// The next event; behind the value it is [`Kind::End`], again and again.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidJson`] and [`ErrorCode::TooDeep`], with the position. What is called after an error is not promised.
    pub fn next_event(&mut self) -> Result<Event, Error> {
        self.scanner.skip_space();
        if self.expect == Expect::CommaOrEnd && self.depth > 0 && self.scanner.take(b',') {
            self.expect = if self.in_object() { Expect::Key } else { Expect::Value };
            self.scanner.skip_space();
        }
        let start = self.scanner.at;
        let kind = match (self.scanner.peek(), self.expect) {
            (None, Expect::CommaOrEnd) if self.depth == 0 => Kind::End,
            (Some(b'}'), Expect::KeyOrEnd | Expect::CommaOrEnd) if self.in_object() => {
                self.close(Kind::ObjectEnd)
            }
            (Some(b']'), Expect::ValueOrEnd | Expect::CommaOrEnd) if self.in_list() => {
                self.close(Kind::ListEnd)
            }
            (Some(b'"'), Expect::Key | Expect::KeyOrEnd) => return self.key(start),
            (Some(byte), Expect::Value | Expect::ValueOrEnd) => self.value(byte)?,
            _ => return Err(self.invalid()),
        };
        Ok(Event { kind, start, end: self.scanner.at })
    }

    /// Goes behind the value that begins with `event`; behind anything else it is already.
    ///
    /// # Errors
    /// As [`next_event`](Self::next_event).
    pub fn skip(&mut self, event: Event) -> Result<(), Error> {
        if matches!(event.kind, Kind::ObjectStart | Kind::ListStart) {
            let around = self.depth.saturating_sub(1);
            while self.depth > around {
                self.next_event()?;
            }
        }
        Ok(())
    }

    /// The text of an event as it is written.
    #[must_use]
    pub fn source(&self, event: Event) -> &'a str {
        self.scanner.text.get(event.start..event.end).unwrap_or_default()
    }

    /// What a key or string says.
    #[must_use]
    pub fn decode(&self, event: Event) -> Cow<'a, str> {
        let source = self.source(event);
        if !source.contains('\\') {
            let inner = source.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            return Cow::Borrowed(inner.unwrap_or(source));
        }
        let mut text = String::with_capacity(source.len());
        // The string was checked when it was read.
        Scanner { text: source, at: 1 }.string(&mut Some(&mut text));
        Cow::Owned(text)
    }

    /// An error at an event.
    #[must_use]
    pub fn refuse(&self, code: ErrorCode, event: Event) -> Error {
        fault(code, self.scanner.text.as_bytes(), event.start)
    }

    const fn in_object(&self) -> bool {
        self.depth > 0 && self.objects & 1 == 1
    }

    const fn in_list(&self) -> bool {
        self.depth > 0 && self.objects & 1 == 0
    }

    fn key(&mut self, start: usize) -> Result<Event, Error> {
        self.string()?;
        let end = self.scanner.at;
        self.scanner.skip_space();
        if !self.scanner.take(b':') {
            return Err(self.invalid());
        }
        self.expect = Expect::Value;
        Ok(Event { kind: Kind::Key, start, end })
    }

    fn value(&mut self, first: u8) -> Result<Kind, Error> {
        let kind = match first {
            b'{' => return self.open(Kind::ObjectStart),
            b'[' => return self.open(Kind::ListStart),
            b'"' => {
                self.string()?;
                Kind::Text
            }
            b't' if self.scanner.take_word("true") => Kind::True,
            b'f' if self.scanner.take_word("false") => Kind::False,
            b'n' if self.scanner.take_word("null") => Kind::Null,
            b'-' | b'0'..=b'9' if self.scanner.number() => Kind::Number,
            _ => return Err(self.invalid()),
        };
        self.expect = Expect::CommaOrEnd;
        Ok(kind)
    }

    fn open(&mut self, kind: Kind) -> Result<Kind, Error> {
        if self.depth >= MAX_DEPTH {
            return Err(fault(ErrorCode::TooDeep, self.scanner.text.as_bytes(), self.scanner.at));
        }
        self.scanner.step();
        self.depth = self.depth.saturating_add(1);
        let is_object = kind == Kind::ObjectStart;
        self.objects = (self.objects << 1) | u32::from(is_object);
        self.expect = if is_object { Expect::KeyOrEnd } else { Expect::ValueOrEnd };
        Ok(kind)
    }

    const fn close(&mut self, kind: Kind) -> Kind {
        self.scanner.step();
        self.depth = self.depth.saturating_sub(1);
        self.objects >>= 1;
        self.expect = Expect::CommaOrEnd;
        kind
    }

    fn string(&mut self) -> Result<(), Error> {
        self.scanner.step();
        if self.scanner.string(&mut None) { Ok(()) } else { Err(self.invalid()) }
    }

    fn invalid(&self) -> Error {
        fault(ErrorCode::InvalidJson, self.scanner.text.as_bytes(), self.scanner.at)
    }
}

#[cold]
#[inline(never)]
fn fault(code: ErrorCode, text: &[u8], at: usize) -> Error {
    Error::new(code).at_position(Position::of(text, at))
}

/// The place in the text, and the small steps from it.
#[derive(Debug)]
struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    const fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.step();
        }
        is_next
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_next =
            self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes()));
        if is_next {
            self.at = self.at.saturating_add(word.len());
        }
        is_next
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.step();
        }
    }

    /// A number (section 6); where it is wrong the place is behind what was right.
    fn number(&mut self) -> bool {
        self.take(b'-');
        if !self.take(b'0') && !self.digits() {
            return false;
        }
        if self.take(b'.') && !self.digits() {
            return false;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            return self.digits();
        }
        true
    }

    /// One digit or more.
    fn digits(&mut self) -> bool {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.step();
        }
        self.at > start
    }

    /// A string behind its opening quote (section 7), its text appended to `into`; where it is wrong the place is on what is wrong.
    fn string(&mut self, into: &mut Option<&mut String>) -> bool {
        loop {
            let start = self.at;
            while self.peek().is_some_and(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
                self.step();
            }
            if let Some(into) = into {
                into.push_str(self.text.get(start..self.at).unwrap_or_default());
            }
            let escape = self.at;
            if self.take(b'"') {
                return true;
            }
            let character = if self.take(b'\\') { self.escaped() } else { None };
            let Some(character) = character else {
                self.at = escape;
                return false;
            };
            if let Some(into) = into {
                into.push(character);
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.step();
        match letter {
            b'"' | b'\\' | b'/' => Some(char::from(letter)),
            b'b' => Some('\u{8}'),
            b'f' => Some('\u{c}'),
            b'n' => Some('\n'),
            b'r' => Some('\r'),
            b't' => Some('\t'),
            b'u' => self.code_point(),
            _ => None,
        }
    }

    /// A UTF-16 unit, or a surrogate pair of two; half a pair is no character.
    fn code_point(&mut self) -> Option<char> {
        let unit = self.unit()?;
        if unit & 0xfc00 != 0xd800 {
            return char::from_u32(unit);
        }
        if !self.take_word("\\u") {
            return None;
        }
        let low = self.unit()?;
        if low & 0xfc00 != 0xdc00 {
            return None;
        }
        char::from_u32(0x1_0000_u32.saturating_add(((unit & 0x3ff) << 10) | (low & 0x3ff)))
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Option<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = (unit << 4) | char::from(self.peek()?).to_digit(16)?;
            self.step();
        }
        Some(unit)
    }
}
