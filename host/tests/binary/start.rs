//! What a first start makes, and every reason not to start.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use super::server::Place;

fn mode(place: &Place, name: &str) -> u32 {
    fs::metadata(place.path(name)).unwrap().mode() & 0o777
}

#[test]
fn a_first_start_makes_keys_for_the_owner_alone_and_prints_neither() {
    let place = Place::new();
    let mut server = place.start();
    assert!(server.line().starts_with("metrics on http://127.0.0.1:"));
    let stderr = server.stop();
    assert_eq!([mode(&place, "keys"), mode(&place, "data")], [0o700, 0o700]);
    assert_eq!([mode(&place, "keys/keyring"), mode(&place, "keys/admin.key")], [0o600, 0o600]);
    let (keyring, admin) = (fs::read_to_string(place.path("keys/keyring")).unwrap(), place.admin_key());
    let keyring: serde_json::Value = serde_json::from_str(&keyring).unwrap();
    let raw = keyring["keys"][0]["raw"].as_str().unwrap();
    assert!(stderr.contains("keys/keyring") && stderr.contains("keys/admin.key"), "{stderr}");
    assert!(!stderr.contains(raw) && !stderr.contains(&admin), "{stderr}");
    assert_eq!(fs::read_to_string(place.path("keys/admin.key")).unwrap(), format!("{admin}\n"));
    warded_core::crypto::token::parse(&admin).unwrap();
}

#[test]
fn a_second_start_keeps_keys_and_answers_the_same_admin() {
    let place = Place::new();
    place.start().stop();
    let keys =
        || [fs::read(place.path("keys/keyring")).unwrap(), fs::read(place.path("keys/admin.key")).unwrap()];
    let before = keys();
    let server = place.start();
    assert_eq!(keys(), before);
    let me = server.get("/v1/me", &format!("authorization: Bearer {}\r\n", place.admin_key()));
    assert_eq!((me.status, me.json()["role"].as_str()), (200, Some("admin")));
}

#[test]
fn a_port_in_use_is_one_line_and_leaves_no_trace() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let place = Place::new();
    assert!(place.refusal(&["--listen", &address]).contains("in use"));
    assert!(!place.path("data").exists() && !place.path("keys").exists());
}

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let place = Place::new();
    let server = place.start();
    assert!(place.refusal(&["--listen", "127.0.0.1:0"]).contains("in use by another server"));
    assert_eq!(server.get("/v1/health", "").status, 200);
}

#[test]
fn settings_that_are_wrong_are_named() {
    let place = Place::new();
    fs::write(place.path("warded.toml"), "rate_limitz = 'off'\n").unwrap();
    let line = place.refusal(&["--config", "warded.toml"]);
    assert_eq!(line, "warded: warded.toml: `rate_limitz`: unknown setting, see `warded config`\n");
    let place = Place::new().with("WARDED_BODY_TIMEOUT", "soon");
    assert!(place.refusal(&[]).starts_with("warded: `WARDED_BODY_TIMEOUT`: "));
    let place = Place::new().with("WARDED_LOG", "warded=loud");
    assert!(place.refusal(&[]).starts_with("warded: `WARDED_LOG`: expected a filter"));
    assert!(!place.path("data").exists());
}

#[test]
fn a_keyring_that_is_wrong_missing_or_open_to_others_is_refused() {
    let place = Place::new();
    place.start().stop();
    let keyring = place.path("keys/keyring");
    let listen = ["--listen", "127.0.0.1:0"];
    fs::set_permissions(&keyring, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(place.refusal(&listen).contains("can be read by other users: run `chmod go-rwx`"));
    fs::set_permissions(&keyring, fs::Permissions::from_mode(0o600)).unwrap();
    let kept = fs::read(&keyring).unwrap();
    fs::remove_file(&keyring).unwrap();
    assert!(place.refusal(&listen).contains("there is no keyring"));
    assert!(!keyring.exists());
    assert!(place.run(&["keyring", "create"]).status.success());
    assert!(place.refusal(&listen).contains("is not the one that sealed the data"));
    fs::write(&keyring, "not a keyring").unwrap();
    assert!(place.refusal(&listen).contains("is not a usable keyring"));
    fs::write(&keyring, kept).unwrap();
    place.start().stop();
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let place = Place::new();
    fs::write(place.path("a-file"), "").unwrap();
    for arguments in [["--data", "a-file"], ["--data", "a-file/data"], ["--keys", "a-file/keys"]] {
        assert!(place.refusal(&[&["--listen", "127.0.0.1:0"], &arguments[..]].concat()).contains("a-file"));
    }
}

#[test]
fn production_makes_no_keys_and_refuses_plain_http_off_loopback() {
    let place = Place::new().with("WARDED_PRODUCTION", "true");
    assert!(place.refusal(&["--listen", "127.0.0.1:0"]).contains("warded keyring create"));
    assert!(place.refusal(&["--listen", "0.0.0.0:0"]).contains("`listen` is plain HTTP"));
    assert!(!place.path("keys").exists());
    assert!(place.run(&["keyring", "create"]).status.success());
    assert!(place.refusal(&["--listen", "127.0.0.1:0"]).contains("warded member create"));
    let member = ["member", "create", "--role", "admin", "--email", "a@example.com", "--name", "A"];
    assert!(place.run(&member).status.success());
    let server = place.start();
    let me = server.get("/v1/me", &format!("authorization: Bearer {}\r\n", place.admin_key()));
    assert_eq!(me.json()["email"], "a@example.com");
}
