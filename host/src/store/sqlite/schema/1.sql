-- Version 1.
-- Times are milliseconds since the epoch. Tiers are 0 standard, 1 sensitive, 2 critical. Lists of words are JSON.
-- Ids and names are never used again, so rows of agents, tokens, members and secrets are marked and kept, not deleted.
-- `number` is the order of insertion, named so that VACUUM keeps it.

-- The installation: its tenant, the head of the audit chain, the sealed canary of the keyring.
CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE agents (
    number             INTEGER PRIMARY KEY,
    id                 TEXT NOT NULL UNIQUE,
    name               TEXT NOT NULL UNIQUE,
    description        TEXT,
    allowed_namespaces TEXT NOT NULL,
    allowed_scopes     TEXT NOT NULL,
    ip_policy          TEXT,
    token_ttl_ceiling  INTEGER,
    token_tier_ceiling INTEGER NOT NULL CHECK (token_tier_ceiling BETWEEN 0 AND 2),
    key_hash           BLOB NOT NULL UNIQUE CHECK (length(key_hash) = 32),
    key_display        TEXT NOT NULL,
    grant_bytes        BLOB NOT NULL,
    grant_digest       BLOB NOT NULL CHECK (length(grant_digest) = 32),
    owner              TEXT NOT NULL,
    created_at         INTEGER NOT NULL,
    revoked_at         INTEGER
) STRICT;

CREATE TABLE tokens (
    number       INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    agent_id     TEXT NOT NULL REFERENCES agents (id),
    hash         BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    display      TEXT NOT NULL,
    scopes       TEXT NOT NULL,
    ip_allowlist TEXT,
    max_uses     INTEGER,
    reason       TEXT,
    tier_ceiling INTEGER NOT NULL CHECK (tier_ceiling BETWEEN 0 AND 2),
    grant_bytes  BLOB NOT NULL,
    grant_digest BLOB NOT NULL CHECK (length(grant_digest) = 32),
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    revoked_at   INTEGER
) STRICT;
CREATE INDEX tokens_of_agent ON tokens (agent_id);
CREATE INDEX tokens_unrevoked ON tokens (agent_id, expires_at) WHERE revoked_at IS NULL;

CREATE TABLE members (
    number     INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    email      TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL CHECK (role IN ('admin', 'auditor', 'editor', 'viewer')),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE api_keys (
    number       INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    member_id    TEXT NOT NULL REFERENCES members (id),
    name         TEXT NOT NULL,
    hash         BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    display      TEXT NOT NULL,
    grant_bytes  BLOB NOT NULL,
    grant_digest BLOB NOT NULL CHECK (length(grant_digest) = 32),
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER
) STRICT;
CREATE INDEX api_keys_of_member ON api_keys (member_id);

-- What has been used of an agent, a token or an API key.
-- The counters change with every request, the rows above hardly ever: apart, they fit many to a page.
CREATE TABLE usages (
    id             TEXT NOT NULL PRIMARY KEY,
    uses           INTEGER NOT NULL,
    last           INTEGER NOT NULL,
    revision       INTEGER NOT NULL,
    last_active_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE secrets (
    number      INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    path        TEXT NOT NULL,
    namespace   TEXT NOT NULL,
    secret_type TEXT NOT NULL,
    tier        INTEGER NOT NULL CHECK (tier BETWEEN 0 AND 2),
    metadata    TEXT NOT NULL,
    version     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    created_by  TEXT NOT NULL,
    deleted_at  INTEGER
) STRICT;
-- At most one live secret per path; a deleted path written again is a new secret.
CREATE UNIQUE INDEX secrets_live ON secrets (path) WHERE deleted_at IS NULL;
CREATE INDEX secrets_by_path ON secrets (path);
CREATE INDEX secrets_by_namespace ON secrets (namespace) WHERE deleted_at IS NULL;
CREATE INDEX secrets_above_standard ON secrets (path, tier) WHERE deleted_at IS NULL AND tier > 0;

-- Everything that is sealed under a master key, with the id of that key: a key may go when no row names it.
CREATE TABLE data_keys (
    object_id TEXT NOT NULL,
    version   INTEGER NOT NULL,
    key_id    BLOB NOT NULL CHECK (length(key_id) = 8),
    sealed    BLOB NOT NULL,
    PRIMARY KEY (object_id, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX data_keys_by_key ON data_keys (key_id);

-- The values, sealed under their data keys.
CREATE TABLE secret_versions (
    secret_id  TEXT NOT NULL REFERENCES secrets (id),
    version    INTEGER NOT NULL,
    sealed     BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (secret_id, version),
    FOREIGN KEY (secret_id, version) REFERENCES data_keys (object_id, version)
) STRICT;

-- The chain. `record` is what is hashed; the columns before it are copies for queries, and verification compares them.
-- Erasure takes record and salt, and leaves leaf and link.
CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY CHECK (seq > 0),
    created_at INTEGER NOT NULL,
    event_type TEXT NOT NULL,
    actor_id   TEXT NOT NULL,
    path       TEXT,
    outcome    TEXT NOT NULL,
    ip         TEXT,
    leaf       BLOB NOT NULL CHECK (length(leaf) = 32),
    link       BLOB NOT NULL CHECK (length(link) = 32),
    salt       BLOB CHECK (length(salt) = 16),
    record     BLOB CHECK ((record IS NULL) = (salt IS NULL))
) STRICT;
-- Each ends with seq, the row's key, so that each answers its filter newest first without sorting.
CREATE INDEX audit_by_time ON audit (created_at);
CREATE INDEX audit_by_event_type ON audit (event_type);
CREATE INDEX audit_by_actor ON audit (actor_id);
CREATE INDEX audit_by_path ON audit (path) WHERE path IS NOT NULL;
CREATE INDEX audit_by_ip ON audit (ip) WHERE ip IS NOT NULL;
-- Most outcomes are `allow`, which the newest records hold anyway.
CREATE INDEX audit_by_outcome ON audit (outcome) WHERE outcome <> 'allow';

-- The first record after the clock was set back, where the operator accepted that: elsewhere time follows seq.
CREATE TABLE audit_clock_breaks (
    seq INTEGER PRIMARY KEY
) STRICT;
