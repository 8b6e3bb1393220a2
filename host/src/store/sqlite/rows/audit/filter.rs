//! The filters of an audit query, and the index that answers each.

use crate::audit::EventType;
use crate::store::AuditQuery;

/// A column that must have one of some values.
pub(super) struct Filter<'q> {
    pub(super) column: &'static str,
    /// `None` where the newest records are the likeliest to match.
    pub(super) index: Option<&'static str>,
    /// The condition of an index that has some records only: a value that is bound does not imply it.
    only: &'static str,
    pub(super) values: Vec<&'q str>,
}

const EVENT_TYPE: &str = "event_type";
const BY_OUTCOME: &str = "audit_by_outcome";
const BY_REFUSED_EVENT: &str = "audit_by_refused_event";
const NOT_ALLOWED: &str = " AND outcome <> 'allow'";
/// Every outcome but `allow`, with the condition that finds it in the index of refused events.
const REFUSALS: [(&str, &str); 3] = [
    ("ask", " AND outcome = 'ask' AND outcome <> 'allow'"),
    ("deny", " AND outcome = 'deny' AND outcome <> 'allow'"),
    ("error", " AND outcome = 'error' AND outcome <> 'allow'"),
];

impl<'q> Filter<'q> {
    /// The filters of a query, by as few indexes as find its records; `None` where they exclude each other.
    pub(super) fn indexed(query: &'q AuditQuery) -> Option<Vec<Self>> {
        let mut filters = Self::all(query)?;
        let refusal = REFUSALS.iter().find(|(outcome, _)| query.outcome.as_deref() == Some(outcome));
        // Each of the two alone finds much that the other does not.
        if let Some((_, only)) = refusal
            && let Some(event_type) = filters.pop_if(|filter| filter.column == EVENT_TYPE)
        {
            filters.retain(|filter| filter.index != Some(BY_OUTCOME));
            filters.push(Filter { index: Some(BY_REFUSED_EVENT), only, ..event_type });
        }
        Some(filters)
    }

    /// The filters of a query, one for each column; `None` where they exclude each other.
    pub(super) fn all(query: &'q AuditQuery) -> Option<Vec<Self>> {
        let mut filters = Vec::new();
        let mut add = |column, index, only, values| filters.push(Filter { column, index, only, values });
        for (value, column, index) in [
            (&query.path, "path", "audit_by_path"),
            (&query.actor_id, "actor_id", "audit_by_actor"),
            (&query.ip, "ip", "audit_by_ip"),
        ] {
            if let Some(value) = value {
                add(column, Some(index), "", vec![value.as_str()]);
            }
        }
        match query.outcome.as_deref() {
            None => {}
            Some("allow") => add("outcome", None, "", vec!["allow"]),
            Some(outcome) => add("outcome", Some(BY_OUTCOME), NOT_ALLOWED, vec![outcome]),
        }
        if let Some(values) = event_types(query) {
            if values.is_empty() {
                return None;
            }
            add(EVENT_TYPE, Some("audit_by_event_type"), "", values);
        }
        Some(filters)
    }

    /// Everything that was not allowed.
    pub(super) fn refused() -> Self {
        let values = REFUSALS.map(|(outcome, _)| outcome).to_vec();
        Filter { column: "outcome", index: Some(BY_OUTCOME), only: NOT_ALLOWED, values }
    }

    /// Table and condition for the value of a parameter.
    pub(super) fn clause(&self, parameter: usize) -> String {
        let by = self.index.map(|index| format!(" INDEXED BY {index}")).unwrap_or_default();
        format!("audit{by} WHERE {} = ?{parameter}{}", self.column, self.only)
    }
}

/// The event types that a query allows; `None` where it allows all.
fn event_types(query: &AuditQuery) -> Option<Vec<&str>> {
    let Some(resource) = &query.resource_type else {
        return query.event_type.as_deref().map(|event_type| vec![event_type]);
    };
    let of_resource = EventType::ALL.iter().filter(|event_type| event_type.resource_type() == resource);
    let asked = |name: &&str| query.event_type.as_deref().is_none_or(|asked| asked == *name);
    Some(of_resource.map(|event_type| event_type.name()).filter(asked).collect())
}
