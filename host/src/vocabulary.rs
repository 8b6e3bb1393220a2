//! The scopes that the server knows: a closed list of resources and actions, and the words that one published client offers instead.

use warded_core::scope::{Action, Scope};

use crate::error::ApiError;

/// Resources and their actions. The core takes any; what is in no list here is refused by name.
const KNOWN: &[(&str, &[&str], bool)] = &[
    ("agents", &["manage"], false),
    ("egress", &["call"], false),
    ("llm", &["request"], false),
    ("namespaces", &["read"], false),
    ("secrets", &["read", "write", "delete", "rotate"], true),
];

/// Words and what they mean on each allowed namespace; `manage:agents` has no path.
const WORDS: &[(&str, &str)] = &[
    ("import:secrets", "secrets:write"),
    ("read:secrets", "secrets:read"),
    ("rotate:secrets", "secrets:rotate"),
    ("write:secrets", "secrets:write"),
];
const MANAGE_AGENTS: &str = "manage:agents";

/// The scope that lets an agent make agents.
pub const AGENTS_MANAGE: &str = "agents:manage";

/// Checks that a scope, or a word that stands for scopes, is known.
///
/// # Errors
/// 400 naming the field.
pub fn check(field: &str, text: &str) -> Result<(), ApiError> {
    if is_word(text) {
        return Ok(());
    }
    let scope = Scope::parse(text).map_err(|error| ApiError::from_core(field, &error))?;
    let resource = KNOWN.iter().find(|(resource, ..)| *resource == scope.resource());
    let (_, actions, any) = resource.ok_or_else(|| unknown(field, "resource", RESOURCES))?;
    let known = match scope.action() {
        Action::Any => *any,
        Action::Named(action) => actions.contains(&action),
    };
    let expected = || actions.iter().copied().chain(any.then_some("*")).collect::<Vec<_>>().join(", ");
    if known { Ok(()) } else { Err(unknown(field, "action", &expected())) }
}

const RESOURCES: &str = "agents, egress, llm, namespaces, secrets";

fn unknown(field: &str, what: &str, expected: &str) -> ApiError {
    ApiError::invalid(field, format!("unknown {what}, expected one of: {expected}"))
}

/// Whether a checked text is a word that stands for scopes.
#[must_use]
pub fn is_word(text: &str) -> bool {
    text == MANAGE_AGENTS || WORDS.iter().any(|(word, _)| *word == text)
}

/// The scopes that a checked text means within the allowed namespaces: itself, or what a word stands for.
#[must_use]
pub fn translate(text: &str, namespaces: &[String]) -> Vec<String> {
    if text == MANAGE_AGENTS {
        return vec![AGENTS_MANAGE.to_owned()];
    }
    let Some((_, scope)) = WORDS.iter().find(|(word, _)| *word == text) else {
        return vec![text.to_owned()];
    };
    let below = |namespace: &String| {
        if namespace == "*" { format!("{scope}:*") } else { format!("{scope}:{namespace}/*") }
    };
    namespaces.iter().map(below).collect()
}

/// [`translate`] for a list, without repetitions.
#[must_use]
pub fn translate_all(texts: &[String], namespaces: &[String]) -> Vec<String> {
    let mut scopes: Vec<String> = texts.iter().flat_map(|text| translate(text, namespaces)).collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespaces(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn known_scopes_and_words_pass() {
        for text in [
            "secrets:read:production/*",
            "secrets:*:*",
            "secrets:rotate:a/+/KEY",
            "namespaces:read",
            "agents:manage",
            "llm:request",
            "egress:call:api.example.com",
            "read:secrets",
            "manage:agents",
        ] {
            check("scopes[0]", text).unwrap();
        }
    }

    #[test]
    fn what_is_not_known_is_refused_by_name() {
        for text in [
            "audit:read",
            "metadata:read:*",
            "secrets:list:a/*",
            "namespaces:*",
            "agents:*",
            "*:read:a",
            "secrets:read:a*b",
            "secrets",
            "",
            "delete:secrets",
        ] {
            let error = check("scopes[2]", text).unwrap_err();
            assert_eq!((error.code.status(), error.errors[0].field.as_str()), (400, "scopes[2]"), "{text}");
        }
    }

    #[test]
    fn words_mean_each_allowed_namespace() {
        let allowed = namespaces(&["production", "staging/web", "*"]);
        let expected = ["secrets:read:production/*", "secrets:read:staging/web/*", "secrets:read:*"];
        assert_eq!(translate("read:secrets", &allowed), expected);
        assert_eq!(translate("import:secrets", &namespaces(&["a"])), ["secrets:write:a/*"]);
        assert_eq!(translate("manage:agents", &[]), ["agents:manage"]);
        assert_eq!(translate("read:secrets", &[]), [""; 0]);
        assert_eq!(translate("secrets:read:b/*", &allowed), ["secrets:read:b/*"]);
        let both = namespaces(&["write:secrets", "import:secrets"]);
        assert_eq!(translate_all(&both, &namespaces(&["a"])), ["secrets:write:a/*"]);
    }
}
