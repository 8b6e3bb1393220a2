//! The filters of an audit query, and the index that answers each.

use crate::audit::EventType;
use crate::store::AuditQuery;

/// A column that must have one of some values.
pub(super) struct Filter<'q> {
    pub(super) column: &'static str,
    /// `None` where the newest records are the likeliest to match.
    pub(super) index: Option<&'static str>,
    pub(super) values: Vec<&'q str>,
}

const BY_OUTCOME: &str = "audit_by_outcome";

impl<'q> Filter<'q> {
    /// The filters of a query; `None` where they exclude each other.
    pub(super) fn all(query: &'q AuditQuery) -> Option<Vec<Self>> {
        let mut filters = Vec::new();
        let mut add = |column, index, values| filters.push(Filter { column, index, values });
        for (value, column, index) in [
            (&query.path, "path", "audit_by_path"),
            (&query.actor_id, "actor_id", "audit_by_actor"),
            (&query.ip, "ip", "audit_by_ip"),
        ] {
            if let Some(value) = value {
                add(column, Some(index), vec![value.as_str()]);
            }
        }
        if let Some(outcome) = &query.outcome {
            add("outcome", (outcome != "allow").then_some(BY_OUTCOME), vec![outcome.as_str()]);
        }
        if let Some(values) = event_types(query) {
            if values.is_empty() {
                return None;
            }
            add("event_type", Some("audit_by_event_type"), values);
        }
        Some(filters)
    }

    /// Table and condition for the value of a parameter.
    pub(super) fn clause(&self, parameter: usize) -> String {
        let by = self.index.map(|index| format!(" INDEXED BY {index}")).unwrap_or_default();
        // A value that is bound does not imply the condition of a partial index.
        let partial = if self.index == Some(BY_OUTCOME) { " AND outcome <> 'allow'" } else { "" };
        format!("audit{by} WHERE {} = ?{parameter}{partial}", self.column)
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
