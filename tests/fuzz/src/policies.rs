//! Policies: their documents, and what they compile to.

use warded_core::call;
use warded_core::document::Value;
use warded_core::error::{Blame, Error, ErrorCode};
use warded_core::policy::Policy;

use crate::documents::{check_error, edited};

/// A policy document compiles to bytes that load to the same policy, and can be linted; or the error says where it is wrong.
pub fn policy(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let of_text = || Value::object([("op", Value::text("lint")), ("policy", Value::text(text))]);
    match Policy::from_json(data) {
        Ok(policy) => {
            let compiled = Policy::compile_json(data);
            assert!(compiled.is_ok(), "what loads as text compiles");
            let bytes = compiled.unwrap_or_default();
            assert_eq!(Policy::from_bytes(&bytes).as_ref(), Ok(&policy), "loaded as it was compiled");
            assert!(Policy::from_bytes(&bytes[..bytes.len() - 1]).is_err(), "a byte is missing");
            assert!(Policy::from_bytes(&[bytes.as_slice(), &[0]].concat()).is_err(), "a byte is left over");
            let ids: Vec<&str> = policy.ids().collect();
            assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
            assert!(call::run(&of_text()).is_ok(), "a policy that loads is linted");
        }
        Err(error) => {
            check_error(&error);
            let lines = u32::try_from(text.matches('\n').count() + 1).unwrap_or(u32::MAX);
            assert!(error.position().is_none_or(|at| (1..=lines).contains(&at.line) && at.column >= 1));
            let linted = call::run(&of_text()).map_err(|error| error.code());
            assert_eq!(linted, Err(error.code()), "loading and linting disagree");
        }
    }
}

/// Compiled bytes are refused, or load to a policy in order; edited as those of a grant.
pub fn compiled_policy(data: &[u8]) {
    let compile = |json: &[u8]| Policy::compile_json(json).ok();
    let Some(bytes) = edited(data, compile) else { return };
    match Policy::from_bytes(&bytes) {
        Ok(policy) => {
            let ids: Vec<&str> = policy.ids().collect();
            assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
            assert_eq!(Policy::from_bytes(&bytes).as_ref(), Ok(&policy), "the same bytes, another policy");
        }
        Err(error) => {
            assert_eq!((error.code().blame(), error), (Blame::Input, Error::new(ErrorCode::InvalidCompiled)));
        }
    }
}
