//! What the engine costs from the host: a JSON object per line, for `make bench`.
#![expect(clippy::disallowed_methods, reason = "measuring time is what this program does")]

use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use warded::guest::{Guest, LinkRef};
use warded_core::cost::Cost;
use warded_core::crypto::seal::Context;
use warded_core::crypto::token::TokenKind;
use warded_core::decision::Outcome;
use warded_core::path::Path;
use warded_core::request::{Request, Target};
use warded_core::scope::Word;
use warded_core::secret::Secret;
use warded_core::tier::Tier;
use warded_core::time::Millis;
use warded_core::trust::Trust;
use warded_core::usage::Usage;

const ROUNDS: usize = 21;
const ROUND: Duration = Duration::from_millis(40);

fn main() -> Result<()> {
    let guest = Guest::new(&[Secret::new([7; 32])])?;
    decisions(&guest)?;
    for size in [64, 256] {
        sealing(&guest, size)?;
    }
    let token = guest.mint_token(TokenKind::Scoped)?;
    report("hash a token and check its checksum", || guest.hash_token(token.text.expose()).is_ok())
}

fn decisions(guest: &Guest) -> Result<()> {
    let scopes = r#""secrets:read:production/payments/*","secrets:read:staging/payments/*","secrets:read:shared/certificates/*""#;
    let networks: Vec<String> =
        (0..1_000).map(|index| format!("\"10.{}.{}.0/25\"", index >> 8, index & 255)).collect();
    let ends = r#""expires_at":1790000000000,"max_uses":4294967295"#;
    let token = format!(r#"{{"scopes":[{scopes}],"ip_allowlist":[{}],{ends}}}"#, networks.join(","));
    let token = guest.compile_grant(token.as_bytes())?;
    let agent = guest.compile_grant(format!(r#"{{"scopes":[{scopes}]}}"#).as_bytes())?;
    let request = Request {
        subject: None,
        resource: Word::parse("secrets")?,
        action: Word::parse("read")?,
        target: Target::Path(Path::parse("production/payments/stripe/KEY")?),
        tier: Tier::Standard,
        ip: Some("10.1.244.7".parse()?),
        now: Millis::new(1_780_000_000_000)?,
        trust: Trust::Anonymous,
        cost: Cost::ONE_REQUEST,
        attributes: Vec::new(),
        approval: None,
    };
    let usage = Usage::new(1, 2, 3);
    let link = |grant| LinkRef { grant, usage: &usage };
    let chains: [(&str, &[LinkRef<'_>]); 2] = [
        ("decide: one link, 3 scopes, 1,000 networks", &[link(&token)]),
        ("decide: an agent and its token", &[link(&agent), link(&token)]),
    ];
    for (name, chain) in chains {
        let allows =
            || guest.decide(chain, None, &request).is_ok_and(|decision| decision.outcome() == Outcome::Allow);
        report(name, allows)?;
    }
    Ok(())
}

fn sealing(guest: &Guest, size: usize) -> Result<()> {
    let context = |purpose| Context {
        purpose,
        tenant: Some([1; 16]),
        object: "sec_1",
        path: "a/KEY",
        version: Some(1),
    };
    let (wrap, value) = (context("data-key"), context("value"));
    let plaintext = vec![0x5a; size];
    let sealed = guest.seal_value(&wrap, &value, &plaintext)?;
    report(&format!("seal {size} B and its data key"), || {
        guest.seal_value(&wrap, &value, &plaintext).is_ok()
    })?;
    report(&format!("open {size} B and its data key"), || {
        guest
            .open_value(&wrap, &value, &sealed.key, &sealed.value)
            .is_ok_and(|opened| *opened.expose() == plaintext)
    })
}

/// The median of rounds, after as much time to warm up as one takes. What fails is not measured.
fn report(name: &str, work: impl Fn() -> bool) -> Result<()> {
    ensure!(work(), "{name}: refused");
    let calls = calls_in_a_round(&work);
    let mut rounds: Vec<f64> =
        (0..ROUNDS).map(|_| time(&work, calls).as_nanos() as f64 / f64::from(calls)).collect();
    rounds.sort_by(f64::total_cmp);
    let median = rounds.get(ROUNDS / 2).copied().unwrap_or_default();
    writeln!(std::io::stdout(), r#"{{"name":"{name}","nanoseconds":{median:.0}}}"#)?;
    Ok(())
}

fn calls_in_a_round(work: &impl Fn() -> bool) -> u32 {
    let mut calls = 1;
    while time(work, calls) < ROUND {
        calls *= 2;
    }
    calls
}

fn time(work: &impl Fn() -> bool, calls: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..calls {
        black_box(work());
    }
    start.elapsed()
}
