use super::*;
use crate::config::Typed;

fn config(folder: &Path, flags: &[(&'static str, &str)]) -> Config {
    let path = |name: &str| folder.join(name).display().to_string();
    let mut all = vec![("data", path("data")), ("keys", path("keys"))];
    all.extend(flags.iter().map(|(key, value)| (*key, (*value).to_owned())));
    Typed::collect(&all, None, |_| None).unwrap().resolve().unwrap()
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

fn refused(config: Config) -> String {
    run(open(config)).unwrap_err().to_string()
}

#[test]
fn a_first_start_makes_keys_and_an_admin_and_a_second_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let opened = run(open(config(folder.path(), &[]))).unwrap();
    let names: Vec<_> = opened.made.iter().filter_map(|path| path.file_name()).collect();
    assert_eq!(names, ["keyring", "admin.key"]);
    let tenant = opened.app.tenant;
    drop(opened);
    let again = run(open(config(folder.path(), &[]))).unwrap();
    assert_eq!((again.made.len(), again.app.tenant), (0, tenant));
}

#[test]
fn data_and_keyring_belong_together() {
    let folder = tempfile::tempdir().unwrap();
    drop(run(open(config(folder.path(), &[]))).unwrap());
    let keyring = folder.path().join("keys/keyring");
    let kept = fs::read(&keyring).unwrap();
    fs::remove_file(&keyring).unwrap();
    assert!(refused(config(folder.path(), &[])).contains("there is no keyring in"));
    keys::create_keyring(&folder.path().join("keys"), "2026-01-01T00:00:00Z", None).unwrap();
    assert!(refused(config(folder.path(), &[])).contains("is not the one that sealed the data"));
    fs::write(&keyring, kept).unwrap();
    fs::remove_dir_all(folder.path().join("data")).unwrap();
    assert!(refused(config(folder.path(), &[])).contains("but no data in"));
    assert!(!folder.path().join("data").exists());
}

#[test]
fn a_first_start_that_broke_off_is_finished_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(&folder.path().join("data"), Clock::system(), false).unwrap());
    assert_eq!(run(open(config(folder.path(), &[]))).unwrap().made.len(), 2);

    let folder = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(&folder.path().join("data"), Clock::system(), false).unwrap());
    keys::create_keyring(&folder.path().join("keys"), "2026-01-01T00:00:00Z", None).unwrap();
    assert_eq!(run(open(config(folder.path(), &[]))).unwrap().made.len(), 1);
}

#[test]
fn production_makes_nothing_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let production = || config(folder.path(), &[("production", "true")]);
    assert!(refused(production()).contains("warded keyring create"));
    keys::create_keyring(&folder.path().join("keys"), "2026-01-01T00:00:00Z", None).unwrap();
    assert!(refused(production()).contains("warded member create"));
    let member =
        NewMember { role: Role::Admin, email: "a@b", name: "A", file: Some("admin.key"), replace: false };
    assert!(matches!(run(create_member(&production(), &member)), Ok(HandedOver::File(_))));
    let again = NewMember { file: Some("other.key"), ..member };
    let taken = run(create_member(&production(), &again)).unwrap_err();
    assert_eq!(taken.to_string(), "the member cannot be added: there is a member with this address");
    assert!(!folder.path().join("keys/other.key").exists());
    assert!(run(open(production())).unwrap().made.is_empty());
}

#[test]
fn production_refuses_what_is_not_fit_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let with = |flags: &[(&'static str, &str)]| {
        let mut all = vec![("production", "true")];
        all.extend(flags);
        refused(config(folder.path(), &all))
    };
    assert!(with(&[("listen", "0.0.0.0:8200")]).contains("`listen`"));
    assert!(!with(&[("listen", "0.0.0.0:8200"), ("trusted_proxies", "10.0.0.1")]).contains("`listen`"));
    assert!(with(&[("rate_limits", "off")]).contains("`rate_limits`"));
    let inside = folder.path().join("data/keys").display().to_string();
    assert!(with(&[("keys", &inside)]).contains("inside `data`"));
}
