"""The table of the states that tasks came to, and when.

No row is ever changed, but for the moment at which a person first looked. The functions
run inside a transaction that the caller opened.
"""

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime

import attrs

from agentls.model import State, StatusSource, Task, TaskId, TurnSource

__all__ = [
    "Move",
    "TurnTimes",
    "add_move",
    "keep_opened",
    "load_moves",
    "load_next",
    "load_reviewed",
    "load_turn_times",
]


@attrs.frozen(kw_only=True)
class Move:
    """A task came to a state."""

    task: TaskId
    before: State | None
    """None for its first one, and where nothing was known of what was before."""
    state: State
    at: datetime
    why: str
    source: StatusSource | None
    opened: datetime | None
    """When a person first looked at the change while it was in this state."""


@attrs.frozen(kw_only=True)
class TurnTimes:
    """When a turn was, without what was said in it."""

    task: TaskId
    number: int
    source: TurnSource
    begun: datetime
    ended: datetime | None


def add_move(connection: sqlite3.Connection, task: Task, before: State | None) -> None:
    """Keep that a task came to the state that it has, if it was in another before."""
    if task.state is before:
        return
    connection.execute(
        "INSERT INTO history (task, from_state, to_state, at, why, source)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            task.id,
            before,
            task.state,
            _written(task.moved or task.created),
            task.why,
            task.source,
        ),
    )


def keep_opened(connection: sqlite3.Connection, task: TaskId, *, at: datetime) -> None:
    """Keep that a person looks at a task's change; only the first look counts."""
    connection.execute(
        "UPDATE history SET opened = ? WHERE opened IS NULL"
        " AND id = (SELECT max(id) FROM history WHERE task = ?)",
        (_written(at), task),
    )


def load_moves(
    connection: sqlite3.Connection, *, since: datetime, until: datetime, limit: int
) -> tuple[tuple[Move, ...], datetime]:
    """Give what tasks came to in a time, and the state in which each began it.

    Task by task, each in its order. Tasks that were merged or discarded before, and to
    which nothing came, are left out. Where there are more than `limit` moves the time
    begins later: the second value says when.
    """
    begin = _written(since)
    within = connection.execute(
        "SELECT * FROM history WHERE at >= ? AND at < ?"
        " ORDER BY at DESC, id DESC LIMIT ?",
        (begin, _written(until), limit + 1),
    ).fetchall()
    if len(within) > limit:
        within = [row for row in within if row["at"] > within[-1]["at"]]
        begin = within[-1]["at"] if within else _written(until)
    # Those that were open when it began: they are so now, or came to more since.
    first = connection.execute(
        "SELECT * FROM history WHERE id IN (SELECT (SELECT id FROM history"
        "   WHERE task = open.task AND at < :begin ORDER BY at DESC, id DESC LIMIT 1)"
        "  FROM (SELECT DISTINCT task FROM history WHERE at >= :begin"
        "   UNION SELECT id FROM tasks WHERE state NOT IN ('merged', 'discarded'))"
        "  AS open)",
        {"begin": begin},
    ).fetchall()
    rows = sorted((*first, *within), key=lambda row: (row["task"], row["id"]))
    return tuple(_move(row) for row in rows), datetime.fromisoformat(begin)


def load_reviewed(
    connection: sqlite3.Connection, *, since: datetime
) -> tuple[Move, ...]:
    """Give when tasks came to review or left it, from a moment on."""
    rows = connection.execute(
        "SELECT * FROM history WHERE at >= ?"
        " AND 'review' IN (from_state, to_state) ORDER BY at, id",
        (_written(since),),
    )
    return tuple(_move(row) for row in rows)


def load_next(
    connection: sqlite3.Connection, *, at: datetime
) -> Mapping[TaskId, datetime]:
    """Give when tasks came to another state first, from a moment on."""
    rows = connection.execute(
        "SELECT task, min(at) AS at FROM history WHERE at >= ? GROUP BY task",
        (_written(at),),
    )
    return {TaskId(row["task"]): datetime.fromisoformat(row["at"]) for row in rows}


def load_turn_times(
    connection: sqlite3.Connection, *, since: datetime, until: datetime
) -> Mapping[TaskId, tuple[TurnTimes, ...]]:
    """Give the turns that were under way in a time, by task."""
    rows = connection.execute(
        "SELECT task, number, source, begun, ended FROM turns"
        " WHERE begun < ? AND (ended IS NULL OR ended >= ?) ORDER BY task, number",
        (_written(until), _written(since)),
    )
    found: dict[TaskId, list[TurnTimes]] = {}
    for row in rows:
        times = TurnTimes(
            task=TaskId(row["task"]),
            number=row["number"],
            source=TurnSource(row["source"]),
            begun=datetime.fromisoformat(row["begun"]),
            ended=row["ended"] and datetime.fromisoformat(row["ended"]),
        )
        found.setdefault(times.task, []).append(times)
    return {task: tuple(times) for task, times in found.items()}


def _move(row: sqlite3.Row) -> Move:
    return Move(
        task=TaskId(row["task"]),
        before=row["from_state"] and State(row["from_state"]),
        state=State(row["to_state"]),
        at=datetime.fromisoformat(row["at"]),
        why=row["why"],
        source=row["source"] and StatusSource(row["source"]),
        opened=row["opened"] and datetime.fromisoformat(row["opened"]),
    )


def _written(moment: datetime) -> str:
    """Write a moment as the store has it, so that texts compare as times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
