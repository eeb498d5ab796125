"""The table of what agents used: one row a conversation, or a session without one.

The functions run inside a transaction that the caller opened.
"""

import sqlite3
from collections.abc import Mapping

from agentls.model import TaskId, Usage

__all__ = ["keep_usage", "load_usage"]


def keep_usage(
    connection: sqlite3.Connection, task: TaskId, *, name: str, usage: Usage
) -> None:
    """Keep what a conversation has used so far, in place of what was known."""
    connection.execute(
        "INSERT OR REPLACE INTO usage (task, name, input, output, cached, cost)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (task, name, usage.input, usage.output, usage.cached, usage.cost),
    )


def load_usage(
    connection: sqlite3.Connection, task: TaskId | None = None
) -> Mapping[TaskId, Usage]:
    """Give what was used for a task, or for each."""
    rows = connection.execute(
        "SELECT task, sum(input) AS input, sum(output) AS output,"
        " sum(cached) AS cached, sum(cost) AS cost FROM usage"
        " WHERE :task IS NULL OR task = :task GROUP BY task",
        {"task": task},
    )
    return {
        TaskId(row["task"]): Usage(
            input=row["input"],
            output=row["output"],
            cached=row["cached"],
            cost=row["cost"],
        )
        for row in rows
    }
