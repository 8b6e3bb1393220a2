//! Redaction of JSON text: everything that is not masked keeps its very bytes.

use alloc::string::String;
use alloc::vec::Vec;

use super::name::{Meaning, Options};
use super::{MASK, mask_text};
use crate::error::Error;
use crate::json::{Event, Kind, MAX_DEPTH, Reader, push_decimal, write_text};

/// JSON text with the credentials in it masked.
#[inline(never)]
pub(super) fn mask(json: &[u8], options: &Options) -> Result<String, Error> {
    let mut reader = Reader::new(json)?;
    let mut walk = Walk {
        options,
        levels: [Level::default(); LEVELS],
        depth: 0,
        meaning: Meaning::Unknown,
        is_name: false,
        keys: 0,
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
    options: &'a Options,
    levels: [Level; LEVELS],
    depth: usize,
    /// What is known of the value that comes next.
    meaning: Meaning,
    /// Whether it names what stands beside it.
    is_name: bool,
    /// How many keys have been masked.
    keys: u64,
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
        self.keys = self.keys.saturating_add(1);
        if self.keys > 1 {
            // Two that become one would not both be kept.
            let mut number = String::from("#");
            push_decimal(&mut number, self.keys);
            masked.extend_from_slice(number.as_bytes());
        }
        // When it is read again, the name that is left says nothing.
        if said == Meaning::Plain {
            self.meaning = level.meaning;
        }
        Some(masked)
    }
}
