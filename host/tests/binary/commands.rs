//! The commands that need no server.

use std::fs;

use super::server::Place;

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn help_and_version_are_printed_and_misuse_is_2() {
    let place = Place::new();
    assert!(text(place.run(&["--version"]).stdout).starts_with("warded "));
    assert!(text(place.run(&["--help"]).stdout).contains("serve"));
    for wrong in [&["serve", "--nonsense"][..], &["nonsense"], &[], &["member", "create"]] {
        let output = place.run(wrong);
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]), "{wrong:?}");
    }
}

#[test]
fn config_prints_every_setting_and_where_it_comes_from() {
    let place = Place::new().with("WARDED_RATE_LIMITS", "off");
    let output = text(place.run(&["config", "--data", "elsewhere"]).stdout);
    assert!(output.contains("data = \"elsewhere\" # --data\n"), "{output}");
    assert!(output.contains("rate_limits = \"off\" # WARDED_RATE_LIMITS\n"), "{output}");
    assert!(output.contains("keys = \"./keys\" # default\n"), "{output}");
    let parsed: toml::Table = output.parse().unwrap();
    let json: serde_json::Value = serde_json::from_slice(&place.run(&["config", "--json"]).stdout).unwrap();
    assert_eq!(json.as_object().unwrap().len(), parsed.len());
    assert_eq!(json["rate_limits"]["source"], "WARDED_RATE_LIMITS");
    assert!(!place.path("elsewhere").exists());
}

#[test]
fn a_keyring_is_made_once() {
    let place = Place::new();
    assert!(text(place.run(&["keyring", "create"]).stdout).contains("keys/keyring"));
    let again = place.run(&["keyring", "create"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(again.stderr).contains("exists already"));
}

#[test]
fn a_members_key_is_in_a_file_unless_it_is_to_be_revealed() {
    let place = Place::new();
    place.start().stop();
    let create = |email: &str, more: &[&str]| {
        let member = ["member", "create", "--role", "viewer", "--name", "V", "--email", email];
        place.run(&[&member[..], more].concat())
    };
    let said = text(create("v@example.com", &[]).stdout);
    let key = fs::read_to_string(place.path("keys/viewer.key")).unwrap();
    assert!(said.contains("keys/viewer.key") && !said.contains(key.trim_end()), "{said}");
    let revealed = text(create("w@example.com", &["--reveal"]).stdout);
    let taken = create("v@example.com", &[]);
    assert_eq!(taken.status.code(), Some(1));
    let server = place.start();
    for key in [key, revealed] {
        let me = server.get("/v1/me", &format!("authorization: Bearer {}\r\n", key.trim_end()));
        assert_eq!((me.status, me.json()["role"].as_str()), (200, Some("viewer")));
    }
    assert!(text(create("x@example.com", &[]).stderr).contains("in use by another server"));
}

#[test]
fn the_audit_of_a_folder_and_of_its_export_is_verified() {
    let place = Place::new();
    place.start().stop();
    let verified = place.run(&["audit", "verify"]);
    assert_eq!(verified.status.code(), Some(0));
    assert!(text(verified.stdout).contains("signatures were not checked"));
    let exported = text(place.run(&["audit", "export", "--data", "data", "--output", "audit.ndjson"]).stdout);
    assert_eq!(exported, "3 records in audit.ndjson\n");
    assert_eq!(
        place.run(&["audit", "export", "--data", "data", "--output", "audit.ndjson"]).status.code(),
        Some(1)
    );
    let export = fs::read_to_string(place.path("audit.ndjson")).unwrap();
    assert_eq!(export, text(place.run(&["audit", "export", "--data", "data"]).stdout));
    let json: serde_json::Value =
        serde_json::from_slice(&place.run(&["audit", "verify", "--json", "audit.ndjson"]).stdout).unwrap();
    assert_eq!((json["ok"].as_bool(), json["checked"].as_u64()), (Some(true), Some(3)));
    fs::write(place.path("changed.ndjson"), export.replace("system.started", "system.stopped")).unwrap();
    let changed = place.run(&["audit", "verify", "changed.ndjson", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&changed.stdout).unwrap();
    assert_eq!((changed.status.code(), json["first_bad"].as_u64()), (Some(1), Some(2)));
    assert_eq!(json["reason"], "leaf_mismatch");
    let absent = place.run(&["audit", "verify", "--data", "absent"]);
    assert_eq!((absent.status.code(), text(absent.stderr).lines().count()), (Some(1), 1));
}
