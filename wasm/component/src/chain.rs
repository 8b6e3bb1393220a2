//! The audit chain.

use warded_core::chain::{MAX_RECORDS, Verifier};
use warded_core::document::at_most;
use warded_core::error::Place;

use crate::argument::{Result, exactly, integer, named};
use crate::bindings::{ChainRecord, Checked};

pub(crate) fn verify(start_seq: u64, previous_link: &[u8], records: &[ChainRecord]) -> Result<Checked> {
    let start = integer(start_seq, 1, named("start_seq"))?;
    let mut verifier = Verifier::new(start, exactly(previous_link, named("previous_link"))?);
    let place = named("records");
    at_most(records.len(), MAX_RECORDS, place)?;
    for (index, record) in records.iter().enumerate() {
        check(&mut verifier, record, Place::Index(&place, index))?;
    }
    Ok(Checked { checked: verifier.checked(), link: verifier.link().to_vec() })
}

fn check(verifier: &mut Verifier, one: &ChainRecord, place: Place<'_>) -> Result<()> {
    let part = |name| Place::Name(&place, name);
    let seq = integer(one.seq, 0, part("seq"))?;
    let salt = one.salt.as_ref().map(|salt| exactly::<16>(salt, part("salt"))).transpose()?;
    let (leaf, link) = (exactly(&one.leaf, part("leaf"))?, exactly(&one.link, part("link"))?);
    verifier.check_at(place, seq, (salt.as_ref(), one.record.as_deref()), &leaf, &link)
}
