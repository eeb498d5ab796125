"""What every operation on a task needs, and how the next daemon finishes one."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any

import attrs

from agentls.background import Background
from agentls.errors import AgentlsError
from agentls.git.repository import Repository
from agentls.model import State, Task, TaskId
from agentls.paths import Paths
from agentls.review.checkpoint import Checkpointer
from agentls.store.tasks import JournalEntry
from agentls.tasks.book import TaskBook
from agentls.tasks.resuming import require_worktree
from agentls.tasks.starting import Starter
from agentls.tasks.states import require_state

__all__ = ["Finishers", "Operations", "entry"]

Finishers = Mapping[str, Callable[[Task, JournalEntry], Awaitable[object]]]
"""By the journal's name of an operation, what finishes or undoes one that was cut
off; called with the task's lock held. Each ends its note."""


@attrs.frozen(kw_only=True)
class Operations:
    """What the operations share."""

    paths: Paths
    book: TaskBook
    starter: Starter
    checkpoints: Checkpointer
    background: Background

    def lock(self, task: TaskId) -> asyncio.Lock:
        """Give the lock that every operation on the task holds."""
        return self.starter.locks[task]

    @contextlib.asynccontextmanager
    async def noted(self, note: JournalEntry) -> AsyncGenerator[None]:
        """Note a step in the journal, and strike it out if it is refused.

        A refusal is an `AgentlsError`: nothing was changed then. Whatever else ends
        the step leaves the note for the next daemon.
        """
        await self.book.note(note)
        try:
            yield
        except AgentlsError:
            await self.book.end_note(note.task)
            raise

    async def repository(self, task: Task) -> Repository:
        """Give the task's repository, for what runs nothing of its config."""
        return await self.starter.repository(task)

    async def to_review(self, task_id: TaskId, *, stop: bool, to: str) -> Task:
        """Bring a task to `review` with its agent at rest, or refuse.

        `stop` says that an agent that works may be stopped; `to` what is wanted.
        """
        task = self.book.get(task_id)
        allowed = {State.REVIEW, State.FAILED, State.INTERRUPTED}
        if stop:
            allowed |= {State.WORKING, State.WAITING, State.CHECKING}
        require_state(task, *allowed, to=to)
        await require_worktree(task, to=to)
        task = await self.starter.stop_agent(task)
        if task.state is State.REVIEW:
            return task
        return await self.book.change(task.id, quietly=True, state=State.REVIEW)


def entry(
    task: Task,
    operation: str,
    *,
    step: str = "begin",
    data: Mapping[str, Any] | None = None,
) -> JournalEntry:
    """Make a note for the journal."""
    return JournalEntry(task=task.id, operation=operation, step=step, data=data or {})
