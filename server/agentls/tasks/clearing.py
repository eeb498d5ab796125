"""Room that finished tasks' worktrees take, and how it becomes free.

The worktree of a discarded task lies in the trash, that of a merged one where it
was. When they are older than the user's `trash_days` they may go, with what rewinds
moved aside: what git ignores in them is lost then; all else is in the task's
checkpoints, which stay.
"""

import contextlib
import os
from datetime import timedelta
from pathlib import Path

from agentls.errors import InvalidState
from agentls.git.history import reaches
from agentls.git.refs import read_ref, task_ref
from agentls.git.repository import Repository, has_commit
from agentls.git.worktrees import forget_set_aside
from agentls.model import BaseKind, State, Task
from agentls.review import discarding
from agentls.tasks.book import now
from agentls.tasks.operations import Operations
from agentls.tasks.trash import Trash, remove_slowly
from agentls.threads import in_thread

__all__ = ["Clearing", "room_of"]


class Clearing:
    """Finds worktrees that may go, and lets them go."""

    def __init__(self, operations: Operations) -> None:
        self._on = operations
        self._trash = Trash(operations.paths)

    def due(self, *, days: float) -> tuple[Task, ...]:
        """Give the tasks whose worktree is older than that, as the book has them."""
        return tuple(
            task
            for task in self._on.book.tasks(discarded=True)
            if task.state in {State.MERGED, State.DISCARDED}
            and task.base.kind is not BaseKind.ADOPTED
            and now() - task.changed >= timedelta(days=days)
            and not any(one.live for one in self._on.book.sessions(task.id))
        )

    async def size(self, task: Task) -> int:
        """Give the bytes of the files in the task's worktree, and of what lay in it."""
        return await in_thread(
            lambda: room_of(self._place(task)) + room_of(self._trash.aside(task))
        )

    async def clear(self, task: Task) -> int:
        """Let a worktree go for good, and give the bytes that became free.

        Does nothing for a task that isn't merged or discarded any more. The folder is
        out of the way when this returns, and removed in the background. Raises
        `InvalidState` where it holds the only copy of the work.
        """
        async with self._on.lock(task.id):
            task = self._on.book.get(task.id)
            if task not in self.due(days=0):
                return 0
            repository = await self._on.repository(task)
            size = await self.size(task)
            keep = await in_thread(self._trash.place, task)
            if await in_thread(task.worktree.exists):
                tip = await discarding.put_away(
                    repository, task, checkpoints=self._on.checkpoints, keep=keep
                )
                if tip is not None:
                    await self._on.book.change(task.id, kept_tip=tip)
            # Invariant: what goes is kept elsewhere (tests/tasks/test_clearing.py).
            if not await self._is_saved(repository, task):
                raise InvalidState(
                    f"The folder of task {task.id} in the trash is all that is left of"
                    f" its work; it was kept.",
                    hint=f"`agentls restore {task.id}` brings it back.",
                )
            going = await in_thread(self._trash.let_go, task)
            await forget_set_aside(repository, keep=keep)
            for folder in going:
                self._on.background.spawn(
                    remove_slowly(folder), name=f"remove {task.id}"
                )
            return size

    async def go_on(self) -> None:
        """Remove what an earlier daemon was about to remove."""
        tasks = self._on.book.tasks(discarded=True)
        for folder in await in_thread(self._trash.leftovers, tasks):
            await remove_slowly(folder)

    async def _is_saved(self, repository: Repository, task: Task) -> bool:
        """Tell whether the task's hidden reference keeps its last checkpoint."""
        tip = await read_ref(repository, task_ref(task.id))
        last = await self._on.checkpoints.last(task)
        if tip is None or last is None or not await has_commit(repository, last.commit):
            return False
        return await reaches(repository, tip, ancestor=last.commit)

    def _place(self, task: Task) -> Path:
        kept = self._trash.place(task)
        return kept if task.state is State.DISCARDED else task.worktree


def room_of(folder: Path) -> int:
    """Count the bytes of the files in a folder; 0 if it isn't there.

    A file with several names counts once for each; no link is followed.
    """
    room = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # gone since
                room += os.lstat(Path(parent) / name).st_size
    return room
