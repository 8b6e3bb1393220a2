-- Version 2. Agents: limits, and an old key beside a new one.

-- The list of limits as JSON; none for agents without.
ALTER TABLE agents ADD COLUMN limits TEXT;
ALTER TABLE agents ADD COLUMN disabled_at INTEGER;
-- The key before the present one: it works until then, and is known as having ended afterwards.
ALTER TABLE agents ADD COLUMN former_key_hash BLOB CHECK (length(former_key_hash) = 32);
ALTER TABLE agents ADD COLUMN former_key_until INTEGER;
CREATE UNIQUE INDEX agents_by_former_key ON agents (former_key_hash) WHERE former_key_hash IS NOT NULL;
