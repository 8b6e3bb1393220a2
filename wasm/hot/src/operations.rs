//! The binary operations, each from input bytes to an answer; `docs/abi.md` gives their layouts.

use alloc::vec::Vec;

use warded_core::bundle;
use warded_core::call as document;
use warded_core::codec::{self, Reader, Writer};
use warded_core::crypto::key::Keyring;
use warded_core::crypto::seal::Context;
use warded_core::crypto::{hash, seal as sealing, token};
use warded_core::error::{Error, ErrorCode};
use warded_core::grant::Grant;
use warded_core::policy::Policy;
use warded_core::redact::{Options, redact_json};
use warded_core::secret::Secret;
use warded_core::time::Millis;

use crate::cache::{Cache, Handle};
use crate::packed;

/// What an export does: from the loaded objects and the input to an answer.
pub(crate) type Operation = fn(&mut Cache, &[u8]) -> Result<Output, Error>;

/// The answer of an operation, which says what has to be wiped for it.
#[derive(Debug)]
pub(crate) enum Output {
    /// Neither input nor answer is secret.
    Public(Vec<u8>),
    /// The same: the decision that lies in the cache, to be written where it belongs. Copies of it would be a good part of what it costs.
    Decided,
    /// The input held secrets.
    Sealed(Vec<u8>),
    /// The same: a token's kind letter and hash. Asking for memory would be a tenth of what it costs.
    Hashed([u8; 33]),
    /// Input and answer are secrets.
    Secret(Secret<Vec<u8>>),
    /// A document with its own status; it may hold secrets.
    Document(u16, Secret<Vec<u8>>),
}

#[cold]
fn misuse() -> Error {
    Error::new(ErrorCode::InvalidBuffer)
}

/// Reads a layout; one that does not fit is the calling code's mistake, not damaged data.
fn laid_out<'a, T>(
    input: &'a [u8],
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut reader = Reader::new(input);
    read(&mut reader).map_err(codec::misuse)
}

fn array<const N: usize>(reader: &mut Reader<'_>) -> Result<[u8; N], Error> {
    reader.raw(N)?.try_into().map_err(|_| misuse())
}

fn take_context<'a>(reader: &mut Reader<'a>) -> Result<Context<'a>, Error> {
    let (context, rest) = Context::read(reader.rest())?;
    *reader = Reader::new(rest);
    Ok(context)
}

pub(crate) fn call(_: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    let answer = document::answer(input);
    Ok(Output::Document(answer.status, Secret::new(answer.json)))
}

pub(crate) fn compile_grant(_: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    Ok(Output::Public(Grant::from_json(input)?.to_bytes()))
}

pub(crate) fn compile_policy(_: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    Policy::compile_json(input).map(Output::Public)
}

pub(crate) fn load_policy(cache: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    Ok(Output::Public(cache.load_policy(input)?.to_bytes()))
}

pub(crate) fn load_grant(cache: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    let handle = cache.load_grant(input)?;
    let mut answer = handle.to_bytes();
    for limit in cache.grant(handle)?.limits() {
        // A line for each id, so that none but the first needs a separator.
        if answer.len() > HANDLE {
            answer.push(b'\n');
        }
        answer.extend_from_slice(limit.id().as_bytes());
    }
    Ok(Output::Public(answer))
}

pub(crate) fn decide(cache: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    packed::decide(cache, input).map(|()| Output::Decided)
}

pub(crate) fn load_keyring(cache: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    Ok(Output::Sealed(cache.load_keyring(input)?.to_bytes()))
}

/// Keyring, salt and context that a seal begins with, and the data that follows.
type Salted<'a> = (&'a Keyring, [u8; 32], Context<'a>, &'a [u8]);

#[inline(never)]
fn take_salted<'a>(cache: &'a mut Cache, input: &'a [u8]) -> Result<Salted<'a>, Error> {
    let (handle, salt, context, data) = laid_out(input, |reader| {
        Ok((Handle::read(reader)?, array(reader)?, take_context(reader)?, reader.rest()))
    })?;
    Ok((cache.keyring(handle)?, salt, context, data))
}

/// The same without a salt.
#[inline(never)]
fn take_sealed<'a>(
    cache: &'a mut Cache,
    input: &'a [u8],
) -> Result<(&'a Keyring, Context<'a>, &'a [u8]), Error> {
    let (handle, context, data) =
        laid_out(input, |reader| Ok((Handle::read(reader)?, take_context(reader)?, reader.rest())))?;
    Ok((cache.keyring(handle)?, context, data))
}

pub(crate) fn seal(cache: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    let (keyring, salt, context, plaintext) = take_salted(cache, input)?;
    sealing::seal(keyring, &context, salt, plaintext).map(Output::Sealed)
}

pub(crate) fn open(cache: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    let (keyring, context, sealed) = take_sealed(cache, input)?;
    sealing::open(keyring, &context, sealed).map(Output::Secret)
}

pub(crate) fn reseal(cache: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    let (keyring, salt, context, sealed) = take_salted(cache, input)?;
    sealing::reseal(keyring, &context, salt, sealed).map(Output::Sealed)
}

pub(crate) fn seal_head(cache: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    let (keyring, salt, context, []) = take_salted(cache, input)? else { return Err(misuse()) };
    let (head, key) = sealing::seal_head(keyring, &context, salt)?;
    Ok(Output::Secret(Secret::new([head.as_slice(), key.expose()].concat())))
}

pub(crate) fn open_head(cache: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    let (keyring, context, head) = take_sealed(cache, input)?;
    let key = sealing::open_head(keyring, &context, head)?;
    Ok(Output::Secret(Secret::new(key.expose().to_vec())))
}

