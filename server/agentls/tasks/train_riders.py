"""Who may go in a train: each ready task with what it has, saved and looked at."""

from collections.abc import Sequence

from agentls.errors import Conflict, InvalidParams, InvalidState, Untrusted
from agentls.git.repository import Repository
from agentls.model import State, Task, TaskId
from agentls.review.checks import refuse_failed
from agentls.review.train import Car, Rider, left_behind
from agentls.review.updating import check_resolved
from agentls.tasks.merging import Merging
from agentls.tasks.operations import Operations
from agentls.tasks.resuming import require_worktree
from agentls.tasks.stacks import stands_on
from agentls.tasks.states import require_state

__all__ = ["Riders"]

_REFUSALS = (InvalidState, InvalidParams, Conflict, Untrusted)


class Riders:
    """Saves what tasks have, and says why one can't go in."""

    def __init__(self, operations: Operations, *, merging: Merging) -> None:
        self._on = operations
        self._merging = merging

    async def gather(
        self, repository: Repository, order: Sequence[Task], *, target: str
    ) -> tuple[dict[TaskId, Rider], dict[TaskId, Car]]:
        """Save what each task has; give those that may go in, and why others don't."""
        riders: dict[TaskId, Rider] = {}
        left: dict[TaskId, Car] = {}
        for one in order:
            if one.target != target:
                why = f"It goes to {one.target}: that is another train."
                left[one.id] = left_behind(one, why)
                continue
            async with self._on.lock(one.id):
                task = self._on.book.get(one.id)
                try:
                    riders[task.id] = await self.rider(
                        repository, task, sign=False, skip_hooks=True
                    )
                except _REFUSALS as error:
                    left[task.id] = left_behind(task, error.message)
        return riders, left

    async def rider(
        self, repository: Repository, task: Task, *, sign: bool, skip_hooks: bool
    ) -> Rider:
        """Save what a task has; its lock is held already. Raise what is in the way."""
        require_state(task, State.REVIEW, to="merge in a train")
        refuse_failed(task)
        await require_worktree(task, to="merge")
        await check_resolved(repository, task)
        saved = await self._on.checkpoints.take(
            repository, task, reason="Before the train"
        )
        wish = await self._merging.wish(
            repository, task, message=None, sign=sign, skip_hooks=skip_hooks
        )
        on = stands_on(self._on.book, task)
        return Rider(task=self._on.book.get(task.id), saved=saved, wish=wish, on=on)
