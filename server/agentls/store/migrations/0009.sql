-- What became of tasks, and when: one row for each state that a task came to.
CREATE TABLE history (
    id         INTEGER PRIMARY KEY,
    task       TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    -- None where nothing was known of what was before.
    from_state TEXT,
    to_state   TEXT NOT NULL,
    at         TEXT NOT NULL,
    why        TEXT NOT NULL,
    source     TEXT,
    -- When a person first looked at the change while the task was in this state.
    opened     TEXT
) STRICT;

CREATE INDEX history_by_time ON history (at);
CREATE INDEX history_of_task ON history (task, at);

-- It begins with what is known: the state that each task has now.
INSERT INTO history (task, to_state, at, why, source)
SELECT id, state, coalesce(moved, changed), why, source FROM tasks ORDER BY number;
