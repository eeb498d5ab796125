-- What a task began from when a checkpoint was taken: a base moves with the task that it
-- is of, and is another branch's when that one is merged.
ALTER TABLE checkpoints ADD COLUMN base_kind TEXT;
ALTER TABLE checkpoints ADD COLUMN base_name TEXT;
