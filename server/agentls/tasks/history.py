"""What became of tasks in a time: their states, turns, reviews, and what they took."""

import itertools
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import attrs

from agentls.errors import InvalidParams
from agentls.model import State, StatusSource, Task, TaskId, Usage
from agentls.store import history as table
from agentls.store import turns, usage
from agentls.store.database import Database
from agentls.store.history import Move, TurnTimes
from agentls.tasks.accounting import Spent, spent_of
from agentls.tasks.book import TaskBook, now
from agentls.threads import in_thread

__all__ = ["DAY", "Histories", "History", "Interval", "TaskHistory"]

DAY = timedelta(days=1)
"""The time that is meant where none is named."""

_MOVES_MAX = 5000
"""Changes of states that one answer holds: about a thousand tasks, some MB."""


@attrs.frozen(kw_only=True)
class Interval:
    """A time in which a task was in one state."""

    state: State
    begun: datetime
    ended: datetime | None
    """None for the present one."""
    why: str
    """As it was when the task came there."""
    source: StatusSource | None
    opened: datetime | None
    """When a person first looked at the change; only in `review`."""


@attrs.frozen(kw_only=True)
class TaskHistory:
    """What became of one task; whole intervals and turns, also where they reach out."""

    task: Task
    """As it is now."""
    intervals: tuple[Interval, ...]
    turns: tuple[TurnTimes, ...]
    spent: Spent
    """In its whole life."""


@attrs.frozen(kw_only=True)
class Histories:
    """What became of tasks in a time."""

    since: datetime
    """Later than was asked for where so much happened that the rest is left out."""
    until: datetime
    now: datetime
    """When this was read: how far the present intervals reach."""
    tasks: tuple[TaskHistory, ...]
    """Those that were open in it, in the order in which they were asked for."""


class History:
    """Reads what became of tasks."""

    def __init__(self, *, book: TaskBook, database: Database) -> None:
        self._book = book
        self._database = database

    async def read(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        repository: Path | None = None,
    ) -> Histories:
        """Give what became of tasks in a time, of a repository or of all.

        `until` is now if absent, `since` a day before it. Raises `InvalidParams` when
        they are the wrong way round.
        """
        present = now()
        until = until or present
        since = since or until - DAY
        if since >= until:
            raise InvalidParams(
                f"The time from {since.isoformat()} until {until.isoformat()} is none.",
                hint="`since` must be before `until`.",
            )
        begin, end = since, until

        def load(connection: sqlite3.Connection) -> _Loaded:
            moves, since = table.load_moves(
                connection, since=begin, until=end, limit=_MOVES_MAX
            )
            return _Loaded(
                since=since,
                moves=moves,
                ends=table.load_next(connection, at=end),
                turns=table.load_turn_times(connection, since=since, until=end),
                counted=turns.count_turns(connection),
                used=usage.load_usage(connection),
            )

        loaded = await self._database.read(load)
        tasks = self._book.tasks(repository=repository, discarded=True)
        return Histories(
            since=loaded.since,
            until=until,
            now=present,
            tasks=await in_thread(_put_together, tasks, loaded),
        )


@attrs.frozen(kw_only=True)
class _Loaded:
    since: datetime
    moves: tuple[Move, ...]
    ends: Mapping[TaskId, datetime]
    """When the last intervals ended, of those that ended after the time."""
    turns: Mapping[TaskId, tuple[TurnTimes, ...]]
    counted: Mapping[TaskId, int]
    """How many turns tasks had in their whole life."""
    used: Mapping[TaskId, Usage]


def _put_together(tasks: Sequence[Task], loaded: _Loaded) -> tuple[TaskHistory, ...]:
    by_task = {
        name: tuple(moves)
        for name, moves in itertools.groupby(loaded.moves, lambda one: one.task)
    }
    return tuple(
        TaskHistory(
            task=task,
            intervals=_intervals(by_task[task.id], loaded.ends.get(task.id)),
            turns=loaded.turns.get(task.id, ()),
            spent=spent_of(
                task,
                turns=loaded.counted.get(task.id, 0),
                usage=loaded.used.get(task.id),
            ),
        )
        for task in tasks
        if task.id in by_task
    )


def _intervals(moves: Sequence[Move], end: datetime | None) -> tuple[Interval, ...]:
    """Make intervals of a task's moves; none is negative where a clock was set back."""
    ends = [*(move.at for move in moves[1:]), end]
    return tuple(
        Interval(
            state=move.state,
            begun=move.at,
            ended=ended and max(move.at, ended),
            why=move.why,
            source=move.source,
            opened=move.opened,
        )
        for move, ended in zip(moves, ends, strict=True)
    )
