-- The queue: what a task waits for, what goes first, and what it was made from.

-- Ids of the tasks that must be merged before it begins (JSON).
ALTER TABLE tasks ADD COLUMN after TEXT NOT NULL DEFAULT '[]';
ALTER TABLE tasks ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
-- The race that it is part of: the id of its first task.
ALTER TABLE tasks ADD COLUMN race TEXT;
-- The item of a list that it was made from (JSON).
ALTER TABLE tasks ADD COLUMN item TEXT;

INSERT INTO counters (name, value) VALUES ('queue_paused', 0);
