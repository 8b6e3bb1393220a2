-- Version 2. Members and their keys.
-- What a key may do is compiled from its member's role as it is now and from the key's own bounds, and no longer kept with the key.

ALTER TABLE members ADD COLUMN removed_at INTEGER;
-- Addresses are compared without case, so only their lower case is kept.
UPDATE OR IGNORE members SET email = lower(email);

ALTER TABLE api_keys ADD COLUMN approve INTEGER NOT NULL DEFAULT 0 CHECK (approve IN (0, 1));
ALTER TABLE api_keys ADD COLUMN ip_allowlist TEXT;
ALTER TABLE api_keys ADD COLUMN revoked_at INTEGER;
ALTER TABLE api_keys DROP COLUMN grant_bytes;
ALTER TABLE api_keys DROP COLUMN grant_digest;
-- Keys that were made before there were approvals may give them if their roles may.
UPDATE api_keys SET approve = 1 WHERE member_id IN (SELECT id FROM members WHERE role IN ('admin', 'editor'));
