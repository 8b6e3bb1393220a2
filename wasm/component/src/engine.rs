//! The functions of the interface: each hands its arguments on.

use alloc::string::String;
use alloc::vec::Vec;

use warded_core::call;
use warded_core::secret::Secret;

use crate::bindings::{
    Answer, Bundle, ChainRecord, Checked, Context, Cost, Decision, Engine, Entry, Error, Grant, Guest, Link,
    Minted, Redaction, Request, TokenForm, Usage,
};
use crate::{bundle, chain, decision, document, redaction, sealing, token};

type Result<T> = core::result::Result<T, Error>;

impl Guest for Engine {
    fn compile_grant(grant: Grant) -> Result<Vec<u8>> {
        Ok(decision::compile_grant(grant)?)
    }

    fn compile_policy(policy: String) -> Result<Vec<u8>> {
        Ok(decision::compile_policy(&policy)?)
    }

    fn decide(chain: Vec<Link>, policy: Option<Vec<u8>>, request: Request) -> Result<Decision> {
        Ok(decision::decide(chain, policy.as_deref(), request)?)
    }

    fn settle(
        grant: Vec<u8>,
        usage: Option<Usage>,
        reserved: Cost,
        actual: Cost,
        reserved_at: Option<u64>,
        now: u64,
    ) -> Result<Usage> {
        Ok(decision::settle(&grant, &document::settlement(usage, reserved, actual, reserved_at, now))?)
    }

    fn covers(outer: String, inner: String) -> Result<bool> {
        Ok(decision::covers(&outer, &inner)?)
    }

    fn overlaps(a: String, b: String) -> Result<bool> {
        Ok(decision::overlaps(&a, &b)?)
    }

    fn seal(keys: Vec<Vec<u8>>, salt: Vec<u8>, context: Context, plaintext: Vec<u8>) -> Result<Vec<u8>> {
        Ok(sealing::seal(keys, &salt, &context, plaintext)?)
    }

    fn open(keys: Vec<Vec<u8>>, context: Context, sealed: Vec<u8>) -> Result<Vec<u8>> {
        Ok(sealing::open(keys, &context, &sealed)?)
    }

    fn reseal(keys: Vec<Vec<u8>>, salt: Vec<u8>, context: Context, sealed: Vec<u8>) -> Result<Vec<u8>> {
        Ok(sealing::reseal(keys, &salt, &context, &sealed)?)
    }

    fn audience_key(key: Vec<u8>, tenant: Vec<u8>, audience: String) -> Result<Vec<u8>> {
        Ok(bundle::audience_key(key, &tenant, &audience)?)
    }

    fn make_bundle(
        key: Vec<u8>,
        tenant: Vec<u8>,
        audience: String,
        serial: u64,
        not_before: u64,
        not_after: Option<u64>,
        grants: Vec<Entry>,
        policy: Option<Vec<u8>>,
    ) -> Result<Vec<u8>> {
        let says = Bundle { tenant, audience, serial, not_before, not_after: not_before, grants, policy };
        Ok(bundle::make(key, &says, not_after)?)
    }

    fn open_bundle(
        bytes: Vec<u8>,
        key: Vec<u8>,
        audience: String,
        min_serial: u64,
        now: u64,
    ) -> Result<Bundle> {
        Ok(bundle::open(&bytes, key, &audience, min_serial, now)?)
    }

    fn verify_chain(start_seq: u64, previous_link: Vec<u8>, records: Vec<ChainRecord>) -> Result<Checked> {
        Ok(chain::verify(start_seq, &previous_link, &records)?)
    }

    fn mint_token(kind: char, bytes: Vec<u8>) -> Result<Minted> {
        Ok(token::mint(kind, bytes)?)
    }

    fn parse_token(text: String) -> Result<TokenForm> {
        Ok(token::parse(text)?)
    }

    fn hash_token(text: String) -> Result<Vec<u8>> {
        Ok(token::hash(text)?)
    }

    fn verify_token(text: String, hash: Vec<u8>) -> Result<bool> {
        Ok(token::verify(text, &hash)?)
    }

    fn redact_text(text: String, options: Option<Redaction>) -> Result<String> {
        Ok(redaction::text(text, options)?)
    }

    fn redact_json(json: String, options: Option<Redaction>) -> Result<String> {
        Ok(redaction::json(json, options)?)
    }

    fn call(call: String) -> Answer {
        let answer = call::answer(Secret::new(call).expose().as_bytes());
        // The core writes JSON, which is UTF-8.
        Answer { status: answer.status, document: String::from_utf8(answer.json).unwrap_or_default() }
    }
}
