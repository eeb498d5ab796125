"""Reading a task's change, for a person who reviews it."""

from agentls.git.repository import find_repository
from agentls.model import Task
from agentls.review.change import Change, read_base, read_change
from agentls.tasks.operations import Operations

__all__ = ["Reviewing"]


class Reviewing:
    """Shows tasks' changes."""

    def __init__(self, operations: Operations) -> None:
        self._on = operations

    async def changes(self, name: str, *, with_patch: bool) -> tuple[Task, Change]:
        """Read what a task changed, from its base to its worktree now."""
        task = self._on.book.get(name)
        return task, await read_change(
            await self._on.repository(task),
            task,
            index=self._on.checkpoints.index_of(task),
            with_patch=with_patch,
        )

    async def base_text(self, name: str, path: bytes) -> str:
        """Give a file's text as it was where the task began; empty if it wasn't."""
        task = self._on.book.get(name)
        return await read_base(await find_repository(task.repository), task, path)
