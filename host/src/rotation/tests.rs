use super::*;
use crate::config::Typed;

fn defaults() -> Periods {
    Typed::collect(&[], None, |_| None).unwrap().resolve().unwrap().rotation_periods
}

fn secret(path: &str, secret_type: SecretType, metadata: &str) -> SecretRow {
    let written = Millis::new(1_000).unwrap();
    SecretRow {
        id: "sec_1".to_owned(),
        path: path.to_owned(),
        secret_type,
        tier: Tier::Standard,
        metadata: metadata.to_owned(),
        version: 1,
        created_at: written,
        updated_at: written,
        value_at: written,
        created_by: "agt_1".to_owned(),
    }
}

#[track_caller]
fn assert_days(expected: u64, path: &str, secret_type: SecretType, metadata: &str) {
    let periods = defaults();
    let (due, rule) = periods.due(&secret(path, secret_type, metadata)).unwrap();
    assert_eq!(
        due.as_u64(),
        1_000 + expected * 86_400_000,
        "{path} {secret_type:?} {metadata}: {}",
        rule.text
    );
}

#[test]
fn the_defaults_are_what_the_field_keeps_to() {
    use SecretType as T;
    assert_days(14, "production/KEY", T::ApiKey, r#"{"purpose":"payment"}"#);
    assert_days(30, "production/db/URL", T::DbCredential, "null");
    assert_days(30, "prod/db/URL", T::DbCredential, "null");
    assert_days(30, "production/host/KEY", T::SshKey, "null");
    assert_days(60, "anything/KEY", T::OauthToken, "null");
    assert_days(90, "production/llm/KEY", T::ApiKey, r#"{"purpose":"model"}"#);
    assert_days(180, "staging/db/URL", T::DbCredential, "null");
    assert_days(180, "stage/KEY", T::Custom, "null");
    assert_days(180, "production/KEY", T::ApiKey, r#"{"purpose":"webhook"}"#);
    assert_days(365, "production/KEY", T::ApiKey, r#"{"purpose":"read_only"}"#);
    assert_days(365, "production/KEY", T::Certificate, "{}");
    assert_eq!(defaults().shortest().map(Millis::as_u64), Some(14 * 86_400_000));
}

#[test]
fn the_first_rule_that_is_for_the_secret_counts() {
    let rules =
        ["tier=critical 1d", "path=a/+/KEY 2d", "environment=prod type=custom 3d", "path=a/* never", "4d"];
    let periods = Periods::new(rules.iter().map(|text| Rule::parse(text).unwrap()).collect());
    let due = |secret: &SecretRow| periods.due(secret).map(|(due, _)| (due.as_u64() - 1_000) / 86_400_000);
    assert_eq!(due(&secret("a/b/KEY", SecretType::Custom, "null")), Some(2));
    assert_eq!(
        due(&SecretRow { tier: Tier::Critical, ..secret("a/b/KEY", SecretType::Custom, "null") }),
        Some(1)
    );
    assert_eq!(due(&secret("production/KEY", SecretType::Custom, "null")), Some(3));
    assert_eq!(due(&secret("a/OTHER", SecretType::Custom, "null")), None);
    assert_eq!(due(&secret("b/OTHER", SecretType::Custom, "null")), Some(4));
    assert_eq!(
        Periods::new(Vec::new()).due(&secret("a/KEY", SecretType::Custom, "null")).map(|(due, _)| due),
        None
    );
    assert_eq!(Periods::new(Vec::new()).shortest(), None);
}

#[test]
fn what_is_no_rule_is_refused() {
    for text in [
        "",
        "type=custom",
        "30",
        "30w",
        "type=password 30d",
        "tier=top 30d",
        "path=a*b 30d",
        "color=red 30d",
        "production 30d",
        "30d 30d",
    ] {
        assert!(Rule::parse(text).is_err(), "{text}");
    }
}
