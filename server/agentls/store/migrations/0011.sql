-- Whether what a task left running is to be ended, or was; none while it goes on.
ALTER TABLE tasks ADD COLUMN teardown TEXT;
