"""The table of checks: every run of one, by the session that has its output.

The functions run inside a transaction that the caller opened.
"""

import sqlite3
from datetime import datetime

import attrs

from agentls.model import CheckMode, CheckOutcome, CommitId, SessionId, TaskId

__all__ = ["CheckRun", "end_run", "insert_run", "load_runs"]


@attrs.frozen(kw_only=True)
class CheckRun:
    """One run of one check."""

    session: SessionId
    task: TaskId
    checkpoint: CommitId
    """What it looked at."""
    name: str
    mode: CheckMode
    begun: datetime
    ended: datetime | None = None
    outcome: CheckOutcome | None = None


def insert_run(connection: sqlite3.Connection, run: CheckRun) -> None:
    """Keep a run that has begun; its session is kept already."""
    connection.execute(
        "INSERT OR REPLACE INTO checks (session, task, checkpoint, name, mode, begun)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            run.session,
            run.task,
            run.checkpoint,
            run.name,
            run.mode,
            run.begun.isoformat(),
        ),
    )


def end_run(
    connection: sqlite3.Connection,
    session: SessionId,
    *,
    outcome: CheckOutcome,
    ended: datetime,
) -> None:
    """Keep what came of a run."""
    connection.execute(
        "UPDATE checks SET outcome = ?, ended = ? WHERE session = ?",
        (outcome, ended.isoformat(), session),
    )


def load_runs(connection: sqlite3.Connection, task: TaskId) -> tuple[CheckRun, ...]:
    """Give a task's runs in the order in which they began."""
    rows = connection.execute(
        "SELECT * FROM checks WHERE task = ? ORDER BY begun, rowid", (task,)
    )
    return tuple(
        CheckRun(
            session=SessionId(row["session"]),
            task=TaskId(row["task"]),
            checkpoint=CommitId(row["checkpoint"]),
            name=row["name"],
            mode=CheckMode(row["mode"]),
            begun=datetime.fromisoformat(row["begun"]),
            ended=row["ended"] and datetime.fromisoformat(row["ended"]),
            outcome=row["outcome"] and CheckOutcome(row["outcome"]),
        )
        for row in rows
    )
