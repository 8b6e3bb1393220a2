//! Secrets: paths as byte ranges, one live secret per path, versions with their data keys.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rusqlite::Connection;
use warded::store::{DeletedRow, SecretRow, SecretType, query};
use warded_core::path::Path;
use warded_core::tier::Tier;

use super::fixture::{Fixture, at, secret, version};

fn path(text: &str) -> Path<'_> {
    Path::parse(text).unwrap()
}

fn paths(found: &[SecretRow]) -> Vec<&str> {
    found.iter().map(|found| found.path.as_str()).collect()
}

fn with(paths: &'static [&'static str]) -> Fixture {
    let fixture = Fixture::new();
    fixture.write(move |tx| paths.iter().try_for_each(|path| tx.add_secret(&secret(path))));
    fixture
}

#[test]
fn a_deleted_path_written_again_is_a_new_secret() {
    let fixture = with(&["a/KEY"]);
    fixture.write(|tx| {
        tx.delete_secret("sec_a/KEY")?;
        assert!(tx.secret(path("a/KEY"))?.is_none());
        tx.add_secret(&SecretRow { id: "sec_new".to_owned(), tier: Tier::Critical, ..secret("a/KEY") })
    });
    let found = query(&fixture.store, |read| read.secret(path("a/KEY"))).unwrap().unwrap();
    assert_eq!((found.id.as_str(), found.tier), ("sec_new", Tier::Critical));
    assert_eq!(query(&fixture.store, |read| read.counts()).unwrap().secrets, 1);
    let twice = fixture.run(|tx| {
        tx.add_secret(&SecretRow { id: "sec_twice".to_owned(), ..secret("a/KEY") })?;
        Ok(super::fixture::done((), []))
    });
    assert!(twice.is_err(), "one live secret per path");
}

#[test]
fn an_update_changes_what_it_may_and_nothing_of_a_deleted_secret() {
    let fixture = with(&["a/KEY", "a/GONE"]);
    fixture.write(|tx| {
        tx.delete_secret("sec_a/GONE")?;
        for path in ["a/KEY", "a/GONE"] {
            tx.update_secret(&SecretRow {
                secret_type: SecretType::SshKey,
                tier: Tier::Sensitive,
                metadata: "{}".to_owned(),
                version: 2,
                updated_at: at(5),
                ..secret(path)
            })?;
        }
        Ok(())
    });
    let found = query(&fixture.store, |read| read.secret(path("a/KEY"))).unwrap().unwrap();
    assert_eq!(
        (found.secret_type, found.tier, found.metadata.as_str()),
        (SecretType::SshKey, Tier::Sensitive, "{}")
    );
    assert_eq!((found.version, found.updated_at, found.created_at), (2, at(5), at(1_000)));
    let raised = query(&fixture.store, |read| read.raised_paths(Tier::Sensitive, "a", None, 9)).unwrap();
    assert_eq!(raised, ["a/KEY"]);
}

#[test]
fn prefixes_are_bytes_and_no_patterns() {
    let fixture =
        with(&["a/K", "a-b/K", "a.b/K", "a/b/K", "ab/K", "a=b/K", "A/K", "a_b/K", "aXb/K", "~/K", "a~/K"]);
    let below = |prefix: &'static str| {
        let found = query(&fixture.store, |read| read.secrets(prefix, None, 99)).unwrap();
        paths(&found).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(below("a/"), ["a/K", "a/b/K"]);
    assert_eq!(below("a_b"), ["a_b/K"], "`_` stands for itself");
    assert_eq!(below("a"), ["a-b/K", "a.b/K", "a/K", "a/b/K", "a=b/K", "aXb/K", "a_b/K", "ab/K", "a~/K"]);
    assert_eq!(below("~"), ["~/K"]);
    assert_eq!(below("").len(), 11);
    assert!(below("%").is_empty());
}

