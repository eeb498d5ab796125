"""The table of checkpoints: which commit is which saved state of a task.

The functions run inside a transaction that the caller opened.
"""

import json
import os
import sqlite3
from datetime import datetime

import attrs

from agentls.model import Base, BaseKind, Checkpoint, CommitId, TaskId

__all__ = [
    "add_checkpoint",
    "load_checkpoint",
    "load_checkpoints",
    "load_last_checkpoint",
]


def add_checkpoint(
    connection: sqlite3.Connection, checkpoint: Checkpoint
) -> Checkpoint:
    """Keep a new checkpoint; give it with its number and the turn that it is of."""
    last = load_last_checkpoint(connection, checkpoint.task)
    turn = connection.execute(
        "SELECT max(number) AS number FROM turns WHERE task = ?", (checkpoint.task,)
    ).fetchone()
    checkpoint = attrs.evolve(
        checkpoint, number=last.number + 1 if last else 1, turn=turn["number"]
    )
    columns = {
        "task": checkpoint.task,
        "number": checkpoint.number,
        "commit_id": checkpoint.commit,
        "tree": checkpoint.tree,
        "base_commit": checkpoint.base,
        "base_kind": checkpoint.began and checkpoint.began.kind,
        "base_name": checkpoint.began and checkpoint.began.name,
        "prepared": checkpoint.prepared,
        "head": checkpoint.head,
        "branch": checkpoint.branch and os.fsencode(checkpoint.branch),
        "staged": checkpoint.staged,
        "files": checkpoint.files,
        "added": checkpoint.added,
        "deleted": checkpoint.deleted,
        "reason": checkpoint.reason,
        "turn": checkpoint.turn,
        "taken": checkpoint.taken.isoformat(),
        "skipped": json.dumps(checkpoint.skipped),
    }
    connection.execute(
        f"INSERT INTO checkpoints ({', '.join(columns)})"  # noqa: S608 - names of our own
        f" VALUES ({', '.join(f':{name}' for name in columns)})",
        columns,
    )
    return checkpoint


def load_checkpoints(
    connection: sqlite3.Connection, task: TaskId
) -> tuple[Checkpoint, ...]:
    """Give a task's checkpoints in the order in which they were taken."""
    rows = connection.execute(
        "SELECT * FROM checkpoints WHERE task = ? ORDER BY number", (task,)
    )
    return tuple(_checkpoint(row) for row in rows)


def load_checkpoint(
    connection: sqlite3.Connection, task: TaskId, number: int
) -> Checkpoint | None:
    """Give one of them, None if there is none of that number."""
    row = connection.execute(
        "SELECT * FROM checkpoints WHERE task = ? AND number = ?", (task, number)
    ).fetchone()
    return row and _checkpoint(row)


def load_last_checkpoint(
    connection: sqlite3.Connection, task: TaskId
) -> Checkpoint | None:
    """Give the last one, None before the first."""
    row = connection.execute(
        "SELECT * FROM checkpoints WHERE task = ? ORDER BY number DESC LIMIT 1", (task,)
    ).fetchone()
    return row and _checkpoint(row)


def _checkpoint(row: sqlite3.Row) -> Checkpoint:
    return Checkpoint(
        task=TaskId(row["task"]),
        number=row["number"],
        commit=CommitId(row["commit_id"]),
        tree=row["tree"],
        base=CommitId(row["base_commit"]),
        began=_began(row),
        prepared=row["prepared"] and CommitId(row["prepared"]),
        head=row["head"] and CommitId(row["head"]),
        branch=row["branch"] and os.fsdecode(row["branch"]),
        staged=row["staged"] and CommitId(row["staged"]),
        files=row["files"],
        added=row["added"],
        deleted=row["deleted"],
        reason=row["reason"],
        turn=row["turn"],
        taken=datetime.fromisoformat(row["taken"]),
        skipped=tuple(json.loads(row["skipped"])),
    )


def _began(row: sqlite3.Row) -> Base | None:
    if row["base_kind"] is None:
        return None
    return Base(
        kind=BaseKind(row["base_kind"]),
        name=row["base_name"],
        commit=CommitId(row["base_commit"]),
    )
