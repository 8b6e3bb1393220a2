-- Version 2. Webhooks and what is still to be sent.

-- The signing secret is sealed under a data key of its own, which stands in `data_keys` as version 1 of the webhook's id.
CREATE TABLE webhooks (
    number      INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    url         TEXT NOT NULL,
    kinds       TEXT NOT NULL,
    sealed      BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    created_by  TEXT NOT NULL,
    disabled_at INTEGER,
    dropped     INTEGER NOT NULL DEFAULT 0,
    deleted_at  INTEGER
) STRICT;

-- What is still to be sent. A row goes once it has arrived, or nobody tries any more.
CREATE TABLE webhook_deliveries (
    number     INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    webhook_id TEXT NOT NULL REFERENCES webhooks (id),
    kind       TEXT NOT NULL,
    body       TEXT NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    due_at     INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, due_at, number);
