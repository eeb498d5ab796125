"""The table of worktrees that are made before a task needs them.

The functions run inside a transaction that the caller opened.
"""

import enum
import os
import sqlite3
from datetime import datetime
from pathlib import Path

import attrs

from agentls.model import CommitId

__all__ = ["Spare", "SpareState", "delete_spare", "load_spares", "put_spare"]


class SpareState(enum.StrEnum):
    """How far a spare worktree is."""

    MAKING = "making"
    READY = "ready"
    GOING = "going"
    """To be removed: nothing takes it any more."""


@attrs.frozen(kw_only=True)
class Spare:
    """A worktree that no task has yet."""

    path: Path
    repository: Path
    state: SpareState
    commit: CommitId
    """What is checked out, or will be."""
    rules: str
    """The digest of the rules that it was checked out by (filters, line ends, …)."""
    made: datetime


def put_spare(connection: sqlite3.Connection, spare: Spare) -> None:
    """Keep a spare worktree as it is now."""
    connection.execute(
        "INSERT OR REPLACE INTO pool (path, repository, state, commit_id, rules, made)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            os.fsencode(spare.path),
            os.fsencode(spare.repository),
            spare.state,
            spare.commit,
            spare.rules,
            spare.made.isoformat(),
        ),
    )


def delete_spare(connection: sqlite3.Connection, path: Path) -> None:
    """Forget a spare worktree: a task has it, or it is gone."""
    connection.execute("DELETE FROM pool WHERE path = ?", (os.fsencode(path),))


def load_spares(connection: sqlite3.Connection) -> tuple[Spare, ...]:
    """Give all spare worktrees, the oldest first."""
    rows = connection.execute("SELECT * FROM pool ORDER BY made")
    return tuple(
        Spare(
            path=Path(os.fsdecode(row["path"])),
            repository=Path(os.fsdecode(row["repository"])),
            state=SpareState(row["state"]),
            commit=CommitId(row["commit_id"]),
            rules=row["rules"],
            made=datetime.fromisoformat(row["made"]),
        )
        for row in rows
    )
