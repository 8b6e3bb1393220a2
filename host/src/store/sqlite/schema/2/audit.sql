-- Version 2. Checkpoints and erasure.

-- What the installation has signed its chain to be.
CREATE TABLE audit_checkpoints (
    seq       INTEGER PRIMARY KEY CHECK (seq > 0),
    link      BLOB NOT NULL CHECK (length(link) = 32),
    time      INTEGER NOT NULL,
    key_id    BLOB NOT NULL CHECK (length(key_id) = 8),
    signature BLOB NOT NULL CHECK (length(signature) = 64)
) STRICT;

-- Of an erased record, what the chain needs and nothing else: its row in `audit`, with all that queries find, is deleted.
CREATE TABLE audit_erased (
    seq  INTEGER PRIMARY KEY CHECK (seq > 0),
    leaf BLOB NOT NULL CHECK (length(leaf) = 32),
    link BLOB NOT NULL CHECK (length(link) = 32)
) STRICT;
