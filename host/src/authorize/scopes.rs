//! Questions about scopes that are not decisions, answered by the engine too: the server compares no scope itself.

use serde::{Deserialize, Serialize};

use crate::grant::LimitDocument;
use crate::guest::{Guest, GuestError};

/// Which of `among` overlap one of `scopes` and lie in one of the namespaces `within`; absent namespaces confine nothing.
///
/// # Errors
/// The engine failed.
pub fn overlapping(
    guest: &Guest,
    scopes: &[String],
    among: &[String],
    within: Option<&[String]>,
) -> Result<Vec<usize>, GuestError> {
    #[derive(Serialize)]
    struct Call<'a> {
        op: &'static str,
        scopes: &'a [String],
        among: &'a [String],
        #[serde(skip_serializing_if = "Option::is_none")]
        within: Option<&'a [String]>,
    }
    #[derive(Deserialize)]
    struct Answer {
        indices: Vec<usize>,
    }
    if scopes.is_empty() || among.is_empty() {
        return Ok(Vec::new());
    }
    ask(guest, &Call { op: "overlapping", scopes, among, within }).map(|answer: Answer| answer.indices)
}

/// Whether one scope covers another.
///
/// # Errors
/// The engine failed.
pub fn covers(guest: &Guest, outer: &str, inner: &str) -> Result<bool, GuestError> {
    #[derive(Serialize)]
    struct Call<'a> {
        op: &'static str,
        outer: &'a str,
        inner: &'a str,
    }
    ask(guest, &Call { op: "covers", outer, inner }).map(|answer: Truth| answer.result)
}

/// Whether a network contains an address.
///
/// # Errors
/// The engine failed.
pub fn contains(guest: &Guest, network: &str, address: &str) -> Result<bool, GuestError> {
    #[derive(Serialize)]
    struct Call<'a> {
        op: &'static str,
        network: &'a str,
        address: &'a str,
    }
    ask(guest, &Call { op: "contains", network, address }).map(|answer: Truth| answer.result)
}

/// Whether the limits `inner` admit no more than `outer`.
///
/// # Errors
/// The engine failed.
pub fn limits_narrow(
    guest: &Guest,
    outer: &[LimitDocument],
    inner: &[LimitDocument],
) -> Result<bool, GuestError> {
    #[derive(Serialize)]
    struct Grant<'a> {
        scopes: [&'static str; 0],
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        limits: &'a [LimitDocument],
    }
    #[derive(Serialize)]
    struct Call<'a> {
        op: &'static str,
        outer: Grant<'a>,
        inner: Grant<'a>,
    }
    let grant = |limits| Grant { scopes: [], limits };
    ask(guest, &Call { op: "narrows", outer: grant(outer), inner: grant(inner) })
        .map(|answer: Truth| answer.result)
}

#[derive(Deserialize)]
struct Truth {
    result: bool,
}

fn ask<T: for<'de> Deserialize<'de>>(guest: &Guest, call: &impl Serialize) -> Result<T, GuestError> {
    let (_, answer) = guest.call(&serde_json::to_vec(call).unwrap_or_default())?;
    // Another shape than the operation's is a defect of the engine: nothing is allowed then.
    serde_json::from_slice(&answer).map_err(|error| GuestError::Trapped(error.to_string()))
}
