-- The ports that a task has while it lives, or had.
ALTER TABLE tasks ADD COLUMN port_first INTEGER;
ALTER TABLE tasks ADD COLUMN port_count INTEGER;
