use alloc::format;

use super::*;

const POLICY: &str = r#"{"version":1,"rules":[
    {"id":"models","effect":"allow","subjects":["agt_1"],"actions":["llm:request"],"when":{"all":[
        {"attribute":"model","prefix":"claude-"}]}},
    {"id":"careful","effect":"require_approval","actions":["llm:request"],"when":{"attribute":"trust","lt":2}},
    {"id":"never","effect":"deny","when":{"attribute":"ip","cidr":["10.6.6.0/24"]}}]}"#;

fn loaded_policy(engine: &mut Engine, policy: &str) -> Vec<u8> {
    let compiled = done(engine, Export::COMPILE_POLICY, policy.as_bytes());
    done(engine, Export::LOAD_POLICY, &compiled)
}

/// What a request is made of that only a policy looks at.
struct Asked<'a> {
    trust: u8,
    ip: &'a str,
    subject: &'a str,
    model: &'a str,
    approval: Option<([u8; 32], u8)>,
}

const ASKED: Asked<'static> =
    Asked { trust: 2, ip: "10.0.0.1", subject: "agt_1", model: "claude-x", approval: None };

fn packed(grant: &[u8], policy: &[u8], asked: &Asked<'_>) -> Vec<u8> {
    let length = |text: &str| u8::try_from(text.len()).unwrap();
    let flags = 2 | (u8::from(asked.approval.is_some()) << 2);
    let mut request = vec![1, 1, 0, 0, 3, 7, 0, 0, 1, length(asked.ip), asked.trust, flags];
    request.extend_from_slice(&[length(asked.subject), 3, 0, 0]);
    request.extend_from_slice(&1000_u64.to_le_bytes());
    request.extend_from_slice(&[policy, &[0; 4]].concat());
    if let Some((digest, approvers)) = asked.approval {
        request.extend_from_slice(&[&digest[..], &[approvers, 0, 0, 0, 0, 0, 0, 0]].concat());
    }
    request.extend_from_slice(&[grant, &[0; 28]].concat());
    for text in ["llm", "request", asked.ip, asked.subject] {
        request.extend_from_slice(text.as_bytes());
    }
    request.extend_from_slice(
        &[&[5, 0, length(asked.model), 0], b"model".as_slice(), asked.model.as_bytes()].concat(),
    );
    request.extend_from_slice(&[&[4, 1, 8, 0], b"port".as_slice(), &443_u64.to_le_bytes()].concat());
    request.extend_from_slice(&[&[3, 2, 1, 0], b"mfa".as_slice(), &[1]].concat());
    request
}

