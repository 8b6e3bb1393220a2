-- Version 2. What people have to approve, and what they said.

-- Each stands for exactly one request, by the engine's digest of it. What was asked never changes; where it stands does.
CREATE TABLE approvals (
    number           INTEGER PRIMARY KEY,
    id               TEXT NOT NULL UNIQUE,
    asker_kind       TEXT NOT NULL CHECK (asker_kind IN ('agent', 'operator')),
    asker_id         TEXT NOT NULL,
    digest           BLOB NOT NULL CHECK (length(digest) = 32),
    kind             TEXT NOT NULL CHECK (kind IN ('issue', 'use')),
    tier             INTEGER NOT NULL CHECK (tier BETWEEN 0 AND 2),
    requested_scopes TEXT NOT NULL,
    reach            TEXT NOT NULL,
    ttl              INTEGER,
    max_uses         INTEGER,
    ip_allowlist     TEXT,
    reason           TEXT,
    rules            TEXT NOT NULL,
    needed           INTEGER NOT NULL CHECK (needed BETWEEN 1 AND 16),
    required         INTEGER NOT NULL CHECK (required BETWEEN 1 AND 16),
    status           TEXT NOT NULL CHECK (status IN ('pending', 'approved', 'denied', 'expired', 'consumed')),
    created_at       INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    approved_at      INTEGER,
    denied_at        INTEGER,
    consumed_at      INTEGER,
    token_id         TEXT,
    told             INTEGER NOT NULL DEFAULT 0 CHECK (told IN (0, 1))
) STRICT;
-- One open approval for each asker and request, whoever asks at the same time.
CREATE UNIQUE INDEX approvals_open ON approvals (asker_id, digest) WHERE status IN ('pending', 'approved');
CREATE INDEX approvals_of_asker ON approvals (asker_id, digest);
CREATE INDEX approvals_denied ON approvals (asker_id, denied_at) WHERE status = 'denied';
CREATE INDEX approvals_by_status ON approvals (status);
CREATE INDEX approvals_unsettled ON approvals (expires_at) WHERE status IN ('pending', 'approved');

-- One word of each member, whatever key or session it came by.
CREATE TABLE approval_voices (
    approval_id TEXT NOT NULL REFERENCES approvals (id),
    member_id   TEXT NOT NULL REFERENCES members (id),
    approves    INTEGER NOT NULL CHECK (approves IN (0, 1)),
    reason      TEXT,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (approval_id, member_id)
) STRICT, WITHOUT ROWID;
