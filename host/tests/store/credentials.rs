//! Agents, tokens, members and keys: who is behind a credential, and what has been used of it.

use warded::store::{AgentQuery, CallerId, KeyBounds, KeyRow, MemberRow, Role, TokenRow, query};
use warded_core::usage::Usage;

use super::fixture::{Fixture, agent, at, token};

fn token_id(name: &str) -> CallerId {
    CallerId::Token(format!("tok_{name}"))
}

fn member() -> MemberRow {
    MemberRow {
        id: "mem_1".to_owned(),
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        role: Role::Admin,
        created_at: at(1),
        removed_at: None,
    }
}

fn key() -> KeyRow {
    KeyRow {
        id: "key_1".to_owned(),
        member_id: "mem_1".to_owned(),
        name: "laptop".to_owned(),
        hash: [9; 32],
        display: "wdk_00000000".to_owned(),
        approve: true,
        bounds: KeyBounds { ip_allowlist: Some(vec!["10.0.0.0/8".to_owned()]), expires_at: Some(at(99)) },
        created_at: at(1),
        revoked_at: None,
        last_used_at: None,
    }
}

/// One agent with two tokens.
fn filled() -> Fixture {
    let fixture = Fixture::new();
    fixture.write(|tx| {
        assert!(tx.add_agent(&agent("a"))?);
        tx.add_token(&token("one", "agt_a"))?;
        tx.add_token(&TokenRow { expires_at: at(3_000), ..token("expired", "agt_a") })
    });
    fixture
}

#[test]
fn a_row_comes_back_as_it_was_stored() {
    let fixture = filled();
    let (found, listed) = query(&fixture.store, |read| {
        Ok((read.agent("a")?, read.agents(&AgentQuery { limit: 9, ..AgentQuery::default() })?))
    })
    .unwrap();
    let found = found.unwrap();
    let stored = agent("a");
    assert_eq!((found.id.as_str(), found.name.as_str()), ("agt_a", "a"));
    assert_eq!(found.allowed_namespaces, stored.allowed_namespaces);
    assert_eq!(found.allowed_scopes, stored.allowed_scopes);
    assert_eq!((found.ip_policy, found.token_ttl_ceiling), (stored.ip_policy, stored.token_ttl_ceiling));
    assert_eq!((found.token_tier_ceiling, found.grant), (stored.token_tier_ceiling, stored.grant));
    assert_eq!((found.key_hash, found.owner, found.active), (stored.key_hash, stored.owner, true));
    assert_eq!((found.key_owner, found.former_key_owner), (stored.key_owner, None));
    assert_eq!((found.created_at, found.last_active_at), (stored.created_at, None));
    assert_eq!(listed.len(), 1);

    let found = query(&fixture.store, |read| read.token("tok_one")).unwrap().unwrap();
    let stored = token("one", "agt_a");
    assert_eq!((found.scopes, found.ip_allowlist), (stored.scopes, stored.ip_allowlist));
    assert_eq!((found.max_uses, found.reason, found.usage), (stored.max_uses, stored.reason, stored.usage));
    assert_eq!((found.expires_at, found.revoked_at), (stored.expires_at, None));
}

#[test]
fn an_agent_is_found_by_id_or_name_and_no_name_comes_twice() {
    let fixture = filled();
    let find =
        |text: &'static str| query(&fixture.store, |read| read.agent(text)).unwrap().map(|found| found.id);
    assert_eq!(find("agt_a").as_deref(), Some("agt_a"));
    assert_eq!(find("a").as_deref(), Some("agt_a"));
    assert_eq!(find("A"), None, "compared as bytes");
    fixture.write(|tx| {
        tx.revoke_agent("agt_a")?;
        let mut again = agent("a");
        again.id = "agt_other".to_owned();
        again.key_hash = [5; 32];
        assert!(!tx.add_agent(&again)?, "a revoked agent keeps its name");
        Ok(())
    });
}

#[test]
fn each_kind_of_credential_is_found_by_its_hash() {
    let fixture = filled();
    fixture.write(|tx| {
        assert_eq!(tx.add_member(&member())?.as_deref(), Some("mem_1"));
        let other = MemberRow { id: "mem_2".to_owned(), ..member() };
        assert_eq!(tx.add_member(&other)?, None, "the address is taken");
        tx.add_key(&key())
    });
    let find = |hash: [u8; 32]| query(&fixture.store, |read| read.caller_by_hash(&hash)).unwrap();
    assert_eq!(find(agent("a").key_hash), Some(CallerId::Agent("agt_a".to_owned())));
    assert_eq!(find(token("one", "agt_a").hash), Some(token_id("one")));
    assert_eq!(find([9; 32]), Some(CallerId::Key("key_1".to_owned())));
    assert_eq!(find([8; 32]), None);

    let operator =
        query(&fixture.store, |read| read.caller(&CallerId::Key("key_1".to_owned()))).unwrap().unwrap();
    assert_eq!((operator.principal.as_str(), operator.name.as_str()), ("mem_1", "Ada"));
    assert_eq!((operator.role, operator.revoked, operator.chain.len()), (Some(Role::Admin), false, 0));
    assert_eq!((operator.may_approve, operator.key.unwrap().bounds), (true, key().bounds));
    let found = query(&fixture.store, |read| read.member("mem_1")).unwrap().unwrap();
    assert_eq!((found.email, found.role), (member().email, Role::Admin));
}

