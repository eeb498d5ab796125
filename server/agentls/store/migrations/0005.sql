-- The queue: what a task waits for, what goes first, and what it was made from.

-- Ids of the tasks that must be merged before it begins (JSON).
ALTER TABLE tasks ADD COLUMN after TEXT NOT NULL DEFAULT '[]';
ALTER TABLE tasks ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
-- The batch or race that it is one of (JSON), and the task of its race that was merged
-- in its place.
ALTER TABLE tasks ADD COLUMN in_group TEXT;
ALTER TABLE tasks ADD COLUMN lost_to TEXT;
-- The item of a list that it was made from (JSON).
ALTER TABLE tasks ADD COLUMN item TEXT;

INSERT INTO counters (name, value) VALUES ('queue_paused', 0);
