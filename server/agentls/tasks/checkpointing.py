"""Checkpoints for a person: on demand, and the list of what there is."""

from agentls.model import Checkpoint, State, Task, Turn
from agentls.tasks.operations import Operations
from agentls.tasks.resuming import require_worktree
from agentls.tasks.states import require_state

__all__ = ["Checkpointing"]

_WITH_A_WORKTREE = frozenset(State) - {State.QUEUED, State.PREPARING, State.DISCARDED}


class Checkpointing:
    """Saves tasks' worktrees when a person asks for it."""

    def __init__(self, operations: Operations) -> None:
        self._on = operations

    async def take(self, name: str) -> tuple[Task, Checkpoint]:
        """Save a task's worktree now; an agent that works isn't disturbed.

        Gives the last checkpoint when nothing has changed since.
        """
        task_id = self._on.book.get(name).id
        async with self._on.lock(task_id):
            task = self._on.book.get(task_id)
            require_state(task, *_WITH_A_WORKTREE, to="save")
            await require_worktree(task, to="save")
            taken = await self._on.checkpoints.take(
                await self._on.repository(task), task, reason="On demand"
            )
            return self._on.book.get(task_id), taken

    async def list(
        self, name: str
    ) -> tuple[Task, tuple[Checkpoint, ...], tuple[Turn, ...]]:
        """Give a task's checkpoints and turns, each in their order."""
        task = self._on.book.get(name)
        return (
            task,
            await self._on.checkpoints.list(task),
            await self._on.starter.turns.list(task),
        )
