"""The table of news: the tasks whose present state a person is still to be told."""

import sqlite3

from agentls.model import TaskId

__all__ = ["load_news", "set_news"]


def set_news(connection: sqlite3.Connection, task: TaskId, *, wanted: bool) -> None:
    """Keep whether the task's state is to be told."""
    connection.execute(
        "INSERT OR REPLACE INTO news (task) VALUES (?)"
        if wanted
        else "DELETE FROM news WHERE task = ?",
        (task,),
    )


def load_news(connection: sqlite3.Connection) -> frozenset[TaskId]:
    """Give the tasks whose state is to be told."""
    rows = connection.execute("SELECT task FROM news")
    return frozenset(TaskId(row["task"]) for row in rows)