#[test]
fn a_listing_goes_on_after_a_path() {
    let fixture = with(&["a/1", "a/2", "a/2/x", "a/3", "b/1"]);
    let page = |after: Option<&'static str>, limit| {
        let found = query(&fixture.store, |read| read.secrets("a/", after, limit)).unwrap();
        paths(&found).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2), ["a/1", "a/2"]);
    assert_eq!(page(Some("a/2"), 2), ["a/2/x", "a/3"]);
    assert!(page(Some("a/3"), 2).is_empty());
    assert_eq!(page(Some("A"), 1), ["a/1"]);
    assert!(page(Some("b"), 9).is_empty());
}

#[test]
fn the_highest_tier_comes_first() {
    let fixture = Fixture::new();
    fixture.write(|tx| {
        for (path, tier) in [
            ("a/1", Tier::Sensitive),
            ("a/2", Tier::Critical),
            ("a/3", Tier::Standard),
            ("a/4", Tier::Critical),
            ("a/5", Tier::Critical),
            ("b/1", Tier::Critical),
        ] {
            tx.add_secret(&SecretRow { tier, ..secret(path) })?;
        }
        Ok(())
    });
    let raised = |tier, after, limit| {
        query(&fixture.store, |read| read.raised_paths(tier, "a/", after, limit)).unwrap()
    };
    assert_eq!(raised(Tier::Critical, None, 9), ["a/2", "a/4", "a/5"]);
    assert_eq!(raised(Tier::Critical, Some("a/2"), 1), ["a/4"]);
    assert_eq!(raised(Tier::Sensitive, None, 9), ["a/1"]);
    assert_eq!(raised(Tier::Standard, None, 9), [""; 0]);
}

#[test]
fn namespaces_are_those_that_hold_a_live_secret() {
    let fixture = with(&["b/x/K", "a/K", "a/L", "a-b/K", "gone/K"]);
    fixture.write(|tx| tx.delete_secret("sec_gone/K"));
    assert_eq!(query(&fixture.store, |read| read.namespaces()).unwrap(), ["a", "a-b", "b/x"]);
    assert!(query(&Fixture::new().store, |read| read.namespaces()).unwrap().is_empty());
}

#[test]
fn a_path_is_never_both_secret_and_namespace() {
    let fixture = with(&["a/b/c", "gone/x", "a-b/y"]);
    fixture.write(|tx| tx.delete_secret("sec_gone/x"));
    let conflict = |text: &'static str| query(&fixture.store, |read| read.path_conflict(path(text))).unwrap();
    assert_eq!(conflict("a/b").as_deref(), Some("a/b/c"), "it is a namespace");
    assert_eq!(conflict("a").as_deref(), Some("a/b/c"));
    assert_eq!(conflict("a/b/c/d/e").as_deref(), Some("a/b/c"), "it lies below a secret");
    assert_eq!(conflict("gone/x/y").as_deref(), Some("gone/x"), "deleted secrets count");
    assert_eq!(conflict("gone").as_deref(), Some("gone/x"));
    for free in ["a/b/c", "a/b/cd", "a/b/c-d/e", "a-", "a/c"] {
        assert_eq!(conflict(free), None, "{free}");
    }
}

#[test]
fn the_newest_versions_are_kept_and_the_others_destroyed_with_their_data_keys() {
    let fixture = with(&["a/KEY"]);
    fixture.write(|tx| (1..=5).try_for_each(|number| tx.add_version("sec_a/KEY", &version(number), 3)));
    let (infos, newest, third, second) = query(&fixture.store, |read| {
        let mut version = |number| read.version("sec_a/KEY", number);
        let (newest, third, second) = (version(None)?, version(Some(3))?, version(Some(2))?);
        Ok((read.versions("sec_a/KEY")?, newest, third, second))
    })
    .unwrap();
    assert_eq!(infos.iter().map(|info| info.version).collect::<Vec<_>>(), [5, 4, 3]);
    assert_eq!(newest.unwrap().sealed_value, 5_u64.to_be_bytes());
    assert_eq!(third.unwrap().sealed_key, version(3).sealed_key);
    assert!(second.is_none());
    assert!(query(&fixture.store, |read| read.version("sec_a/KEY", Some(u64::MAX))).unwrap().is_none());
    let connection = Connection::open(fixture.database()).unwrap();
    let keys: Vec<(u64, Vec<u8>)> = connection
        .prepare("SELECT version, key_id FROM data_keys ORDER BY version")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(keys, [3, 4, 5].map(|number| (number, vec![7; 8])));
}

