//! Who may approve what somebody asks, and how many of them it takes.

use super::responsible;
use crate::store::approvals::{AskerKind, Voice};
use crate::store::{Read, StoreError};

/// Those who may approve what one asker asks, as they are in this transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Electorate {
    members: Vec<String>,
    /// Only an owner is left, who otherwise may not approve what their own agent asks.
    owner_alone: bool,
    strict: bool,
}

impl Electorate {
    /// Every active member who may decide approvals, but nobody who answers for the asker.
    ///
    /// Where that leaves nobody, an agent's owner may approve, unless it is `strict`.
    ///
    /// # Errors
    /// The database failed.
    pub fn of<R: Read + ?Sized>(
        store: &mut R,
        kind: AskerKind,
        asker_id: &str,
        strict: bool,
    ) -> Result<Self, StoreError> {
        let responsible = responsible(store, kind, asker_id)?;
        let (owners, members): (Vec<_>, Vec<_>) =
            store.approvers()?.into_iter().partition(|member| responsible.contains(member));
        Ok(Self::split(kind, owners, members, strict))
    }

    fn split(kind: AskerKind, owners: Vec<String>, members: Vec<String>, strict: bool) -> Self {
        let owner_alone = members.is_empty() && kind == AskerKind::Agent && !strict && !owners.is_empty();
        Self { members: if owner_alone { owners } else { members }, owner_alone, strict }
    }

    /// Whether a member may approve.
    #[must_use]
    pub fn has(&self, member_id: &str) -> bool {
        self.members.iter().any(|member| member == member_id)
    }

    /// How many may approve.
    #[must_use]
    pub fn count(&self) -> u8 {
        u8::try_from(self.members.len()).unwrap_or(u8::MAX)
    }

    /// How many of them it takes where the policy asks for `needed`: all there are, if there are fewer.
    #[must_use]
    pub fn required(&self, needed: u8) -> u8 {
        if self.strict { needed } else { needed.min(self.count().max(1)) }
    }

    /// Whether it is less than the policy asks for.
    #[must_use]
    pub fn is_reduced(&self, needed: u8) -> bool {
        self.owner_alone || self.required(needed) < needed
    }

    /// How many of those who approved may still do so.
    #[must_use]
    pub fn counted(&self, voices: &[Voice]) -> u8 {
        let counted = voices.iter().filter(|voice| voice.approves && self.has(&voice.member_id)).count();
        u8::try_from(counted).unwrap_or(u8::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn of_agent(owners: &[&str], members: &[&str], strict: bool) -> Electorate {
        Electorate::split(AskerKind::Agent, ids(owners), ids(members), strict)
    }

    #[test]
    fn with_fewer_than_needed_all_of_them_suffice() {
        let two = of_agent(&["owner"], &["a", "b"], false);
        assert_eq!([1, 2, 3].map(|needed| two.required(needed)), [1, 2, 2]);
        assert_eq!([1, 2, 3].map(|needed| two.is_reduced(needed)), [false, false, true]);
        assert!(!two.has("owner") && two.has("a"));
    }

    #[test]
    fn the_owner_approves_only_where_nobody_else_could() {
        let owner = of_agent(&["owner"], &[], false);
        assert!(owner.has("owner") && owner.is_reduced(1));
        assert_eq!(owner.required(2), 1);
        let operator = Electorate::split(AskerKind::Operator, ids(&["asker"]), Vec::new(), false);
        assert!(!operator.has("asker"), "who asks never approves");
    }

    #[test]
    fn strict_reduces_nothing() {
        let one = of_agent(&["owner"], &["a"], true);
        assert_eq!((one.required(2), one.is_reduced(2)), (2, false));
        assert!(!of_agent(&["owner"], &[], true).has("owner"));
    }

    #[test]
    fn only_those_count_who_may_approve_now() {
        let voice = |member: &str, approves| Voice {
            member_id: member.to_owned(),
            approves,
            reason: None,
            created_at: warded_core::time::Millis::ZERO,
        };
        let voices = [voice("a", true), voice("gone", true), voice("owner", true), voice("b", false)];
        assert_eq!(of_agent(&["owner"], &["a", "b"], false).counted(&voices), 1);
    }
}