#[test]
fn a_token_is_behind_its_agent_and_the_counters_are_apart() {
    let fixture = filled();
    fixture.write(|tx| {
        tx.store_usage(&token_id("one"), &Usage::new(1, 5_000, 1))?;
        tx.store_usage(&CallerId::Agent("agt_a".to_owned()), &Usage::new(7, 5_000, 7))
    });
    let caller = query(&fixture.store, |read| read.caller(&token_id("one"))).unwrap().unwrap();
    let links: Vec<_> = caller.chain.iter().map(|link| (&link.id, link.usage.uses)).collect();
    assert_eq!(links, [(&CallerId::Agent("agt_a".to_owned()), 7), (&token_id("one"), 1)]);
    assert_eq!((caller.principal.as_str(), caller.name.as_str(), caller.role), ("agt_a", "a", None));
    assert_eq!(fixture.usage(&token_id("expired")), Usage::default());
    let active = query(&fixture.store, |read| read.agent("a")).unwrap().unwrap().last_active_at;
    assert!(active.is_some());
}

#[test]
fn revoking_an_agent_revokes_its_tokens_and_counts_the_live_ones() {
    let fixture = filled();
    assert_eq!(query(&fixture.store, |read| read.live_scopes(Some("agt_a"))).unwrap().len(), 1);
    fixture.write(|tx| {
        assert_eq!(tx.revoke_agent("agt_a")?, 1);
        assert_eq!(tx.revoke_agent("agt_a")?, 0);
        Ok(())
    });
    for id in [token_id("one"), CallerId::Agent("agt_a".to_owned())] {
        assert!(query(&fixture.store, |read| read.caller(&id)).unwrap().unwrap().revoked);
    }
    let (found, counts) = query(&fixture.store, |read| Ok((read.token("tok_one")?, read.counts()?))).unwrap();
    assert!(found.unwrap().revoked_at.is_some());
    assert_eq!((counts.agents, counts.secrets), (0, 0));
}

#[test]
fn tokens_are_listed_newest_first() {
    let fixture = filled();
    fixture.write(|tx| {
        tx.add_agent(&agent("b"))?;
        tx.add_token(&token("two", "agt_b"))?;
        tx.revoke_token("tok_one")
    });
    let list = |agent: Option<&'static str>, limit| {
        let found = query(&fixture.store, |read| read.tokens(agent, None, limit)).unwrap();
        found.into_iter().map(|token| token.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 9), ["tok_two", "tok_expired", "tok_one"]);
    assert_eq!(list(Some("agt_a"), u64::MAX), ["tok_expired", "tok_one"]);
    assert_eq!(list(None, 1), ["tok_two"]);
    assert!(query(&fixture.store, |read| read.caller(&token_id("one"))).unwrap().unwrap().revoked);
}

#[test]
fn a_removed_member_has_no_live_key_and_comes_back_as_the_same_person() {
    let fixture = Fixture::new();
    let lasting = || KeyRow { bounds: KeyBounds::default(), ..key() };
    fixture.write(move |tx| {
        tx.add_member(&member())?;
        tx.add_key(&key())?;
        assert!(!tx.has_working_admin()?, "the only key has expired");
        tx.add_key(&KeyRow { id: "key_2".to_owned(), hash: [8; 32], ..lasting() })?;
        assert_eq!((tx.has_working_admin()?, tx.approvers()?), (true, vec!["mem_1".to_owned()]));
        assert_eq!(tx.remove_member("mem_1")?, 1);
        assert_eq!((tx.has_working_admin()?, tx.approvers()?), (false, Vec::new()));
        let back = MemberRow { id: "mem_2".to_owned(), role: Role::Editor, ..member() };
        assert_eq!(tx.add_member(&back)?.as_deref(), Some("mem_1"));
        Ok(())
    });
    let (members, keys, caller) = query(&fixture.store, |read| {
        let caller = read.caller(&CallerId::Key("key_2".to_owned()))?.unwrap();
        Ok((read.members()?, read.keys_of("mem_1")?, caller))
    })
    .unwrap();
    assert_eq!((members.len(), members[0].role, members[0].removed_at), (1, Role::Editor, None));
    assert!(keys.iter().all(|key| key.revoked_at.is_some()) && keys.len() == 2);
    assert!(caller.revoked, "coming back revives no key");
}

#[test]
fn a_key_says_when_it_was_last_used_and_can_be_revoked_alone() {
    let fixture = Fixture::new();
    fixture.write(|tx| {
        tx.add_member(&member())?;
        tx.add_key(&key())?;
        tx.add_key(&KeyRow { id: "key_2".to_owned(), hash: [8; 32], approve: false, ..key() })?;
        tx.store_usage(&CallerId::Key("key_2".to_owned()), &Usage::new(1, 5_000, 1))?;
        tx.revoke_key("key_1")
    });
    let keys = query(&fixture.store, |read| read.keys_of("mem_1")).unwrap();
    let found: Vec<_> = keys
        .iter()
        .map(|key| (key.approve, key.revoked_at.is_some(), key.last_used_at.is_some(), &key.bounds))
        .collect();
    assert_eq!(found, [(true, true, false, &key().bounds), (false, false, true, &key().bounds)]);
}
