"""The one step by which a train's target moves, and how it survives a crash.

What lands is what was checked: before the target moves, once and to the commit of the
whole train, each task is merged anew, as hooks and signing want it, and must come to
the tree that was checked.
"""

import contextlib
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping

import attrs

from agentls.errors import InvalidState
from agentls.git.commits import tree_of
from agentls.git.repository import Repository
from agentls.model import CommitId, State, Task, TaskId
from agentls.review import merging
from agentls.review.merging import MergePlan
from agentls.review.train import Rider, Train, couple
from agentls.store.tasks import JournalEntry
from agentls.tasks.operations import Operations, entry
from agentls.tasks.train_riders import Riders

__all__ = ["TrainMerging"]


class TrainMerging:
    """Merges all of a train, or nothing."""

    def __init__(self, operations: Operations, *, riders: Riders) -> None:
        self._on = operations
        self._riders = riders

    async def merge(
        self,
        repository: Repository,
        riders: Mapping[TaskId, Rider],
        train: Train,
        *,
        clashes: Callable[[TaskId], Collection[TaskId]],
        sign: bool,
        skip_hooks: bool,
    ) -> Train:
        """Merge what was tried; raise `InvalidState` where something is another now."""
        async with self._held(task for task, _ in train.going):
            anew: list[Rider] = []
            for task_id, _ in train.going:
                before = riders[task_id]
                task = await self._on.to_review(task_id, stop=False, to="merge")
                rider = await self._riders.rider(
                    repository, task, sign=sign, skip_hooks=skip_hooks
                )
                if _work(rider) != _work(before):
                    raise _deviates(task_id, "it changed since.")
                anew.append(rider)
            cars = await couple(repository, anew, target=train.old, clashes=clashes)
            for car, (_, plan) in zip(cars, train.going, strict=True):
                if car.plan is None:
                    raise _deviates(car.task, car.why)
                if await _differ(repository, car.plan.new, plan.new):
                    raise _deviates(car.task, "it came to something else now.")
            plans = {car.task: car.plan for car in cars if car.plan}
            return await self._on.background.to_the_end(
                self._advance(repository, train, plans), name="merge a train"
            )

    async def finish(self, task: Task, noted: JournalEntry) -> None:
        """Finish or undo a train's merge that was cut off; `task` is its first one."""
        plan = MergePlan.from_json(noted.data["plan"])
        merged = {
            TaskId(name): attrs.evolve(plan, old=CommitId(old), new=CommitId(new))
            for name, old, new in noted.data["cars"]
        }
        async with self._held(set(merged) - {task.id}):
            if await merging.heal(await self._on.repository(task), plan):
                await self._merged(merged, noted=task.id)
            else:
                why = "The merge of its train was interrupted; nothing changed."
                await self._on.book.finish(task.id, quietly=True, why=why)

    async def _advance(
        self, repository: Repository, train: Train, plans: Mapping[TaskId, MergePlan]
    ) -> Train:
        """Do the one step, noted before with the first task and kept after."""
        first = min((self._on.book.get(task) for task in plans), key=_number)
        last = list(plans.values())[-1]
        whole = attrs.evolve(last, old=train.old)
        data = {
            "plan": whole.to_json(),
            "cars": [(task, plan.old, plan.new) for task, plan in plans.items()],
        }
        async with self._on.noted(entry(first, "train", step="advance", data=data)):
            advanced = await merging.advance(repository, whole)
        await self._merged(plans, noted=first.id)
        cars = tuple(attrs.evolve(car, plan=plans.get(car.task)) for car in train.cars)
        return attrs.evolve(train, cars=cars, merged=True, checkout=advanced.checkout)

    async def _merged(
        self, plans: Mapping[TaskId, MergePlan], *, noted: TaskId
    ) -> None:
        """Keep that all are merged, in one transaction.

        One that was discarded before a daemon came to that is merged when it is
        restored.
        """
        changes = {
            task: {
                "state": State.DISCARDED
                if self._on.book.get(task).state is State.DISCARDED
                else State.MERGED,
                "why": "",
                "merged_commit": plan.new,
                "merged_from": plan.old,
            }
            for task, plan in plans.items()
        }
        await self._on.book.finish_all(changes, noted=noted)

    @contextlib.asynccontextmanager
    async def _held(self, tasks: Iterable[TaskId]) -> AsyncGenerator[None]:
        """Hold several tasks' locks, the oldest first: no two wait for each other.

        The journal names the oldest one, which a new daemon holds before the others.
        """
        async with contextlib.AsyncExitStack() as locks:
            for task in sorted(map(self._on.book.get, tasks), key=_number):
                await locks.enter_async_context(self._on.lock(task.id))
            yield


def _work(rider: Rider) -> tuple[object, ...]:
    """Give what a merge is made of."""
    saved = rider.saved
    return saved.tree, saved.head, saved.base, saved.prepared, rider.task.target


async def _differ(repository: Repository, one: CommitId, other: CommitId) -> bool:
    return await tree_of(repository, one) != await tree_of(repository, other)


def _deviates(task: TaskId, why: str) -> InvalidState:
    return InvalidState(
        f"Task {task} isn't what was tried in the train: {why} Nothing was merged.",
        hint="Run the train again.",
    )


def _number(task: Task) -> int:
    return task.number
