-- Version 3. Refusals by event type.

-- What was refused of an event type: both are asked for together, and each alone has many records that the other has not.
CREATE INDEX audit_by_refused_event ON audit (event_type, outcome) WHERE outcome <> 'allow';