/// What is sealed, by the ids of its secrets, in the tables that hold it.
fn sealed(fixture: &Fixture) -> (Vec<String>, Vec<String>) {
    let connection = Connection::open(fixture.database()).unwrap();
    let ids = |sql: &str| {
        let mut statement = connection.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<Vec<String>, _>>().unwrap()
    };
    let keys = ids("SELECT object_id FROM data_keys ORDER BY object_id");
    (keys, ids("SELECT secret_id FROM secret_versions ORDER BY secret_id"))
}

#[test]
fn what_is_destroyed_leaves_nothing_sealed_and_frees_its_path() {
    let fixture = with(&["a/KEY", "a/OTHER"]);
    fixture.write(|tx| {
        tx.update_secret(&SecretRow {
            metadata: r#"{"n":1}"#.to_owned(),
            tier: Tier::Critical,
            ..secret("a/KEY")
        })?;
        tx.add_version("sec_a/KEY", &version(1), 3)?;
        tx.add_version("sec_a/KEY", &version(2), 3)?;
        tx.add_version("sec_a/OTHER", &version(1), 3)?;
        assert_eq!(tx.destroy_secret("sec_a/KEY")?, 0, "what is live is not destroyed");
        tx.delete_secret("sec_a/KEY")
    });
    let all = vec!["sec_a/KEY".to_owned(), "sec_a/KEY".to_owned(), "sec_a/OTHER".to_owned()];
    assert_eq!(sealed(&fixture), (all.clone(), all));
    fixture.write(|tx| {
        assert_eq!(tx.path_conflict(path("a/KEY/x"))?.as_deref(), Some("a/KEY"));
        assert_eq!(tx.destroy_secret("sec_a/KEY")?, 2);
        assert_eq!(tx.destroy_secret("sec_a/KEY")?, 0, "once");
        tx.restore_secret("sec_a/KEY")
    });
    let rest = vec!["sec_a/OTHER".to_owned()];
    assert_eq!(sealed(&fixture), (rest.clone(), rest));
    fixture.write(|tx| {
        assert!(tx.secret(path("a/KEY"))?.is_none(), "what is destroyed is not restored");
        assert!(tx.deleted_secrets(path("a/KEY"))?.is_empty());
        assert_eq!(tx.path_conflict(path("a/KEY/x"))?, None);
        assert_eq!(tx.last_tier(path("a/KEY"))?, Some(Tier::Critical));
        assert_eq!(tx.last_tier(path("a/NEVER"))?, None);
        Ok(())
    });
    let connection = Connection::open(fixture.database()).unwrap();
    let metadata: String = connection
        .query_row("SELECT metadata FROM secrets WHERE id = 'sec_a/KEY'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(metadata, "null");
}

#[test]
fn the_oldest_values_come_first() {
    let fixture = Fixture::new();
    fixture.write(|tx| {
        for (path, millis) in [("b/1", 5), ("a/1", 5), ("a/2", 3), ("a/3", 9), ("a/GONE", 1)] {
            tx.add_secret(&SecretRow { value_at: at(millis), ..secret(path) })?;
        }
        tx.delete_secret("sec_a/GONE")
    });
    let page = |until, after: Option<(u64, &'static str)>, limit| {
        let after = after.map(|(millis, path)| (at(millis), path));
        let found = query(&fixture.store, |read| read.secrets_by_age(at(until), after, limit)).unwrap();
        paths(&found).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(page(9, None, 99), ["a/2", "a/1", "b/1", "a/3"]);
    assert_eq!(page(8, None, 2), ["a/2", "a/1"]);
    assert_eq!(page(8, Some((5, "a/1")), 99), ["b/1"]);
    assert_eq!(page(2, None, 99), [""; 0]);
}

#[test]
fn what_was_deleted_first_is_due_first() {
    let fixture = with(&["a/1", "a/2", "a/3"]);
    fixture.write(|tx| tx.delete_secret("sec_a/1"));
    fixture.write(|tx| tx.delete_secret("sec_a/3"));
    let due = |millis| {
        let until = warded_core::time::Millis::new(millis).unwrap();
        let found = query(&fixture.store, |read| read.deleted_until(until, 9)).unwrap();
        found.into_iter().map(|row| row.secret.path).collect::<Vec<_>>()
    };
    assert_eq!(due(u64::MAX >> 11), ["a/1", "a/3"]);
    assert_eq!(due(1_000), [""; 0]);
}

#[test]
fn what_was_deleted_is_found_below_a_prefix_and_after_a_place() {
    let fixture = with(&["a/1", "a/2", "ab/3", "a/LIVE", "a/GONE"]);
    for path in ["a/2", "a/1", "ab/3", "a/GONE"] {
        fixture.write(move |tx| tx.delete_secret(&format!("sec_{path}")));
    }
    fixture.write(|tx| tx.destroy_secret("sec_a/GONE").map(|_| ()));
    let page = |prefix: &str, after: Option<&DeletedRow>, limit| {
        let after = after.map(|row| (row.deleted_at, row.secret.id.as_str()));
        query(&fixture.store, |read| read.deleted_below(prefix, after, limit)).unwrap()
    };
    let paths = |rows: &[DeletedRow]| rows.iter().map(|row| row.secret.path.clone()).collect::<Vec<_>>();
    let all = page("", None, 9);
    let mut sorted = all.clone();
    sorted.sort_by_key(|row| (row.deleted_at, row.secret.id.clone()));
    assert_eq!(paths(&all), paths(&sorted));
    assert_eq!(all.len(), 3);
    for (place, row) in all.iter().enumerate() {
        assert_eq!(paths(&page("", Some(row), 9)), paths(&all[place + 1..]));
        assert_eq!(paths(&page("", Some(row), 1)), paths(&all[place + 1..(place + 2).min(3)]));
    }
    assert_eq!(page("a/", None, 9).len(), 2);
    assert_eq!(paths(&page("ab/", None, 9)), ["ab/3"]);
}

#[test]
fn a_version_whose_data_key_is_not_sealed_is_not_stored() {
    let fixture = with(&["a/KEY"]);
    let stored = fixture.run(|tx| {
        let mut clear = version(1);
        clear.sealed_key = vec![0; 32];
        tx.add_version("sec_a/KEY", &clear, 3)?;
        Ok(super::fixture::done((), []))
    });
    assert!(stored.is_err());
}

fn any_path() -> impl Strategy<Value = String> {
    let segment = prop::sample::select(vec!["a", "b", "ab", "a-", "a.", "A", "~", "=", "a_", "0", "+a"]);
    prop::collection::vec(segment, 1..4).prop_map(|segments| segments.join("/"))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn a_prefix_finds_what_a_filter_finds(
        rows in prop::collection::btree_map(any_path(), any::<bool>(), 0..40),
        queries in prop::collection::vec((any_path(), 0_usize..4, prop::option::of(any_path()), 0_u64..9), 8),
    ) {
        let fixture = Fixture::new();
        let stored: BTreeMap<String, bool> = rows.clone();
        fixture.write(move |tx| {
            for (path, live) in &stored {
                tx.add_secret(&secret(path))?;
                if !live {
                    tx.delete_secret(&format!("sec_{path}"))?;
                }
            }
            Ok(())
        });
        for (path, cut, after, limit) in queries {
            let prefix = path.get(..path.len().saturating_sub(cut)).unwrap();
            let found = query(&fixture.store, |read| read.secrets(prefix, after.as_deref(), limit)).unwrap();
            let expected = rows
                .iter()
                .filter(|(path, live)| **live && path.starts_with(prefix))
                .map(|(path, _)| path.as_str())
                .filter(|path| after.as_deref().is_none_or(|after| *path > after))
                .take(usize::try_from(limit).unwrap());
            prop_assert_eq!(paths(&found), expected.collect::<Vec<_>>());
        }
    }
}
