use super::*;

const DOCUMENTED: &str = include_str!("../../config.default.toml");

fn from_file(text: &str) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("warded.toml");
    std::fs::write(&path, text).unwrap();
    Typed::collect(&[], Some(&path), |_| None)?.resolve()
}

fn message(text: &str) -> String {
    let message = from_file(text).unwrap_err().to_string();
    message.split_once("warded.toml: ").expect("names the file").1.to_owned()
}

fn uncommented() -> String {
    let is_setting = |line: &&str| line.starts_with('#') && !line.starts_with("# ") && line.len() > 1;
    DOCUMENTED.lines().filter(is_setting).map(|line| format!("{}\n", line.trim_start_matches('#'))).collect()
}

#[test]
fn the_documented_file_changes_nothing_and_names_every_setting() {
    let defaults = Typed::defaults().unwrap();
    assert_eq!(from_file(DOCUMENTED).unwrap(), defaults.resolve().unwrap());
    let documented: toml::Table = uncommented().parse().unwrap();
    let keys: Vec<&str> = documented.keys().map(String::as_str).collect();
    let mut expected: Vec<&str> = SETTINGS.iter().map(|setting| setting.key).collect();
    expected.sort_unstable();
    let mut sorted = keys;
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    for (key, value, _) in defaults.iter() {
        assert_eq!(documented.get(key), Some(value), "{key}");
    }
}

#[test]
fn a_flag_beats_the_environment_which_beats_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("warded.toml");
    std::fs::write(&path, "listen = '127.0.0.1:1'\ndata = '/file'\nkeys = '/file'\n").unwrap();
    let variable = |name: &str| match name {
        "WARDED_LISTEN" => Some("127.0.0.1:2".to_owned()),
        "WARDED_DATA" => Some("/environment".to_owned()),
        "WARDED_TRUSTED_PROXIES" => Some("10.0.0.0/8, ::1".to_owned()),
        _ => None,
    };
    let typed = Typed::collect(&[("listen", "127.0.0.1:3".to_owned())], Some(&path), variable).unwrap();
    let config = typed.resolve().unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.data, Path::new("/environment"));
    assert_eq!(config.keys, Path::new("/file"));
    assert_eq!(config.trusted_proxies.len(), 2);
    assert_eq!(config.forwarded_header, ForwardedHeader::XForwardedFor);
}

#[test]
fn the_environment_may_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("warded.toml");
    std::fs::write(&path, "rate_limits = 'off'\n").unwrap();
    let name = path.display().to_string();
    let typed = Typed::collect(&[], None, |key| (key == "WARDED_CONFIG").then(|| name.clone())).unwrap();
    assert!(!typed.resolve().unwrap().rate_limits.enabled);
}

#[test]
fn what_is_wrong_in_a_file_is_named_by_file_and_key() {
    assert_eq!(message("lisen = 'x'"), "`lisen`: unknown setting, see `warded config`");
    assert_eq!(message("listen = 8200"), "`listen`: expected a string");
    assert_eq!(
        message("listen = '8200'"),
        "`listen`: expected an address and a port, such as 127.0.0.1:8200"
    );
    assert_eq!(message("production = 'yes'"), "`production`: expected true or false");
    assert_eq!(message("trusted_proxies = '::1'"), "`trusted_proxies`: expected a list of strings");
    assert_eq!(message("rate_limit_tokens = 0"), "`rate_limit_tokens`: expected a number from 1 to 10000000");
    assert!(message("trusted_proxies = ['::1', '10.1.0.0/8']").starts_with("`trusted_proxies[1]`: "));
    assert!(message("cors_origins = ['*']").starts_with("`cors_origins[0]`: expected an origin"));
    assert!(message("body_timeout = '0s'").starts_with("`body_timeout`: "));
    assert!(message("\n\nlisten = \n").starts_with("line 3: "));
}

#[test]
fn what_is_wrong_elsewhere_is_named_by_variable_or_flag() {
    let from_variable = |name: &'static str, text: &'static str| {
        let typed = Typed::collect(&[], None, move |key| (key == name).then(|| text.to_owned()));
        typed.and_then(|typed| typed.resolve()).unwrap_err().to_string()
    };
    assert_eq!(from_variable("WARDED_PRODUCTION", "1"), "`WARDED_PRODUCTION`: expected true or false");
    assert_eq!(from_variable("WARDED_RATE_LIMITS", "no"), "`WARDED_RATE_LIMITS`: expected `on` or `off`");
    let typed = Typed::collect(&[("listen", "here".to_owned())], None, |_| None).unwrap();
    assert!(typed.resolve().unwrap_err().to_string().starts_with("`--listen`: "));
    let missing = Typed::collect(&[], Some(Path::new("/nowhere.toml")), |_| None).unwrap_err();
    assert!(missing.to_string().starts_with("/nowhere.toml: cannot be read: "));
}
