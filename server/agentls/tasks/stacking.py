"""Tasks that follow the one that they stand on, when that changes or is merged.

Each is updated as a person would do it, at its agent's rest. What lags behind follows
from the book and the checkpoints: a daemon that is killed leaves nothing half done, the
next one looks again.
"""

import asyncio
import logging

from agentls.errors import AgentlsError, UnknownTask
from agentls.model import State, Task, TaskId
from agentls.tasks.book import Event
from agentls.tasks.operations import Operations
from agentls.tasks.stacks import below
from agentls.tasks.starting import silent
from agentls.tasks.updating import Outcome, Updating

__all__ = ["Stacking"]

_LOG = logging.getLogger(__name__)

_MOVES = {State.REVIEW, State.MERGED, State.DISCARDED}


class Stacking:
    """Lets tasks follow those that they stand on."""

    def __init__(self, operations: Operations, *, updating: Updating) -> None:
        self._on = operations
        self._updating = updating
        self._tried: dict[TaskId, tuple[object, object]] = {}
        """How things stood when each was looked at last: once is enough."""
        self._wake = asyncio.Event()
        self._wake.set()  # an earlier daemon may not have come to the end

    def hear(self, event: Event) -> None:
        """Look again when a task came to rest, was merged or discarded."""
        if isinstance(event, Task) and event.state in _MOVES:
            self._wake.set()

    async def keep_going(self) -> None:
        """Bring each task up to the one below, the lower ones first."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            for task in self._on.book.tasks():
                lower = below(self._on.book, task)
                if lower is not None and task.state is State.REVIEW:
                    try:
                        await self._look(task.id, lower.id)
                    except UnknownTask:
                        continue
                    except AgentlsError as error:  # moved away, or git can't read it
                        _LOG.warning("%s doesn't follow: %s", task.id, error.message)

    async def _look(self, task_id: TaskId, lower_id: TaskId) -> None:
        """Let a task follow the one below, if that is another than at the last look."""
        async with self._on.lock(lower_id):  # what it is in the middle of ends first
            lower = self._on.book.get(lower_id)
            theirs = await self._theirs(lower)
        if self._tried.get(task_id) == (await self._mine(task_id), theirs):
            return
        if lower.state is State.DISCARDED and lower.merged_commit is None:
            await self._tell(task_id, _orphaned(lower))
        elif not await self._follow(task_id, lower):
            return
        self._tried[task_id] = (await self._mine(task_id), theirs)

    async def _follow(self, task_id: TaskId, lower: Task) -> bool:
        """Update a task; False if its agent went on meanwhile and rests again later."""
        if self._on.book.get(task_id).open_update:
            return True  # somebody resolves what came before
        try:
            updated = await self._updating.update(
                task_id, resolve=None, stop=False, progress=silent
            )
        except AgentlsError as error:
            if self._on.book.get(task_id).state is not State.REVIEW:
                return False
            said = f"{error.message} {error.hint}".strip()
            await self._tell(task_id, f"It can't follow task {lower.id}: {said}")
            return True
        if updated.outcome is Outcome.UPDATED:
            _LOG.info("%s follows %s", task_id, updated.source)
        return True

    async def _mine(self, task_id: TaskId) -> object:
        """Give what decides whether a task can follow."""
        task = self._on.book.get(task_id)
        last = await self._on.checkpoints.last(task)
        return task.base, last and last.commit

    async def _theirs(self, lower: Task) -> object:
        """Give what decides whether those above a task lag behind."""
        last = await self._on.checkpoints.last(lower)
        discarded = lower.state is State.DISCARDED
        return last and last.commit, lower.merged_commit, discarded

    async def _tell(self, task_id: TaskId, why: str) -> None:
        """Let a person know; their task is ready for review all the same."""
        task = self._on.book.get(task_id)
        if task.why != why:
            await self._on.book.change_if(task_id, {State.REVIEW}, why=why)


def _orphaned(lower: Task) -> str:
    return (
        f"Task {lower.id}, on which it stands, was discarded: its own lines alone can"
        f" be merged, or `agentls restore {lower.id}` brings that back."
    )
