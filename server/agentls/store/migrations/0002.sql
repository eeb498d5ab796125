-- What a person is still to be told: that a task came to its present state.
CREATE TABLE news (
    task TEXT PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE
) STRICT;
