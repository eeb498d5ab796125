"""Which task a person should review next, and why that one."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs

from agentls.config import OrderKey
from agentls.errors import AgentlsError, InvalidParams
from agentls.git.repository import find_repository
from agentls.model import State, Task, TaskId
from agentls.review.checks import passed
from agentls.review.order import Candidate, in_order, lowers_first, reasons
from agentls.tasks.forecasting import Forecasting
from agentls.tasks.operations import Operations
from agentls.tasks.races import to_discard
from agentls.tasks.stacks import stands_on
from agentls.tasks.states import require_state
from agentls.tasks.trusting import Trusting

__all__ = ["Next", "Ordering"]

_PATIENCE = 0.2
"""Seconds that an answered merge waits for the forecast of the others."""

_GOES_ON = {State.QUEUED, State.PREPARING, State.WORKING, State.CHECKING}
_STUCK = {State.WAITING, State.FAILED, State.INTERRUPTED}


@attrs.frozen(kw_only=True)
class Next:
    """What to review next, and what else there is."""

    task: Task | None
    """None when nothing is ready."""
    why: str
    """One sentence: why that one comes next, or why there is none."""
    left: int
    """How many more are ready."""
    going: tuple[Task, ...]
    """What is still at work and comes to review by itself."""
    stuck: tuple[Task, ...]
    """What needs a person before it can be reviewed: it asks, or it failed."""


class Ordering:
    """Knows the order of review."""

    def __init__(
        self,
        operations: Operations,
        *,
        trusting: Trusting,
        forecasting: Forecasting,
    ) -> None:
        self._on = operations
        self._trusting = trusting
        self._forecasting = forecasting

    async def next_review(self, folder: Path | None, *, after: str | None) -> Next:
        """Give what to review next, in one repository or in all.

        `after` names the task that was looked at: what follows it in the order comes
        next, and after the last the first again.
        """
        root = folder and (await find_repository(folder)).root
        seen = self._on.book.get(after).id if after else None
        return await self._next(root, seen=seen)

    async def _next(self, root: Path | None, *, seen: TaskId | None) -> Next:
        order = (await self._trusting.user_config()).review.order
        lost = to_discard(self._on.book)  # they go in a moment
        tasks = tuple(
            task
            for task in self._on.book.tasks(repository=root or None)
            if task.id not in lost
        )
        ready = {task.id: task for task in tasks if task.state is State.REVIEW}
        candidates = [self._candidate(task) for task in ready.values()]
        if seen and seen not in ready:
            seen = None  # merged or discarded since: the first is next
        row = in_order(candidates, by=order)
        found = {one.task: one for one in row}
        firsts = lowers_first(found, on=self._stands_on(ready.values()))
        row = tuple(found[task] for task in firsts)
        going = tuple(task for task in tasks if task.state in _GOES_ON)
        stuck = tuple(task for task in tasks if task.state in _STUCK)
        ids = [one.task for one in row]
        rest = row
        if seen:
            place = ids.index(seen)
            rest = row[place + 1 :] + row[:place]
        if not rest:
            why = _nothing(seen=bool(seen), going=len(going), stuck=len(stuck))
            return Next(task=None, why=why, left=0, going=going, stuck=stuck)
        return Next(
            task=ready[rest[0].task],
            why=_why(rest[0], by=order, of=len(rest)),
            left=len(rest) - 1,
            going=going,
            stuck=stuck,
        )

    async def ready(
        self, root: Path, *, named: Sequence[str] | None
    ) -> tuple[Task, ...]:
        """Give what is ready in one repository, in the order of review.

        Or those that are named, as they are; a task follows the one that it stands on.
        """
        if named is not None:
            chosen = [self._on.book.get(task) for task in dict.fromkeys(named)]
            for task in chosen:
                require_state(task, State.REVIEW, to="merge in a train")
                if task.repository != root:
                    raise InvalidParams(
                        f"Task {task.id} belongs to {task.repository}, not to {root}.",
                        hint="A train is of one repository.",
                    )
        else:
            order = (await self._trusting.user_config()).review.order
            lost = to_discard(self._on.book)
            ready = {
                task.id: task
                for task in self._on.book.tasks(repository=root)
                if task.state is State.REVIEW and task.id not in lost
            }
            row = in_order(map(self._candidate, ready.values()), by=order)
            chosen = [ready[one.task] for one in row]
        by_id = {task.id: task for task in chosen}
        row = lowers_first(by_id, on=self._stands_on(chosen))
        return tuple(by_id[task] for task in row)

    async def after(self, task: Task) -> Next | None:
        """Give what to review after a task of the same repository was merged.

        None when that can't be told: it must not make the merge look failed.
        """
        try:
            others = self._on.book.tasks(repository=task.repository)
            if any(other.state is State.REVIEW for other in others):
                # The target moved just now: what conflicts with it comes later.
                await self._forecasting.settle(task.repository, within=_PATIENCE)
            return await self._next(task.repository, seen=None)
        except AgentlsError:
            return None

    def _stands_on(self, tasks: Iterable[Task]) -> dict[TaskId, TaskId]:
        """Say which of some tasks stands on which."""
        found = {task.id: stands_on(self._on.book, task) for task in tasks}
        return {task: below for task, below in found.items() if below is not None}

    def _candidate(self, task: Task) -> Candidate:
        counted = task.added is not None and task.deleted is not None
        return Candidate(
            task=task.id,
            number=task.number,
            passed=passed(task.checks),
            conflicts=self._forecasting.conflicts(task.id),
            files=task.files,
            lines=(task.added or 0) + (task.deleted or 0) if counted else None,
        )


def _why(one: Candidate, *, by: tuple[OrderKey, ...], of: int) -> str:
    said = ", ".join(reasons(one, by=by))
    if of == 1:
        return f"The only one that is ready{': ' * bool(said)}{said}."
    if not said:
        return f"The oldest of {of} that are ready."
    return f"First of {of} that are ready: {said}."


def _nothing(*, seen: bool, going: int, stuck: int) -> str:
    ready = "Nothing else is ready" if seen else "Nothing is ready"
    parts = [f"{going} still at work"] * bool(going)
    parts += [f"{stuck} waiting for you"] * bool(stuck)
    return f"{ready}: {' and '.join(parts)}." if parts else f"{ready}."
