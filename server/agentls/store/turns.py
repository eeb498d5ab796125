"""The table of turns: which prompt an agent worked on, and what it said in the end.

The functions run inside a transaction that the caller opened.
"""

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from agentls.model import TaskId, Turn, TurnSource

__all__ = [
    "add_turn",
    "count_turns",
    "delete_turn",
    "load_open_turn",
    "load_open_turns",
    "load_turns",
    "update_turn",
]


def add_turn(
    connection: sqlite3.Connection,
    task: TaskId,
    *,
    prompt: str,
    source: TurnSource,
    begun: datetime,
) -> Turn:
    """Keep a new turn, and give it."""
    row = connection.execute(
        "INSERT INTO turns (task, number, prompt, source, begun)"
        " VALUES (:task, (SELECT coalesce(max(number), 0) + 1 FROM turns"
        " WHERE task = :task), :prompt, :source, :begun) RETURNING *",
        {"task": task, "prompt": prompt, "source": source, "begun": begun.isoformat()},
    ).fetchone()
    return _turn(row)


def update_turn(connection: sqlite3.Connection, turn: Turn) -> None:
    """Keep a turn's new values."""
    connection.execute(
        "UPDATE turns SET prompt = ?, ended = ?, said = ?"
        " WHERE task = ? AND number = ?",
        (
            turn.prompt,
            turn.ended and turn.ended.isoformat(),
            turn.said,
            turn.task,
            turn.number,
        ),
    )


def delete_turn(connection: sqlite3.Connection, turn: Turn) -> None:
    """Forget a turn whose prompt never came to its agent."""
    connection.execute(
        "DELETE FROM turns WHERE task = ? AND number = ?", (turn.task, turn.number)
    )


def load_turns(connection: sqlite3.Connection, task: TaskId) -> tuple[Turn, ...]:
    """Give a task's turns in their order."""
    rows = connection.execute(
        "SELECT * FROM turns WHERE task = ? ORDER BY number", (task,)
    )
    return tuple(_turn(row) for row in rows)


def load_open_turn(connection: sqlite3.Connection, task: TaskId) -> Turn | None:
    """Give the task's turn that has not ended; at most one is open."""
    row = connection.execute(
        "SELECT * FROM turns WHERE task = ? AND ended IS NULL", (task,)
    ).fetchone()
    return row and _turn(row)


def load_open_turns(connection: sqlite3.Connection) -> tuple[Turn, ...]:
    """Give all turns that have not ended."""
    rows = connection.execute("SELECT * FROM turns WHERE ended IS NULL ORDER BY begun")
    return tuple(_turn(row) for row in rows)


def count_turns(connection: sqlite3.Connection) -> Mapping[TaskId, int]:
    """Give how many turns each task has; those without any are left out."""
    rows = connection.execute("SELECT task, count(*) AS n FROM turns GROUP BY task")
    return {TaskId(row["task"]): row["n"] for row in rows}


def _turn(row: sqlite3.Row) -> Turn:
    return Turn(
        task=TaskId(row["task"]),
        number=row["number"],
        prompt=row["prompt"],
        source=TurnSource(row["source"]),
        begun=datetime.fromisoformat(row["begun"]),
        ended=row["ended"] and datetime.fromisoformat(row["ended"]),
        said=row["said"],
    )
