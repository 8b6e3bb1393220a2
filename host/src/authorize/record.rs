//! The audit events of one request.

use super::Authority;
use crate::audit::{Actor, ActorType, Detail, Event, EventType};
use crate::store::CallerId;

impl<S: ?Sized> Authority<'_, S> {
    /// Names what the request turned out to be about.
    pub fn about(&mut self, resource_id: &str) {
        self.subject.resource_id = Some(resource_id.to_owned());
    }

    /// Records refusals under another event from here on.
    pub const fn refuse_as(&mut self, event: EventType) {
        self.guard.event = event;
    }

    /// An event of this request.
    #[must_use]
    pub fn event(&self, event_type: EventType) -> Event {
        let kind = if self.is_operator() { ActorType::Operator } else { ActorType::Agent };
        let actor = Actor { kind, id: self.caller.principal.clone() };
        let mut event = Event::new(event_type, actor, Some(self.asker.origin.clone()));
        event.path.clone_from(&self.subject.path);
        event.resource_id.clone_from(&self.subject.resource_id);
        match &self.asker.id {
            CallerId::Token(id) => event.details.push(("token_id", Detail::Text(id.clone()))),
            CallerId::Key(id) => event.details.push(("key_id", Detail::Text(id.clone()))),
            CallerId::Agent(_) => {}
        }
        event
    }

    /// Records an event once the work has succeeded.
    pub fn record(&mut self, event: Event) {
        self.events.push(event);
    }
}
