-- Times are UTC in ISO 8601; paths are the bytes of the file system; JSON is text.

CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;

INSERT INTO counters (name, value) VALUES ('rev', 0);

CREATE TABLE tasks (
    number        INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT NOT NULL UNIQUE,
    repository    BLOB NOT NULL,
    title         TEXT NOT NULL,
    prompt        TEXT NOT NULL,
    agent         TEXT NOT NULL,
    base_kind     TEXT NOT NULL,
    base_name     TEXT NOT NULL,
    base_commit   TEXT NOT NULL,
    target        TEXT NOT NULL,
    branch        TEXT NOT NULL,
    worktree      BLOB NOT NULL,
    state         TEXT NOT NULL,
    why           TEXT NOT NULL,
    created       TEXT NOT NULL,
    changed       TEXT NOT NULL,
    prepared      TEXT,
    merged_commit TEXT,
    kept_tip      TEXT,
    conversation  TEXT,
    environment   TEXT NOT NULL,
    rev           INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    id      TEXT PRIMARY KEY,
    task    TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    kind    TEXT NOT NULL,
    title   TEXT NOT NULL,
    started TEXT NOT NULL,
    status  INTEGER,
    signal  INTEGER,
    ended   TEXT,
    lost    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX sessions_of_task ON sessions (task);

-- Who was asked for what and how far it got: one operation a task at a time.
CREATE TABLE journal (
    task      TEXT PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
    operation TEXT NOT NULL,
    step      TEXT NOT NULL,
    data      TEXT NOT NULL
) STRICT;

CREATE TABLE trust (
    repository BLOB NOT NULL,
    digest     TEXT NOT NULL,
    kind       TEXT NOT NULL,
    name       TEXT NOT NULL,
    text       TEXT NOT NULL,
    decision   TEXT NOT NULL,
    decided    TEXT NOT NULL,
    PRIMARY KEY (repository, digest)
) STRICT;
