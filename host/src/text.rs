//! Free text that people read later: reasons, descriptions.

use crate::audit::mask::mask_tokens;
use crate::error::ApiError;

/// The most characters of a reason or a description.
pub const MAX_CHARACTERS: usize = 500;

/// Text to be kept, and told to people and webhooks: checked, and without what has the form of a credential, wherever it came from.
///
/// # Errors
/// As [`check_free_text`].
pub fn free_text(field: &str, text: &str) -> Result<String, ApiError> {
    check_free_text(field, text)?;
    Ok(mask_tokens(text).into_owned())
}

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

/// An e-mail address in lower case: addresses are compared without case, and stored so that none comes twice.
///
/// # Errors
/// 400 naming the field. Whether anybody reads mail there is not looked at.
pub fn email(field: &str, text: &str) -> Result<String, ApiError> {
    let parts = text.split_once('@').filter(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@') && text.len() <= MAX_EMAIL
    });
    if parts.is_none() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ApiError::invalid(
            field,
            "expected an address such as `ada@example.com`, at most 254 characters",
        ));
    }
    Ok(text.to_ascii_lowercase())
}

/// RFC 5321, 4.5.3.1.3.
const MAX_EMAIL: usize = 254;

/// Checks the name of a person or of a key: free text, of 1 to 100 characters, that does not begin or end with a space.
///
/// # Errors
/// 400 naming the field.
pub fn check_name(field: &str, text: &str) -> Result<(), ApiError> {
    check_free_text(field, text)?;
    if text.is_empty() || text.trim() != text || text.chars().count() > MAX_NAME {
        return Err(ApiError::invalid(field, "1 to 100 characters, no space at either end"));
    }
    Ok(())
}

const MAX_NAME: usize = 100;

/// Whether a character changes the direction of text (Unicode, `Bidi_Control`).
#[must_use]
pub const fn is_bidi(character: char) -> bool {
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

    #[test]
    fn an_address_is_kept_in_lower_case() {
        assert_eq!(email("email", "Ada.Lovelace@Example.COM").unwrap(), "ada.lovelace@example.com");
        assert_eq!(email("email", "admin@localhost").unwrap(), "admin@localhost");
        let long = format!("{}@example.com", "a".repeat(243));
        for text in ["", "ada", "@b", "a@", "a@b@c", "a b@c", "a@b\n", "ä@b", &long] {
            assert_eq!(email("email", text).unwrap_err().errors[0].field, "email", "{text}");
        }
    }

    #[test]
    fn a_name_shows_something() {
        check_name("name", "Ada Lovelace").unwrap();
        for text in ["", " ", " Ada", "Ada ", "a\u{202e}b", &"x".repeat(101)] {
            assert_eq!(check_name("name", text).unwrap_err().errors[0].field, "name", "{text}");
        }
    }
}
