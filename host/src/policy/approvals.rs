//! How many people a policy asks for, by tier.

use serde_json::Value;
use warded_core::tier::Tier;

/// The numbers of a policy, with those that hold where it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approvals([u8; 3]);

const TIERS: [Tier; 3] = [Tier::Standard, Tier::Sensitive, Tier::Critical];

impl Approvals {
    /// Of a document that the engine has accepted.
    #[must_use]
    pub fn of(document: &Value) -> Self {
        let said = |tier: Tier| document.get("approvals")?.get(tier.word())?.as_u64()?.try_into().ok();
        Self(TIERS.map(|tier| said(tier).unwrap_or_else(|| tier.to_byte())))
    }

    /// Each tier's word and its number.
    #[must_use]
    pub fn by_tier(self) -> [(&'static str, u8); 3] {
        let mut numbers = self.0.into_iter();
        TIERS.map(|tier| (tier.word(), numbers.next().unwrap_or_default()))
    }

    /// The tiers for which this asks for fewer people than another policy does.
    #[must_use]
    pub fn lower_than(self, other: Self) -> Vec<&'static str> {
        let pairs = self.by_tier().into_iter().zip(other.0);
        pairs.filter(|((_, number), before)| number < before).map(|((tier, _), _)| tier).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::FIRST_DOCUMENT;

    #[test]
    fn what_a_policy_leaves_out_is_what_the_engine_asks_for() {
        let first: Value = serde_json::from_str(FIRST_DOCUMENT).unwrap();
        let policy = warded_core::policy::Policy::from_json(FIRST_DOCUMENT.as_bytes()).unwrap();
        for (tier, (word, number)) in TIERS.into_iter().zip(Approvals::of(&first).by_tier()) {
            assert_eq!((word, number), (tier.word(), policy.approvals(tier)));
        }
    }

    #[test]
    fn fewer_people_for_any_tier_is_lower() {
        let of = |numbers: Value| Approvals::of(&json!({ "approvals": numbers }));
        let (usual, many) = (of(json!({})), of(json!({ "sensitive": 2, "critical": 3 })));
        assert_eq!(usual.lower_than(many), ["sensitive", "critical"]);
        assert_eq!(many.lower_than(usual), [""; 0]);
        assert_eq!(of(json!({ "sensitive": 0, "critical": 9 })).lower_than(usual), ["sensitive"]);
    }
}
