-- Version 2. Policies and their versions.

-- Every version there ever was. Version 0, the first policy, is the server's own and has no row.
-- The small columns stand before the large ones, so that reading them reads no overflow pages.
CREATE TABLE policies (
    version    INTEGER PRIMARY KEY CHECK (version > 0),
    digest     BLOB NOT NULL CHECK (length(digest) = 32),
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    document   TEXT NOT NULL,
    bytes      BLOB NOT NULL
) STRICT;

-- Each activation, and which one it stands on: rolling back leads down, and the first policy is below all of them.
CREATE TABLE policy_activations (
    revision   INTEGER PRIMARY KEY,
    version    INTEGER NOT NULL,
    below      INTEGER REFERENCES policy_activations (revision),
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL
) STRICT;

-- What decides, what decides beside it without effect, and how often either has changed.
CREATE TABLE policy_state (
    number     INTEGER PRIMARY KEY CHECK (number = 1),
    revision   INTEGER NOT NULL,
    activation INTEGER REFERENCES policy_activations (revision),
    active     INTEGER REFERENCES policies (version),
    shadow     INTEGER REFERENCES policies (version)
) STRICT;
INSERT INTO policy_state (number, revision) VALUES (1, 0);
