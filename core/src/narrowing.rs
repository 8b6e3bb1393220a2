//! Narrowing: whether what one grant allows is allowed by another, part by part.

use alloc::vec::Vec;
use core::num::NonZeroU32;

use crate::document::{Fields, Value};
use crate::error::Error;
use crate::grant::Grant;
use crate::ip::Allowlist;
use crate::limit::{Algorithm, Limit, Per};
use crate::namespaces::Namespaces;
use crate::time::Millis;
use crate::wide::Wide;

#[cfg(test)]
mod tests;

/// The fields of a grant in which `inner` reaches further than `outer`; none, if everything that it allows is allowed by that as well.
///
/// Each part is looked at for itself, and one that `outer` narrows and `inner` does not reaches further even if another part makes up for it:
/// a grant is then no wider however the two are changed later.
#[must_use]
pub fn wider(outer: &Grant, inner: &Grant) -> Vec<&'static str> {
    let parts = [
        ("scopes", inner.scopes().all(&mut |scope| outer.scopes().covers(scope))),
        ("namespaces", within(outer.namespaces(), inner.namespaces(), Namespaces::include)),
        ("ip_allowlist", within(outer.ip_allowlist(), inner.ip_allowlist(), Allowlist::include)),
        ("not_before", outer.not_before() <= inner.not_before()),
        ("expires_at", within(outer.expires_at().as_ref(), inner.expires_at().as_ref(), Millis::ge)),
        ("max_uses", within(outer.max_uses().as_ref(), inner.max_uses().as_ref(), NonZeroU32::ge)),
        ("tier_ceiling", outer.tier_ceiling() >= inner.tier_ceiling()),
        ("trust_floor", outer.trust_floor() <= inner.trust_floor()),
        (
            "limits",
            outer.limits().iter().all(|limit| inner.limits().iter().any(|inner| bounds(limit, inner))),
        ),
    ];
    parts.into_iter().filter(|(_, holds)| !holds).map(|(name, _)| name).collect()
}

/// Whether a part that need not be there is no wider than another.
fn within<T>(outer: Option<&T>, inner: Option<&T>, holds: fn(&T, &T) -> bool) -> bool {
    match (outer, inner) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(outer), Some(inner)) => holds(outer, inner),
    }
}

/// Whether whatever the inner limit admits is admitted by the outer one. One that counts in another way is never taken for narrower.
fn bounds(outer: &Limit, inner: &Limit) -> bool {
    let admits = match (outer.algorithm(), inner.algorithm()) {
        (
            Algorithm::Bucket { capacity, refill, per },
            Algorithm::Bucket { capacity: size, refill: flow, per: time },
        ) => size <= capacity && Wide::product(flow, longest(per)) <= Wide::product(refill, longest(time)),
        // Windows lie in each other: a month has whole days, a day whole hours.
        (Algorithm::Window { limit, per }, Algorithm::Window { limit: size, per: time }) => {
            let windows = longest(per).checked_div(longest(time)).unwrap_or(u64::MAX).max(1);
            Wide::product(size, windows) <= Wide::product(limit, 1)
        }
        (Algorithm::Bucket { .. }, Algorithm::Window { .. })
        | (Algorithm::Window { .. }, Algorithm::Bucket { .. }) => false,
    };
    outer.unit() == inner.unit() && admits
}

/// The milliseconds of a period, of a month those of a long one.
fn longest(per: Per) -> u64 {
    const LONG_MONTH: u64 = 31 * 86_400_000;
    per.millis().unwrap_or(LONG_MONTH)
}

/// The same for the fields of a document, `outer` and `inner`: `{"result", "wider"}`.
///
/// # Errors
/// The field that is missing or wrong.
pub(crate) fn narrows_document(fields: &mut Fields<'_, '_>) -> Result<Value, Error> {
    let outer = Grant::from_document(&fields.required("outer")?)?;
    let wider = wider(&outer, &Grant::from_document(&fields.required("inner")?)?);
    Ok(Value::object([
        ("result", Value::Bool(wider.is_empty())),
        ("wider", Value::List(wider.into_iter().map(Value::text).collect())),
    ]))
}
