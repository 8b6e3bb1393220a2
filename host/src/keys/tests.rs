use std::os::unix::fs::PermissionsExt as _;

use super::*;

const CREATED: &str = "2026-01-01T00:00:00Z";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

fn replaced(from: &str, to: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let path = create_keyring(&keys, CREATED).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from));
    fs::write(&path, text.replace(from, to)).unwrap();
    match read_keyring(&keys) {
        Err(KeyError::Malformed { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_keyring_is_made_privately_once_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("a/keys");
    assert!(!has_keyring(&keys));
    let path = create_keyring(&keys, CREATED).unwrap();
    assert!(has_keyring(&keys));
    assert_eq!((mode(&path), mode(&keys)), (0o600, 0o700));
    assert_eq!(read_keyring(&keys).unwrap().len(), 1);
    assert!(matches!(create_keyring(&keys, CREATED), Err(KeyError::Exists(_))));
}

#[test]
fn a_keyring_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let path = create_keyring(&keys, CREATED).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(read_keyring(&keys), Err(KeyError::Open(_))));
}

#[test]
fn keys_are_not_put_into_a_folder_that_is_open_to_others() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(create_keyring(folder.path(), CREATED), Err(KeyError::Open(_))));
}

#[test]
fn what_is_wrong_with_a_keyring_is_said_without_its_content() {
    assert_eq!(replaced("\"version\": 1", "\"version\": 2"), "version 2 instead of 1");
    assert_eq!(replaced("\"raw\": \"", "\"raw\": \"x"), "`raw` of keys[0] is not 64 hex digits");
    assert_eq!(replaced("\"kid\": \"", "\"kid\": \"0"), "`kid` of keys[0] is not the id of its key");
    assert_eq!(replaced("\"raw\"", "\"row\""), "line 4 is not that of a keyring");
    let derived = replaced("\"raw\": \"", "\"argon2id\": {}, \"raw\": \"");
    assert_eq!(derived, "keys[0] is derived from a passphrase, which this version cannot do");
    assert_eq!(parse(br#"{"version":1,"keys":[]}"#).unwrap_err(), "no key");
    assert!(parse(b"\xff").is_err());
}

#[test]
fn a_key_is_handed_over_in_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let key = Secret::new("wdk_x".to_owned());
    let path = hand_over(&keys, "admin.key", &key, false).unwrap();
    assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("wdk_x\n", 0o600));
    assert!(matches!(hand_over(&keys, "admin.key", &key, false), Err(KeyError::Exists(_))));
    assert!(hand_over(&keys, "admin.key", &key, true).is_ok());
}
