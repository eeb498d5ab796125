"""The table of updates whose conflicts stand in their tasks' worktrees.

The functions run inside a transaction that the caller opened.
"""

import sqlite3

import attrs

from agentls.model import CommitId, TaskId

__all__ = ["OpenUpdate", "delete_update", "insert_update", "load_update"]


@attrs.frozen(kw_only=True)
class OpenUpdate:
    """An update that waits for somebody to resolve its conflicts."""

    task: TaskId
    checkpoint: int
    """The number of the one that was taken before."""
    target: CommitId
    """What is merged into the worktree."""


def insert_update(connection: sqlite3.Connection, update: OpenUpdate) -> None:
    """Keep an update; a task has one at a time."""
    connection.execute(
        "INSERT OR REPLACE INTO updates (task, checkpoint, target) VALUES (?, ?, ?)",
        (update.task, update.checkpoint, update.target),
    )


def delete_update(connection: sqlite3.Connection, task: TaskId) -> None:
    """Forget the task's update: it is resolved or aborted."""
    connection.execute("DELETE FROM updates WHERE task = ?", (task,))


def load_update(connection: sqlite3.Connection, task: TaskId) -> OpenUpdate | None:
    """Give the task's update that is open, None if there is none."""
    row = connection.execute("SELECT * FROM updates WHERE task = ?", (task,)).fetchone()
    return row and OpenUpdate(
        task=task, checkpoint=row["checkpoint"], target=CommitId(row["target"])
    )
