-- Tasks that agents hand out.

-- The task below which it stands, and what its agent may do at most without asking: set
-- where an agent handed it out, whether or not a task's.
ALTER TABLE tasks ADD COLUMN parent TEXT;
ALTER TABLE tasks ADD COLUMN approval TEXT;
