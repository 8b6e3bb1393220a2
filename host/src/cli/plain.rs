//! Text of others on this terminal: what could move the cursor, colour or reorder is shown as its code.

use std::borrow::Cow;

use crate::text::is_bidi;

/// The text on one line, with every control and bidirectional character as `\u{…}`.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    neutralise(text, |_| false)
}

/// The same, but lines and tabs stay.
#[must_use]
pub fn plain_lines(text: &str) -> Cow<'_, str> {
    neutralise(text, |character| matches!(character, '\n' | '\t'))
}

fn neutralise(text: &str, stays: fn(char) -> bool) -> Cow<'_, str> {
    let is_odd = |character: char| (character.is_control() || is_bidi(character)) && !stays(character);
    if !text.contains(is_odd) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_odd(character) { shown.extend(character.escape_unicode()) } else { shown.push(character) }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_steer_a_terminal() {
        assert_eq!(plain("für Größe ☃"), "für Größe ☃");
        assert_eq!(plain("\u{1b}[2Ja\r\nb\u{202e}c\u{9b}"), "\\u{1b}[2Ja\\u{d}\\u{a}b\\u{202e}c\\u{9b}");
        assert_eq!(plain_lines("a\tb\nc\u{1b}\u{7f}"), "a\tb\nc\\u{1b}\\u{7f}");
    }
}
