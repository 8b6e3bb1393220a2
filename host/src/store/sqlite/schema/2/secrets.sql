-- Version 2. Deleted secrets and rotation.
-- A destroyed secret keeps its row, without metadata: its id is never used again, and its tier holds for what is written at its path.
ALTER TABLE secrets ADD COLUMN destroyed_at INTEGER;
-- When the value was first written: rolling back brings an old value back, and does not make it young.
ALTER TABLE secrets ADD COLUMN value_at INTEGER NOT NULL DEFAULT 0;
UPDATE secrets SET value_at = updated_at;
ALTER TABLE secret_versions ADD COLUMN value_at INTEGER NOT NULL DEFAULT 0;
UPDATE secret_versions SET value_at = created_at;
CREATE INDEX secrets_deleted ON secrets (deleted_at) WHERE deleted_at IS NOT NULL AND destroyed_at IS NULL;
-- Rotating a secret looks at every live token.
CREATE INDEX tokens_live ON tokens (expires_at) WHERE revoked_at IS NULL;