fn engine() -> (Engine, Vec<u8>, Vec<u8>) {
    let mut engine = Engine::new();
    let grant = loaded(&mut engine, r#"{"scopes":["llm:request"]}"#);
    let policy = loaded_policy(&mut engine, POLICY);
    (engine, grant, policy)
}

/// Outcome, codes and the texts behind the reasons.
fn decided(engine: &mut Engine, input: &[u8]) -> (u8, Vec<u16>, Vec<u8>) {
    let answer = done(engine, Export::DECIDE, input);
    let reasons = usize::from(answer[2]);
    let codes = answer[32..].chunks(4).take(reasons).map(|reason| {
        assert_eq!(reason[2], 255, "no link's reason");
        u16::from_le_bytes([reason[0], reason[1]])
    });
    (answer[0], codes.collect(), answer[32 + 4 * reasons..].to_vec())
}

#[test]
fn a_packed_request_is_decided_under_a_policy() {
    let (mut engine, grant, policy) = engine();
    let mut ask = |asked: &Asked<'_>| decided(&mut engine, &packed(&grant, &policy, asked));
    assert_eq!(ask(&ASKED), (1, vec![], vec![]));
    let number = |code: ErrorCode| code.number();
    let refused = (0, vec![number(ErrorCode::PolicyDenied)], b"never".to_vec());
    assert_eq!(ask(&Asked { ip: "10.6.6.6", ..ASKED }), refused);
    assert_eq!(ask(&Asked { subject: "agt_2", ..ASKED }), (0, vec![number(ErrorCode::NoRuleAllows)], vec![]));
    let model = vec![number(ErrorCode::NoRuleAllows), number(ErrorCode::ModelNotAllowed)];
    assert_eq!(ask(&Asked { model: "gpt-x", ..ASKED }), (0, model, vec![]));
}

#[test]
fn what_people_approve_is_asked_for_and_let_through() {
    let (mut engine, grant, policy) = engine();
    let asked = Asked { trust: 1, ..ASKED };
    let (outcome, codes, behind) = decided(&mut engine, &packed(&grant, &policy, &asked));
    assert_eq!((outcome, codes), (2, vec![ErrorCode::ApprovalRequired.number()]));
    let (rule, approval) = behind.split_at(7);
    assert_eq!(rule, b"careful");
    let (digest, rest) = approval.split_first_chunk::<32>().unwrap();
    assert_eq!(rest, [1, 0, 0, 0]);
    let approved = |digest| Asked { approval: Some((digest, 1)), ..Asked { trust: 1, ..ASKED } };
    assert_eq!(decided(&mut engine, &packed(&grant, &policy, &approved(*digest))).0, 1);
    let (outcome, codes, _) = decided(&mut engine, &packed(&grant, &policy, &approved([0; 32])));
    let mismatch = vec![ErrorCode::ApprovalRequired.number(), ErrorCode::ApprovalMismatch.number()];
    assert_eq!((outcome, codes), (2, mismatch));
}

#[test]
fn a_policy_that_is_not_loaded_is_stale() {
    let (mut engine, grant, _) = engine();
    let (status, _) = run(&mut engine, Export::DECIDE, &packed(&grant, &[0; 12], &ASKED));
    assert_eq!(status, ErrorCode::Stale.number());
    let (status, _) = run(&mut engine, Export::DECIDE, &packed(&grant, &grant, &ASKED));
    assert_eq!(status, ErrorCode::Stale.number(), "a grant is no policy");
}

#[test]
fn every_truncation_under_a_policy_is_refused() {
    let (mut engine, grant, policy) = engine();
    let input = packed(&grant, &policy, &Asked { approval: Some(([7; 32], 2)), ..ASKED });
    assert_eq!(decided(&mut engine, &input).0, 1);
    for length in 0..input.len() {
        let (status, _) = run(&mut engine, Export::DECIDE, &input[..length]);
        assert_eq!(status, ErrorCode::InvalidBuffer.number(), "{length}");
    }
    let (status, _) = run(&mut engine, Export::DECIDE, &[&input[..], &[0]].concat());
    assert_eq!(status, ErrorCode::InvalidBuffer.number());
}

#[test]
fn parts_that_are_laid_out_wrongly_are_refused() {
    let (mut engine, grant, policy) = engine();
    let input = packed(&grant, &policy, &Asked { approval: Some(([7; 32], 2)), ..ASKED });
    // Flags, attributes, zeros, zeros behind the policy, approvers, zeros behind them.
    for (at, byte) in [(11, 8), (13, 65), (14, 1), (15, 1), (36, 1), (72, 0), (72, 17), (73, 1)] {
        let mut wrong = input.clone();
        wrong[at] = byte;
        let (status, _) = run(&mut engine, Export::DECIDE, &wrong);
        assert_eq!(status, ErrorCode::InvalidBuffer.number(), "byte {at}");
    }
}

#[test]
fn more_reasons_than_the_answer_has_room_for_are_refused() {
    let mut engine = Engine::new();
    let grant = loaded(&mut engine, r#"{"scopes":["llm:request"]}"#);
    for (rules, expected) in [(15, 0), (16, ErrorCode::LimitExceeded.number())] {
        let rules: Vec<String> =
            (0..rules).map(|id| format!(r#"{{"id":"{id:0>64}","effect":"deny"}}"#)).collect();
        let policy = format!(r#"{{"version":1,"rules":[{}]}}"#, rules.join(","));
        let policy = loaded_policy(&mut engine, &policy);
        let (status, answer) = run(&mut engine, Export::DECIDE, &packed(&grant, &policy, &ASKED));
        assert_eq!(status, expected);
        if status == 0 {
            // The head, a usage, fifteen rules and that none allows.
            assert_eq!(answer.len(), 8 + 24 + 16 * 4 + 15 * 64);
        }
    }
}
