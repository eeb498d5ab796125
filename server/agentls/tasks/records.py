"""How agents have done: what became of their tasks, and what these took."""

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import attrs

from agentls.model import AgentName, State, Task, TaskId, Usage
from agentls.store import turns, usage
from agentls.store.database import Database
from agentls.tasks.book import TaskBook, now

__all__ = ["AgentRecord", "Records"]


@attrs.frozen(kw_only=True)
class AgentRecord:
    """What became of an agent's tasks."""

    agent: AgentName
    tasks: int
    merged: int
    discarded: int
    """Without having been merged."""
    turns: int
    worked: float
    """Seconds in which it worked, and waited for an answer:"""
    waited: float
    turns_to_merge: float | None
    """The mean of those that were merged, and their seconds of work:"""
    worked_to_merge: float | None
    usage: Usage | None
    """None where it told nothing."""

    @property
    def decided(self) -> int:
        """How many of its tasks a person has merged or discarded."""
        return self.merged + self.discarded

    @property
    def share(self) -> float:
        """The share merged, drawn towards a half as long as few were decided."""
        return (self.merged + 1) / (self.decided + 2)


class Records:
    """Reads the record of each agent."""

    def __init__(self, *, book: TaskBook, database: Database) -> None:
        self._book = book
        self._database = database

    async def read(
        self, *, repository: Path | None = None, days: float | None = None
    ) -> tuple[AgentRecord, ...]:
        """Give each agent's record, the one with the most tasks first.

        Of tasks in a repository, or of all; of those asked for in the last days, or
        ever. What never began doesn't count.
        """
        since = None if days is None else now() - timedelta(days=days)

        def load(
            connection: sqlite3.Connection,
        ) -> tuple[Mapping[TaskId, int], Mapping[TaskId, Usage]]:
            return turns.count_turns(connection), usage.load_usage(connection)

        counted, used = await self._database.read(load)
        by_agent: dict[AgentName, list[Task]] = {}
        for task in self._book.tasks(repository=repository, discarded=True):
            if counted.get(task.id) and _is_since(task, since):
                by_agent.setdefault(task.agent, []).append(task)
        records = [
            _record(agent, tasks, counted, used) for agent, tasks in by_agent.items()
        ]
        return tuple(sorted(records, key=lambda one: (-one.tasks, one.agent)))


def _is_since(task: Task, since: datetime | None) -> bool:
    return since is None or task.created >= since


def _record(
    agent: AgentName,
    tasks: list[Task],
    counted: Mapping[TaskId, int],
    used: Mapping[TaskId, Usage],
) -> AgentRecord:
    merged = [task for task in tasks if task.merged_commit is not None]
    told = [used[task.id] for task in tasks if task.id in used]
    return AgentRecord(
        agent=agent,
        tasks=len(tasks),
        merged=len(merged),
        discarded=sum(
            task.state is State.DISCARDED and task.merged_commit is None
            for task in tasks
        ),
        turns=sum(counted[task.id] for task in tasks),
        worked=sum(task.worked for task in tasks),
        waited=sum(task.waited for task in tasks),
        turns_to_merge=_mean(counted[task.id] for task in merged),
        worked_to_merge=_mean(task.worked for task in merged),
        usage=sum(told, Usage()) if told else None,
    )


def _mean(values: Iterable[float]) -> float | None:
    numbers = tuple(values)
    return sum(numbers) / len(numbers) if numbers else None
