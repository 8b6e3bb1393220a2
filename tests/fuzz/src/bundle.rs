//! Bundles: opened as they were made, by whom they were made for, and not at all once a bit has changed.

use warded_core::bundle::{Bundle, Entry, MAX_NAME, TAG, make, open, sign};
use warded_core::error::{Blame, ErrorCode};
use warded_core::grant::Grant;
use warded_core::time::Millis;

use crate::input::Input;

const KEY: [u8; 32] = [3; 32];

/// A bundle of these grants opens to what it was made of; any bytes that are signed are refused, or are what making gives.
pub fn bundle(data: &[u8]) {
    any_body(data);
    let mut input = Input::new(data);
    let (at, change) = (input.short(), input.byte());
    let (start, life, serial) = (input.long() >> 12, input.long() >> 12, input.long() >> 11);
    let grant = Grant::from_json(br#"{"scopes":["secrets:read:a/*"]}"#).expect("a grant").to_bytes();
    let Some((not_before, not_after)) =
        Millis::new(start).ok().zip(Millis::new(start.saturating_add(life)).ok())
    else {
        return;
    };
    let audience = str::from_utf8(input.piece(140)).unwrap_or("edge");
    let bundle = Bundle {
        tenant: input.array(),
        audience,
        serial,
        not_before,
        not_after,
        grants: entries(&mut input, &grant),
        policy: None,
    };
    let Ok(bytes) = make(&bundle, &KEY) else {
        assert!(!is_proper(&bundle), "a bundle as it should be is made");
        return;
    };
    assert_eq!(open(&bytes, &KEY, not_before, audience, serial).as_ref(), Ok(&bundle));
    let refused = |bytes: &[u8], now, audience, serial| {
        open(bytes, &KEY, now, audience, serial).map(drop).map_err(|error| error.code())
    };
    assert_eq!(refused(&bytes, not_after, audience, serial), Err(ErrorCode::BundleExpired));
    assert_eq!(refused(&bytes, not_before, "another", serial), Err(ErrorCode::BundleForeign));
    assert_eq!(refused(&bytes, not_before, audience, serial + 1), Err(ErrorCode::BundleReplayed));
    assert!(open(&bytes, &[4; 32], not_before, audience, serial).is_err());
    let mut changed = bytes.clone();
    changed[at % bytes.len()] ^= change.max(1);
    assert_eq!(refused(&changed, not_before, audience, serial), Err(ErrorCode::BundleRejected));
    assert_eq!(
        refused(&bytes[..at % bytes.len()], not_before, audience, serial),
        Err(ErrorCode::BundleRejected)
    );
}

fn entries<'a>(input: &mut Input<'a>, grant: &'a [u8]) -> Vec<Entry<'a>> {
    (0..input.byte() % 4)
        .map(|_| {
            let id = str::from_utf8(input.piece(130)).unwrap_or("tok");
            let token_hash = input.flag().then(|| input.array());
            Entry { id, token_hash, grant: if input.byte() == 255 { input.piece(40) } else { grant } }
        })
        .collect()
}

/// Whether nothing speaks against making it.
fn is_proper(bundle: &Bundle<'_>) -> bool {
    let is_name = |name: &str| (1..=MAX_NAME).contains(&name.len());
    let loads = |entry: &Entry<'_>| is_name(entry.id) && Grant::from_bytes(entry.grant).is_ok();
    bundle.serial >= 1
        && bundle.serial < 1 << 53
        && bundle.not_before < bundle.not_after
        && is_name(bundle.audience)
        && bundle.audience != "another"
        && bundle.grants.iter().all(loads)
}

/// The input as the body of a bundle, signed.
fn any_body(data: &[u8]) {
    match sign(data.to_vec(), &KEY) {
        Ok(signed) => {
            assert_eq!(signed.len(), data.len() + TAG);
            let audience =
                data.get(48..).and_then(|rest| rest.get(..usize::from(data[44]))).unwrap_or_default();
            let now = data.get(28..36).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes);
            let (audience, now) =
                (str::from_utf8(audience).expect("it was read"), Millis::new(now).expect("it was read"));
            let opened = open(&signed, &KEY, now, audience, 0).expect("what is signed is opened");
            assert_eq!(make(&opened, &KEY).as_ref(), Ok(&signed), "one bundle, two encodings");
        }
        Err(error) => assert!(matches!(error.code().blame(), Blame::Crypto | Blame::Input), "{error}"),
    }
}
