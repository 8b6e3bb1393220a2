use std::os::unix::fs::PermissionsExt as _;

use super::*;

const CREATED: &str = "2026-01-01T00:00:00Z";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

fn replaced(from: &str, to: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let path = create_keyring(&keys, CREATED, None).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from));
    fs::write(&path, text.replace(from, to)).unwrap();
    match read_keyring(&keys, None) {
        Err(KeyError::Malformed { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_keyring_is_made_privately_once_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("a/keys");
    assert!(!has_keyring(&keys));
    let path = create_keyring(&keys, CREATED, None).unwrap();
    assert!(has_keyring(&keys));
    assert_eq!((mode(&path), mode(&keys)), (0o600, 0o700));
    assert_eq!(read_keyring(&keys, None).unwrap().len(), 1);
    assert!(matches!(create_keyring(&keys, CREATED, None), Err(KeyError::Exists(_))));
}

#[test]
fn a_keyring_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let path = create_keyring(&keys, CREATED, None).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(read_keyring(&keys, None), Err(KeyError::Open(_))));
}

#[test]
fn keys_are_not_put_into_a_folder_that_is_open_to_others() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(create_keyring(folder.path(), CREATED, None), Err(KeyError::Open(_))));
}

#[test]
fn what_is_wrong_with_a_keyring_is_said_without_its_content() {
    assert_eq!(replaced("\"version\": 1", "\"version\": 2"), "version 2 instead of 1");
    assert_eq!(replaced("\"raw\": \"", "\"raw\": \"x"), "`raw` of keys[0] is not 64 hex digits");
    assert_eq!(replaced("\"kid\": \"", "\"kid\": \"0"), "`kid` of keys[0] is not the id of its key");
    assert_eq!(replaced("\"raw\"", "\"row\""), "line 4 is not that of a keyring");
    let pbkdf2 = r#""pbkdf2": { "iterations": 600000, "salt": "00" }, "raw": ""#;
    let both = "keys[0] needs one of `raw`, `argon2id` and `pbkdf2`";
    assert_eq!(replaced("\"raw\": \"", pbkdf2), both);
    let said = |text: &[u8]| match parse(text, &mut Passphrase::new(None)) {
        Err(Refusal::Malformed(what)) => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(said(br#"{"version":1,"keys":[]}"#), "no key");
    assert_eq!(said(br#"{"version":1,"keys":[{"kid":"","created":""}]}"#), both);
    assert!(said(b"\xff").starts_with("line "));
}

/// A keyring made with a passphrase, and the file of that.
fn with_passphrase(folder: &Path) -> (PathBuf, PathBuf) {
    let (keys, file) = (folder.join("keys"), folder.join("passphrase"));
    write_file(&file, "correct horse battery staple\n");
    create_keyring(&keys, CREATED, Some(&file)).unwrap();
    (keys, file)
}

fn write_file(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn refusal(keys: &Path, passphrase: Option<&Path>) -> String {
    read_keyring(keys, passphrase).unwrap_err().to_string()
}

#[test]
fn a_keyring_of_a_passphrase_holds_no_key_and_opens_with_it_only() {
    let folder = tempfile::tempdir().unwrap();
    let (keys, file) = with_passphrase(folder.path());
    let key = read_keyring(&keys, Some(&file)).unwrap();
    let text = fs::read_to_string(keys.join(KEYRING)).unwrap();
    assert!(text.contains(r#""argon2id": { "m": 65536, "t": 3, "p": 1, "salt": ""#), "{text}");
    assert!(!text.contains("raw") && !text.contains(&hex::encode(key[0].expose())));
    assert!(refusal(&keys, None).contains("name its file in `keyring_passphrase_file`"));
    write_file(&file, "correct horse battery staples");
    assert!(refusal(&keys, Some(&file)).contains("another passphrase?"));
}

#[test]
fn a_passphrase_is_one_private_line() {
    let folder = tempfile::tempdir().unwrap();
    let (keys, file) = with_passphrase(folder.path());
    write_file(&file, "correct horse battery staple\r\n");
    assert!(read_keyring(&keys, Some(&file)).is_ok());
    for text in ["", "\n", "seven77\n", "two lines\nof text\n"] {
        write_file(&file, text);
        assert!(refusal(&keys, Some(&file)).contains("is not a passphrase"), "{text:?}");
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(read_keyring(&keys, Some(&file)), Err(KeyError::Open(_))));
    fs::remove_file(&file).unwrap();
    assert!(matches!(read_keyring(&keys, Some(&file)), Err(KeyError::Unusable { .. })));
}

#[test]
fn costs_below_the_floors_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passphrase");
    write_file(&file, "correct horse battery staple");
    let said = |entry: &str| {
        let text = [r#"{"version":1,"keys":[{"kid":"x","created":"","#, entry, "}]}"].concat();
        match parse(text.as_bytes(), &mut Passphrase::new(Some(&file))) {
            Err(Refusal::Malformed(what)) => what,
            other => panic!("{other:?}"),
        }
    };
    let salt = "00".repeat(16);
    assert!(said(&format!(r#""argon2id":{{"m":19455,"t":2,"p":1,"salt":"{salt}"}}"#)).contains("memory"));
    assert!(said(&format!(r#""argon2id":{{"m":19456,"t":1,"p":1,"salt":"{salt}"}}"#)).contains("iterations"));
    assert!(said(&format!(r#""pbkdf2":{{"iterations":99999,"salt":"{salt}"}}"#)).contains("iterations"));
    assert!(said(r#""pbkdf2":{"iterations":100000,"salt":"00"}"#).contains("salt"));
    assert!(said(r#""pbkdf2":{"iterations":100000,"salt":"xx"}"#).contains("`salt` of keys[0] is not hex"));
    assert!(
        said(&format!(r#""pbkdf2":{{"iterations":100000,"salt":"{salt}"}}"#)).contains("another passphrase?")
    );
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
