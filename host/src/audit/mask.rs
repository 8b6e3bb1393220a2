//! Masking of tokens in text that is recorded or logged.

use std::borrow::Cow;

/// The fewest base62 characters after `wdx_` that are taken for a token, so that a cut one is masked as well.
const FEWEST: usize = 20;
/// The length of `wdx_`.
const PREFIX: usize = 4;

/// The text with everything of a token's shape masked, but for its kind.
#[must_use]
pub fn mask_tokens(text: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut rest = text;
    while let Some((before, prefix, after)) = next_token(rest) {
        masked.push_str(before);
        masked.push_str(prefix);
        masked.push_str("***");
        rest = after;
    }
    if rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    masked.push_str(rest);
    Cow::Owned(masked)
}

/// The text before the first token, its `wdx_`, and the text after it.
fn next_token(text: &str) -> Option<(&str, &str, &str)> {
    text.match_indices("wd").find_map(|(start, _)| {
        let (before, from) = text.split_at_checked(start)?;
        let (prefix, body) = from.split_at_checked(PREFIX)?;
        let is_prefix = matches!(prefix.as_bytes(), [_, _, b'a'..=b'z', b'_']);
        let length = body.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let (_, after) = body.split_at_checked(length)?;
        (is_prefix && length >= FEWEST).then_some((before, prefix, after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_masked_wherever_it_stands() {
        let token = "wds_0123456789abcdefghijABCDEFGHIJ0123456789abcdefghi";
        assert_eq!(mask_tokens(token), "wds_***");
        assert_eq!(mask_tokens(&format!("a/{token}/b wwd{token}")), "a/wds_***/b wwdwds_***");
        assert_eq!(mask_tokens(&format!("é{token}é{token}")), "éwds_***éwds_***");
    }

    #[test]
    fn a_cut_token_is_masked_from_twenty_characters_on() {
        assert_eq!(mask_tokens("wda_01234567890123456789"), "wda_***");
        assert_eq!(mask_tokens("wda_0123456789012345678"), "wda_0123456789012345678");
    }

    #[test]
    fn other_text_is_not_touched() {
        for text in [
            "",
            "wd",
            "wds_",
            "wdS_01234567890123456789",
            "wd__01234567890123456789",
            "wdé_x",
            "production/wd/KEY",
        ] {
            assert!(matches!(mask_tokens(text), Cow::Borrowed(same) if same == text));
        }
    }
}
