-- Review: what was saved, seen, said and checked of a task's work.

-- Where the target stood before the merge: what an undo goes back to.
ALTER TABLE tasks ADD COLUMN merged_from TEXT;
-- Its branch on a remote and the request made of it, as JSON.
ALTER TABLE tasks ADD COLUMN pull_request TEXT;
-- The checkpoint that the person has looked at last.
ALTER TABLE tasks ADD COLUMN looked TEXT;
-- How large the change was at the last checkpoint.
ALTER TABLE tasks ADD COLUMN files INTEGER;
ALTER TABLE tasks ADD COLUMN added INTEGER;
ALTER TABLE tasks ADD COLUMN deleted INTEGER;

-- How many of the agent's events were taken up.
ALTER TABLE sessions ADD COLUMN heard INTEGER NOT NULL DEFAULT 0;

-- What came of the checks of the present change, and of which state that was.
ALTER TABLE tasks ADD COLUMN checks TEXT NOT NULL DEFAULT '[]';
ALTER TABLE tasks ADD COLUMN checked TEXT;

-- From a prompt to the agent's rest.
CREATE TABLE turns (
    task   TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    prompt TEXT NOT NULL,
    source TEXT NOT NULL,
    begun  TEXT NOT NULL,
    ended  TEXT,
    said   TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (task, number)
) STRICT;

-- Which commit below refs/agentls/<task> is which saved state.
CREATE TABLE checkpoints (
    task        TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    commit_id   TEXT NOT NULL,
    tree        TEXT NOT NULL,
    base_commit TEXT NOT NULL,
    prepared    TEXT,
    head        TEXT,
    branch      BLOB,
    staged      TEXT,
    files       INTEGER NOT NULL,
    added       INTEGER NOT NULL,
    deleted     INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    turn        INTEGER,
    taken       TEXT NOT NULL,
    skipped     TEXT NOT NULL,
    PRIMARY KEY (task, number)
) STRICT;

-- Updates whose conflicts were left in the worktree: what was before, what came in.
CREATE TABLE updates (
    task       TEXT PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
    checkpoint INTEGER NOT NULL,
    target     TEXT NOT NULL
) STRICT;

-- Hunks that a person has seen, by their content.
CREATE TABLE viewed (
    task TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    hunk TEXT NOT NULL,
    path BLOB NOT NULL,
    time TEXT NOT NULL,
    PRIMARY KEY (task, hunk)
) STRICT;

-- Hunks that a person took, refused or rewrote, and whether the agent was told.
CREATE TABLE decisions (
    task     TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    hunk     TEXT NOT NULL,
    path     BLOB NOT NULL,
    decision TEXT NOT NULL,
    time     TEXT NOT NULL,
    told     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (task, hunk)
) STRICT;

CREATE TABLE comments (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    task       TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    -- The first comment of its thread; none for that one itself.
    thread     INTEGER REFERENCES comments (id) ON DELETE CASCADE,
    author     TEXT NOT NULL,
    -- The commit whose lines it names; a path of no bytes is the whole change.
    checkpoint TEXT NOT NULL,
    path       BLOB NOT NULL,
    side       TEXT NOT NULL,
    first_line INTEGER,
    last_line  INTEGER,
    quoted     TEXT NOT NULL,
    text       TEXT NOT NULL,
    state      TEXT NOT NULL,
    written    TEXT NOT NULL,
    -- The checkpoint of the worktree as it was when the agent was told.
    sent       TEXT,
    turn       INTEGER
) STRICT;

CREATE INDEX comments_of_task ON comments (task);

-- One run of one check; its output is the session's.
CREATE TABLE checks (
    session    TEXT PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    task       TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    checkpoint TEXT NOT NULL,
    name       TEXT NOT NULL,
    mode       TEXT NOT NULL,
    begun      TEXT NOT NULL,
    ended      TEXT,
    outcome    TEXT
) STRICT;

CREATE INDEX checks_of_task ON checks (task);
