-- Version 2. What has been used of limits, and how tokens are found.

-- The states of the grant's limits, 32 bytes each as in the raw ABI; none where the grant has no limits.
ALTER TABLE usages ADD COLUMN limits BLOB CHECK (length(limits) % 32 = 0);