/// The answer is everything but the tag, as [`bundle`](warded_core::bundle) lays it out: its reader knows that it holds.
pub(crate) fn open_bundle(_: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    let (key, rest) = input.split_first_chunk().ok_or_else(misuse)?;
    let (now, min_serial, audience, bytes) =
        laid_out(rest, |reader| Ok((reader.u64()?, reader.u64()?, reader.text()?, reader.rest())))?;
    bundle::open(bytes, key, Millis::new(now)?, audience, min_serial)?;
    Ok(Output::Sealed(bytes.get(..bytes.len().saturating_sub(bundle::TAG)).unwrap_or_default().to_vec()))
}

pub(crate) fn make_bundle(_: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    let (key, body) = input.split_first_chunk().ok_or_else(misuse)?;
    bundle::sign(body.to_vec(), key).map(Output::Sealed)
}

pub(crate) fn seal_with_data_key(cache: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    let (handle, key, salts) = laid_out(input, |reader| {
        Ok((Handle::read(reader)?, reader.raw(32)?, [array(reader)?, array(reader)?]))
    })?;
    let key: &[u8; 32] = key.try_into().map_err(|_| misuse())?;
    let rest = input.get(HANDLE_KEY_SALTS..).ok_or_else(misuse)?;
    let (wrap, value, plaintext) =
        laid_out(rest, |reader| Ok((take_context(reader)?, take_context(reader)?, reader.rest())))?;
    let wrapped = sealing::seal_with_data_key(cache.keyring(handle)?, &wrap, &value, key, salts, plaintext)?;
    let mut answer = Writer::new();
    answer.bytes(&wrapped.data_key);
    answer.raw(&wrapped.value);
    Ok(Output::Sealed(answer.finish()))
}

/// The bytes of a handle.
const HANDLE: usize = 12;
/// A handle, a data key and two salts.
const HANDLE_KEY_SALTS: usize = HANDLE + 32 + 64;

pub(crate) fn open_with_data_key(cache: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    let (handle, wrap, value, key, sealed) = laid_out(input, |reader| {
        let (handle, wrap, value) = (Handle::read(reader)?, take_context(reader)?, take_context(reader)?);
        Ok((handle, wrap, value, reader.bytes()?, reader.rest()))
    })?;
    sealing::open_with_data_key(cache.keyring(handle)?, &wrap, &value, key, sealed).map(Output::Secret)
}

pub(crate) fn mint_token(_: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    let (letter, random) = input.split_first().ok_or_else(misuse)?;
    let kind = token::TokenKind::from_letter(*letter).ok_or_else(misuse)?;
    let minted = token::mint(kind, random.try_into().map_err(|_| misuse())?);
    let mut answer = Vec::with_capacity(token::LENGTH.saturating_add(32));
    answer.extend_from_slice(minted.expose().as_bytes());
    answer.extend_from_slice(&minted.hash());
    Ok(Output::Secret(Secret::new(answer)))
}

fn text(bytes: &[u8]) -> Result<&str, Error> {
    core::str::from_utf8(bytes).map_err(|_| Error::new(ErrorCode::InvalidToken))
}

pub(crate) fn hash_token(_: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    let text = text(input)?;
    let kind = token::parse(text)?;
    let mut answer = [kind.letter(); 33];
    let [_, hash @ ..] = &mut answer;
    *hash = token::hash(text);
    Ok(Output::Hashed(answer))
}

pub(crate) fn verify_token(_: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    let (hash, token) = input.split_first_chunk().ok_or_else(misuse)?;
    Ok(Output::Sealed(Vec::from([u8::from(token::verify(text(token)?, hash))])))
}

pub(crate) fn redact(_: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    let (names, json) = laid_out(input, |reader| Ok((reader.bytes()?, reader.rest())))?;
    let mut options = Options::default();
    for name in names.split(|byte| *byte == b'\n').filter(|name| !name.is_empty()) {
        options.add(name)?;
    }
    Ok(Output::Sealed(redact_json(json, &options)?.into_bytes()))
}

pub(crate) fn sha256(_: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    Ok(Output::Sealed(hash::sha256(input).to_vec()))
}

pub(crate) fn hmac_sha256(_: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    let (key, data) = laid_out(input, |reader| Ok((reader.bytes()?, reader.rest())))?;
    Ok(Output::Sealed(hash::hmac_sha256(key, data).to_vec()))
}

pub(crate) fn aes_gcm_seal(_: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    let (key, nonce, aad, plaintext) =
        laid_out(input, |reader| Ok((reader.raw(32)?, array(reader)?, reader.bytes()?, reader.rest())))?;
    hash::aes_gcm_seal(key.try_into().map_err(|_| misuse())?, &nonce, aad, plaintext).map(Output::Sealed)
}

pub(crate) fn aes_gcm_open(_: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    let (key, nonce, aad, sealed) =
        laid_out(input, |reader| Ok((reader.raw(32)?, array(reader)?, reader.bytes()?, reader.rest())))?;
    hash::aes_gcm_open(key.try_into().map_err(|_| misuse())?, &nonce, aad, sealed).map(Output::Secret)
}

pub(crate) fn kbkdf(_: &mut Cache, input: &[u8]) -> Result<Output, Error> {
    let (length, key, label, context) =
        laid_out(input, |reader| Ok((reader.u32()?, reader.raw(32)?, reader.bytes()?, reader.rest())))?;
    let length = usize::try_from(length).map_err(|_| misuse())?;
    hash::kbkdf_counter(key, label, context, length).map(Output::Secret)
}
