//! Tokens.

use alloc::string::String;
use alloc::vec::Vec;

use warded_core::crypto::token;
use warded_core::error::{Error, ErrorCode};
use warded_core::secret::Secret;

use crate::argument::{Result, exactly, named};
use crate::bindings::{Minted, TokenForm};

pub(crate) fn mint(kind: char, bytes: Vec<u8>) -> Result<Minted> {
    let bytes = Secret::new(bytes);
    let kind = u8::try_from(kind).ok().and_then(token::TokenKind::from_letter).ok_or_else(|| {
        Error::because(ErrorCode::InvalidText, "one letter of a token kind").at(named("kind"))
    })?;
    let minted = token::mint(kind, &exactly(bytes.expose(), named("bytes"))?);
    Ok(Minted { token: minted.expose().into(), hash: minted.hash().into(), display: minted.display().into() })
}

pub(crate) fn parse(text: String) -> Result<TokenForm> {
    let text = Secret::new(text);
    let kind = checked(text.expose())?.letter().into();
    Ok(TokenForm { kind, display: token::display(text.expose()).into() })
}

pub(crate) fn hash(text: String) -> Result<Vec<u8>> {
    let text = Secret::new(text);
    checked(text.expose())?;
    Ok(token::hash(text.expose()).into())
}

pub(crate) fn verify(text: String, hash: &[u8]) -> Result<bool> {
    let text = Secret::new(text);
    Ok(token::verify(text.expose(), &exactly(hash, named("hash"))?))
}

fn checked(text: &str) -> Result<token::TokenKind> {
    token::parse(text).map_err(|error| error.at(named("text")))
}
