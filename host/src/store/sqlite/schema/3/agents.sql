-- Version 3. Who was shown keys.

-- Who was shown an agent's key, and the key before it: they could ask in the agent's name, whoever has changed it since.
ALTER TABLE agents ADD COLUMN key_owner TEXT NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN former_key_owner TEXT;
UPDATE agents SET key_owner = owner, former_key_owner = CASE WHEN former_key_hash IS NULL THEN NULL ELSE owner END;
