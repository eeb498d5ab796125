-- Worktrees that are made before a task needs them.
CREATE TABLE pool (
    path       BLOB PRIMARY KEY,
    repository BLOB NOT NULL,
    -- making, ready, or going: it is to be removed.
    state      TEXT NOT NULL,
    -- What is checked out, and the digest of the rules that it was checked out by.
    commit_id  TEXT NOT NULL,
    rules      TEXT NOT NULL,
    made       TEXT NOT NULL
) STRICT;
