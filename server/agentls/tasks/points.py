"""The states of a task that a change can lead from and to, by their names."""

from agentls.errors import InvalidParams
from agentls.git.repository import Repository
from agentls.model import Checkpoint, Task
from agentls.review.change import read_present, read_saved
from agentls.tasks.operations import Operations

__all__ = ["BASE", "NOW", "Points"]

BASE, NOW, LOOKED, TURN = "base", "now", "looked", "turn"
_OF_TASK = "task:"


class Points:
    """Finds tasks' states by their names; the present one is the caller's to read."""

    def __init__(self, operations: Operations) -> None:
        self._on = operations

    async def tree(self, repository: Repository, task: Task, point: str) -> str:
        """Give the commit or tree of a state, to be compared with the present one.

        `base`; `looked`, what a person looked at last; `turn`, before the last turn;
        a checkpoint's number; or `task:ID`, what another task's work is now. Raises
        `InvalidParams` for anything else.
        """
        if point.startswith(_OF_TASK):
            return await self._other(repository, point.removeprefix(_OF_TASK))
        if point.isascii() and point.isdecimal():
            saved = await self._on.checkpoints.get(task, int(point[:9]))
        elif point == LOOKED:
            saved = await self._looked(task)
        elif point == TURN:
            saved = await self._before_turn(task)
        elif point == BASE:
            saved = None
        else:
            raise InvalidParams(
                f"There is no {point!r} of a task to compare.",
                hint="Give `base`, `now`, `looked`, `turn`, a checkpoint's number or"
                " `task:ID`.",
            )
        return await read_saved(repository, task, saved) if saved else task.base.commit

    async def _other(self, repository: Repository, name: str) -> str:
        task = self._on.book.get(name)
        if task.repository != repository.root:
            raise InvalidParams(
                f"Task {task.id} belongs to {task.repository}, not here.",
                hint="Compare tasks of one repository.",
            )
        checkpoints = self._on.checkpoints
        return (await read_present(repository, task, checkpoints=checkpoints)).tree

    async def _looked(self, task: Task) -> Checkpoint | None:
        """Give what a person looked at last; None if they never did."""
        for saved in await self._on.checkpoints.list(task):
            if saved.commit == task.looked:
                return saved
        return None

    async def _before_turn(self, task: Task) -> Checkpoint | None:
        """Give the last checkpoint before the last turn; None if that was the first."""
        turns = await self._on.starter.turns.list(task)
        before = turns[-1].number - 1 if turns else 0
        found: Checkpoint | None = None
        for saved in await self._on.checkpoints.list(task):
            if saved.turn is not None and saved.turn <= before:
                found = saved
        return found
