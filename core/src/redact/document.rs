//! Redaction of JSON text: everything that is not masked keeps its very bytes.

use alloc::string::String;
use alloc::vec::Vec;

use super::name::{Meaning, Options};
use super::{MASK, find, mask_text};
use crate::error::Error;
use crate::json::{Event, Kind, MAX_DEPTH, Reader, push_decimal, write_text};
use crate::sorted::Sorted;

/// JSON text with the credentials in it masked.
#[inline(never)]
pub(super) fn mask(json: &[u8], options: &Options) -> Result<String, Error> {
    let mut reader = Reader::new(json)?;
    let mut walk = Walk {
        json,
        options,
        levels: [Level::default(); LEVELS],
        depth: 0,
        meaning: Meaning::Unknown,
        is_name: false,
        keys: 0,
        taken: None,
    };
    let mut masked = String::with_capacity(json.len());
    let mut kept = 0;
    loop {
        let event = reader.next_event()?;
        if let Some(text) = walk.read(&reader, event) {
            masked.push_str(reader.source(Event { start: kept, end: event.start, ..event }));
            // Masks begin and end between characters, so it is text.
            write_text(&mut masked, core::str::from_utf8(&text).unwrap_or_default());
            kept = event.end;
        }
        if event.kind == Kind::End {
            masked.push_str(reader.source(Event { start: kept, ..event }));
            return Ok(masked);
        }
    }
}

/// The document itself, and every object and list that can be open in it.
const LEVELS: usize = 1 + MAX_DEPTH as usize;

/// An object or list that is open.
#[derive(Clone, Copy, Default)]
struct Level {
    /// What its name says, or that of what it stands in.
    meaning: Meaning,
    /// Its field `name` or `key` is the name of a credential, which its `value` then is: so headers and variables are often listed.
    is_named: bool,
}

struct Walk<'a> {
    json: &'a [u8],
    options: &'a Options,
    levels: [Level; LEVELS],
    depth: usize,
    /// What is known of the value that comes next.
    meaning: Meaning,
    /// Whether it names what stands beside it.
    is_name: bool,
    /// The number of the key that was masked last.
    keys: u64,
    /// The numbers that none may have; looked for only where a key is masked.
    taken: Option<Sorted<u64>>,
}

impl Walk<'_> {
    /// What stands in the place of a key, text or number if it is masked.
    fn read(&mut self, reader: &Reader<'_>, event: Event) -> Option<Vec<u8>> {
        let meaning = self.meaning;
        let is_secret = meaning >= Meaning::Secrets;
        match event.kind {
            Kind::ObjectStart | Kind::ListStart => self.depth = self.depth.saturating_add(1),
            Kind::ObjectEnd | Kind::ListEnd => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        let level = self.levels.get_mut(self.depth)?;
        if matches!(event.kind, Kind::ObjectStart | Kind::ListStart) {
            *level = Level { meaning, is_named: false };
        }
        // What comes next is an entry of a list, unless a key stands before it.
        self.meaning = level.meaning;
        match event.kind {
            Kind::Number if meaning >= Meaning::Secret => return Some(MASK.into()),
            Kind::Key | Kind::Text => {}
            _ => return None,
        }
        let decoded = reader.decode(event);
        let text = decoded.as_bytes();
        if event.kind == Kind::Text {
            if core::mem::take(&mut self.is_name) {
                level.is_named = self.options.is_secret(text);
            }
            return match is_secret {
                true if text.is_empty() || text == MASK => None,
                true => Some(MASK.into()),
                false => mask_text(text, self.options, meaning == Meaning::Plain),
            };
        }
        let said = self.options.meaning(text);
        self.is_name = matches!(text, b"name" | b"key");
        if said != Meaning::Unknown {
            self.meaning = said;
        } else if level.is_named && text == b"value" {
            self.meaning = Meaning::Secret;
        }
        // Names are masked only where they have the form of a known credential.
        let mut masked = mask_text(text, self.options, true)?;
        // When it is read again, the name that is left says nothing.
        if said == Meaning::Plain {
            self.meaning = level.meaning;
        }
        self.number(&mut masked);
        Some(masked)
    }

    /// Numbers a masked name: two that become one, or one that is there already, would not both be kept. The first needs no number.
    fn number(&mut self, name: &mut Vec<u8>) {
        let taken = self.taken.get_or_insert_with(|| taken(self.json));
        self.keys = self.keys.saturating_add(1);
        while taken.has(&self.keys) {
            self.keys = self.keys.saturating_add(1);
        }
        let numbered = number_of(name);
        if self.keys == 1 && numbered.is_none() {
            return;
        }
        // A number of its own makes room for this one: behind it, this one would not be known for what it is when it is read again.
        name.truncate(numbered.map_or(name.len(), |(stem, _)| stem));
        let mut number = String::from("#");
        push_decimal(&mut number, self.keys);
        name.extend_from_slice(number.as_bytes());
    }
}

/// The numbers of the names in a document that have been masked before; text that is not JSON is refused by who reads it all.
fn taken(json: &[u8]) -> Sorted<u64> {
    let mut numbers = Vec::new();
    let Ok(mut reader) = Reader::new(json) else { return Sorted::of(numbers) };
    while let Ok(event) = reader.next_event() {
        if event.kind == Kind::End {
            break;
        }
        if event.kind == Kind::Key {
            let name = reader.decode(event);
            if find(name.as_bytes(), MASK).is_some() {
                numbers.push(number_of(name.as_bytes()).map_or(1, |(_, number)| number));
            }
        }
    }
    Sorted::of(numbers)
}

/// The number at the end of a name, and where it begins. One of more than 64 bits wraps: none that is given is so high.
fn number_of(name: &[u8]) -> Option<(usize, u64)> {
    let stem = name.iter().rposition(|byte| *byte == b'#')?;
    let (_, digits) = name.get(stem..)?.split_first()?;
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let number = digits.iter().fold(0_u64, |number, digit| {
        number.wrapping_mul(10).wrapping_add(u64::from(digit.wrapping_sub(b'0')))
    });
    is_number.then_some((stem, number))
}
