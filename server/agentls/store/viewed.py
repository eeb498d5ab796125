"""The table of viewed hunks: what a person has seen of a task's change.

A mark names a hunk by its content. One whose hunk is gone is kept: if the agent
brings exactly those lines back, they were seen.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime

from agentls.model import HunkId, TaskId

__all__ = ["add_marks", "drop_marks", "drop_marks_of_paths", "load_marks"]


def load_marks(connection: sqlite3.Connection, task: TaskId) -> Mapping[HunkId, bytes]:
    """Give the marked hunks of a task, each with its file's path."""
    rows = connection.execute("SELECT hunk, path FROM viewed WHERE task = ?", (task,))
    return {HunkId(row["hunk"]): row["path"] for row in rows}


def add_marks(
    connection: sqlite3.Connection,
    task: TaskId,
    hunks: Iterable[tuple[HunkId, bytes]],
    *,
    now: datetime,
) -> None:
    """Mark hunks, each given with its file's path."""
    time = now.isoformat()
    connection.executemany(
        "INSERT OR REPLACE INTO viewed (task, hunk, path, time) VALUES (?, ?, ?, ?)",
        [(task, hunk, path, time) for hunk, path in hunks],
    )


def drop_marks(
    connection: sqlite3.Connection, task: TaskId, hunks: Iterable[HunkId]
) -> None:
    """Take the marks off hunks."""
    connection.executemany(
        "DELETE FROM viewed WHERE task = ? AND hunk = ?",
        [(task, hunk) for hunk in hunks],
    )


def drop_marks_of_paths(
    connection: sqlite3.Connection, task: TaskId, paths: Iterable[bytes]
) -> None:
    """Take the marks off all that was ever marked in files."""
    connection.executemany(
        "DELETE FROM viewed WHERE task = ? AND path = ?",
        [(task, path) for path in paths],
    )
