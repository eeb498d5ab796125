-- What is known of agents at work.

-- What told the present state, what the agent waits for (JSON), and since when it is
-- quiet while it works.
ALTER TABLE tasks ADD COLUMN source TEXT;
ALTER TABLE tasks ADD COLUMN asked TEXT;
ALTER TABLE tasks ADD COLUMN quiet_since TEXT;

-- When it came to its state, and how many seconds it has worked and waited before.
ALTER TABLE tasks ADD COLUMN moved TEXT;
ALTER TABLE tasks ADD COLUMN worked REAL NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN waited REAL NOT NULL DEFAULT 0;

-- Up to which offset of the output the agent's signals were taken up.
ALTER TABLE sessions ADD COLUMN watched INTEGER NOT NULL DEFAULT 0;

-- What agents used, as they tell it: one row a conversation, or a session without one.
CREATE TABLE usage (
    task   TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    name   TEXT NOT NULL,
    input  INTEGER NOT NULL,
    output INTEGER NOT NULL,
    cached INTEGER NOT NULL,
    -- US dollars; none where the agent doesn't tell.
    cost   REAL,
    PRIMARY KEY (task, name)
) STRICT;
