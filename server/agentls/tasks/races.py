"""Races: one prompt for several agents; merging one discards the rest.

What is to be discarded or brought back follows from the book alone, so a daemon that
is killed in between leaves nothing half done: the next one looks again.
"""

import asyncio
import contextlib
import logging
from collections.abc import Generator, Sequence

import attrs

from agentls.errors import AgentlsError, InvalidParams
from agentls.model import GroupKind, State, Task, TaskId
from agentls.tasks.book import Event, TaskBook
from agentls.tasks.creating import Creating
from agentls.tasks.discarding import Discarding
from agentls.tasks.operations import Operations
from agentls.tasks.request import TaskRequest

__all__ = ["RUNNERS_MAX", "Races", "to_discard", "to_restore"]

_LOG = logging.getLogger(__name__)

RUNNERS_MAX = 20
"""Tasks of one race."""


class Races:
    """Starts races, and ends them with the merge of a winner."""

    def __init__(
        self, operations: Operations, *, creating: Creating, discarding: Discarding
    ) -> None:
        self._on = operations
        self._creating = creating
        self._discarding = discarding
        self._wake = asyncio.Event()
        self._wake.set()  # an earlier daemon may not have come to the end

    async def race(
        self, request: TaskRequest, *, agents: Sequence[str], tries: int
    ) -> tuple[Task, ...]:
        """Give one prompt to each agent, `tries` times; or to the configured one.

        An agent may be named twice. Raises `InvalidParams` for less than two tasks.
        """
        if not 1 <= tries <= RUNNERS_MAX:
            raise InvalidParams(f"A race has 1 to {RUNNERS_MAX} tries of an agent.")
        named = list(agents) or [request.agent]
        runners = [agent for agent in named for _ in range(tries)]
        if not 1 < len(runners) <= RUNNERS_MAX:
            raise InvalidParams(
                f"A race is between 2 and {RUNNERS_MAX} tasks, not {len(runners)}."
                " Nothing was created.",
                hint="Name several agents (`--agent` for each), or several tries of one"
                " (`--tries 3`).",
            )
        return await self._creating.create_all(
            [attrs.evolve(request, agent=agent) for agent in runners],
            kind=GroupKind.RACE,
        )

    def hear(self, event: Event) -> None:
        """Look again when a task of a race changed."""
        if isinstance(event, Task) and _is_race(event):
            self._wake.set()

    async def keep_going(self) -> None:
        """Discard those that lost, and bring them back when the merge was undone."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            for task, winner in to_discard(self._on.book).items():
                with _logged(task):
                    await self._discarding.discard(task, lost_to=winner)
            for task in to_restore(self._on.book):
                with _logged(task):
                    await self._restore(task)

    async def _restore(self, task: TaskId) -> None:
        if self._on.book.get(task).state is State.DISCARDED:
            await self._discarding.restore(task)
        await self._on.book.change(task, lost_to=None)


def to_discard(book: TaskBook) -> dict[TaskId, TaskId]:
    """Give the tasks that lost a race and are still there, each with the winner.

    Not those that a person restored since: they have the winner's name already.
    """
    return {
        task.id: winner.id
        for tasks in _races(book).values()
        for winner in tasks
        if winner.merged_commit is not None
        for task in tasks
        if task.merged_commit is None
        and task.lost_to is None
        and task.state is not State.DISCARDED
    }


def to_restore(book: TaskBook) -> list[TaskId]:
    """List the tasks that lost to one whose merge was undone."""
    return [
        task.id
        for tasks in _races(book).values()
        for task in tasks
        if task.lost_to is not None and book.get(task.lost_to).merged_commit is None
    ]


@contextlib.contextmanager
def _logged(task: TaskId) -> Generator[None]:
    """Go on with the others where something stands in the way of one."""
    try:
        yield
    except AgentlsError as error:
        _LOG.warning("task %s of a race stays as it is: %s", task, error.message)


def _races(book: TaskBook) -> dict[str, list[Task]]:
    found: dict[str, list[Task]] = {}
    for task in book.tasks(discarded=True):
        if _is_race(task) and task.group is not None:
            found.setdefault(task.group.id, []).append(task)
    return found


def _is_race(task: Task) -> bool:
    return task.group is not None and task.group.kind is GroupKind.RACE
