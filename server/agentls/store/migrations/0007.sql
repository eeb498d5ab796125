-- What a task is filed under (JSON), and why its agent was chosen for it, if it was.
ALTER TABLE tasks ADD COLUMN labels TEXT NOT NULL DEFAULT '[]';
ALTER TABLE tasks ADD COLUMN chosen TEXT NOT NULL DEFAULT '';
