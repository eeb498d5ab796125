"""The table of decisions: which hunks a person took, refused or rewrote.

The agent is told of each once, with the next prompt that goes to it.
"""

import enum
import sqlite3
from collections.abc import Iterable
from datetime import datetime

import attrs

from agentls.model import HunkId, TaskId

__all__ = [
    "Decided",
    "Decision",
    "keep_decisions",
    "load_decisions",
    "mark_told",
    "replace_untold",
]


class Decided(enum.StrEnum):
    """What a person did with a hunk."""

    TAKEN = "taken"
    REFUSED = "refused"
    EDITED = "edited"


@attrs.frozen(kw_only=True)
class Decision:
    """What a person did with one hunk."""

    hunk: HunkId
    path: bytes
    decided: Decided
    time: datetime
    told: bool = False
    """The agent was told of it."""


def keep_decisions(
    connection: sqlite3.Connection, task: TaskId, decisions: Iterable[Decision]
) -> None:
    """Keep decisions, each in place of an earlier one about the same hunk."""
    connection.executemany(
        "INSERT OR REPLACE INTO decisions (task, hunk, path, decision, time, told)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (task, one.hunk, one.path, one.decided, one.time.isoformat(), one.told)
            for one in decisions
        ],
    )


def replace_untold(
    connection: sqlite3.Connection,
    task: TaskId,
    decided: Decided,
    decisions: Iterable[Decision],
    *,
    since: datetime,
) -> None:
    """Keep decisions in place of those of a kind that were made since, and not told."""
    connection.execute(
        "DELETE FROM decisions WHERE task = ? AND decision = ? AND NOT told"
        " AND time >= ?",
        (task, decided, since.isoformat()),
    )
    keep_decisions(connection, task, decisions)


def load_decisions(
    connection: sqlite3.Connection, task: TaskId
) -> tuple[Decision, ...]:
    """Give all decisions about a task's hunks, the oldest first."""
    rows = connection.execute(
        "SELECT * FROM decisions WHERE task = ? ORDER BY time, rowid", (task,)
    )
    return tuple(
        Decision(
            hunk=HunkId(row["hunk"]),
            path=row["path"],
            decided=Decided(row["decision"]),
            time=datetime.fromisoformat(row["time"]),
            told=bool(row["told"]),
        )
        for row in rows
    )


def mark_told(
    connection: sqlite3.Connection, task: TaskId, decisions: Iterable[Decision]
) -> None:
    """Keep that the agent was told of these; not of what was decided since."""
    connection.executemany(
        "UPDATE decisions SET told = 1 WHERE task = ? AND hunk = ? AND time = ?",
        [(task, one.hunk, one.time.isoformat()) for one in decisions],
    )
