use axum::http::HeaderValue;
use warded_core::crypto::token::mint;

use super::*;

fn accepted(lines: &[&str]) -> bool {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(header::AUTHORIZATION, HeaderValue::from_str(line).unwrap());
    }
    bearer(&headers).is_some()
}

#[test]
fn one_bearer_token_of_the_right_form_is_taken() {
    let token = mint(TokenKind::Scoped, &[7; 32]);
    let text = token.expose();
    assert!(accepted(&[&format!("Bearer {text}")]));
    assert!(accepted(&[&format!("bearer  {text}")]));
    for wrong in [
        format!("Basic {text}"),
        format!("Bearer{text}"),
        format!("Bearer {text} x"),
        format!("Bearer {}0", text.get(..52).unwrap()),
        format!("Bearer {text}, Bearer {text}"),
        "Bearer ".to_owned(),
        "Bearer".to_owned(),
        text.to_owned(),
    ] {
        assert!(!accepted(&[&wrong]));
    }
    assert!(!accepted(&[]));
    assert!(!accepted(&[&format!("Bearer {text}"), &format!("Bearer {text}")]));
}

#[test]
fn only_credentials_that_keep_their_hash_are_remembered() {
    let callers = KnownCallers::default();
    let known = |id| Known { id, principal: "agt_1".into() };
    callers.keep([1; 32], &known(CallerId::Agent("agt_1".to_owned())));
    callers.keep([2; 32], &known(CallerId::Token("tok_1".to_owned())));
    assert!(callers.find(&[1; 32]).is_none());
    assert_eq!(callers.find(&[2; 32]).unwrap().id, CallerId::Token("tok_1".to_owned()));
}
