//! Free text that people read later: reasons, descriptions.

use crate::error::ApiError;

/// The most characters of a reason or a description.
pub const MAX_CHARACTERS: usize = 500;

/// Checks text that approvers and operators will be shown: it must not be able to pose as something else on a screen.
///
/// # Errors
/// 400 naming the field.
pub fn check_free_text(field: &str, text: &str) -> Result<(), ApiError> {
    if text.chars().count() > MAX_CHARACTERS {
        return Err(ApiError::invalid(field, "at most 500 characters"));
    }
    if text.chars().any(|character| character.is_control() || is_bidi(character)) {
        return Err(ApiError::invalid(field, "must not hold control or bidirectional characters"));
    }
    Ok(())
}

/// The characters that change the direction of text (Unicode, `Bidi_Control`).
const fn is_bidi(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_short_and_shows_what_it_is() {
        for text in ["", "a migration, see #12", "für Größe ☃", &"é".repeat(500)] {
            check_free_text("reason", text).unwrap();
        }
        for text in
            ["a\nb", "a\u{7}", "a\u{7f}", "a\u{85}", "a\u{202e}b", "\u{200f}", "\u{2066}", &"x".repeat(501)]
        {
            assert_eq!(check_free_text("reason", text).unwrap_err().errors[0].field, "reason");
        }
    }
}
