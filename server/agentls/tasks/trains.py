"""Trains: ready tasks tried together, checked together, and merged in one step.

What lands is what was checked: before the target moves, once and to the commit of the
whole train, each task is merged anew, as hooks and signing want it, and must come to
the tree that was checked.
"""

import contextlib
import shutil
import tempfile
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from pathlib import Path

import attrs

from agentls.errors import Conflict, InvalidParams, InvalidState, Untrusted
from agentls.git.advance import checkout_of, in_the_way
from agentls.git.commits import tree_of
from agentls.git.obstacles import find_obstacles
from agentls.git.refs import branch_ref, read_ref
from agentls.git.repository import Repository, find_repository
from agentls.model import CommitId, State, Task, TaskId
from agentls.review import merging
from agentls.review.checks import refuse_failed
from agentls.review.merging import MergePlan
from agentls.review.train import Car, CarOutcome, Rider, Train, couple, left_behind
from agentls.review.updating import check_resolved
from agentls.store.tasks import JournalEntry
from agentls.tasks.forecasting import Forecasting
from agentls.tasks.merging import Merging
from agentls.tasks.operations import Operations, entry
from agentls.tasks.ordering import Ordering
from agentls.tasks.pool import Pool
from agentls.tasks.resuming import require_worktree
from agentls.tasks.stacks import stands_on
from agentls.tasks.starting import Say
from agentls.tasks.states import require_state
from agentls.tasks.train_checks import train_checks
from agentls.tasks.train_trials import KnownChecks, Trial, count_of, shown_by
from agentls.threads import in_thread

__all__ = ["Trains"]

_REFUSALS = (InvalidState, InvalidParams, Conflict, Untrusted)


class Trains:
    """Tries, checks and merges trains."""

    def __init__(
        self,
        operations: Operations,
        *,
        merging: Merging,
        ordering: Ordering,
        forecasting: Forecasting,
        pool: Pool,
    ) -> None:
        self._on = operations
        self._merging = merging
        self._ordering = ordering
        self._forecasting = forecasting
        self._pool = pool
        self._known = KnownChecks()
        """What checks came to: what was looked at is merged without running them."""

    async def run(
        self,
        folder: Path,
        *,
        tasks: Sequence[str] | None,
        target: str | None,
        check: bool,
        merge: bool,
        progress: Say,
        sign: bool = True,
        skip_hooks: bool = False,
    ) -> Train:
        """Try to merge what is ready, one upon the other; with `merge`, merge it.

        All in `review` in its order, or the named ones in theirs, and of these those
        with one target: the one named, else the first one's. With `check` the checks
        that a merge needs are run on the whole; a task that breaks one is found and
        left behind. Without `merge` nothing stays but the sessions of the checks.
        """
        root = (await find_repository(folder)).root
        order = await self._ordering.ready(root, named=tasks)
        target = target or (order[0].target if order else None)
        repository = await self._on.repository(order[0]) if order else None
        if repository is None or target is None:
            return Train(target=target or "", old=CommitId(""))
        old = await read_ref(repository, branch_ref(target))
        if old is None:
            raise InvalidParams(
                f"The target {target!r} is no branch of {root}; nothing was merged.",
                hint="`git branch` lists them.",
            )
        await checkout_of(repository, target)  # refused where it can't move at all
        progress("Saving checkpoints")
        riders, left = await self._gather(repository, order, target=target)
        await self._forecasting.settle(root, within=0.2)
        if not (check or merge):
            async with _apart(repository) as quarantined:
                return await self._couple(
                    quarantined, order, riders, left, target=target, old=old
                )
        progress(f"Merging {count_of(len(riders))} on trial")
        train = await self._couple(
            repository, order, riders, left, target=target, old=old
        )
        if merge:
            await _check_room(repository, train)
        if check and train.going:
            train = await self._checked(
                repository, order, riders, train, progress=progress
            )
        if not merge or train.why or not train.going:
            return train
        return await self._merge(
            repository,
            riders,
            train,
            progress=progress,
            sign=sign,
            skip_hooks=skip_hooks,
        )

    async def finish_train(self, task: Task, noted: JournalEntry) -> None:
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

    async def _gather(
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
                    riders[task.id] = await self._rider(
                        repository, task, sign=False, skip_hooks=True
                    )
                except _REFUSALS as error:
                    left[task.id] = left_behind(task, error.message)
        return riders, left

    async def _rider(
        self, repository: Repository, task: Task, *, sign: bool, skip_hooks: bool
    ) -> Rider:
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

    async def _couple(
        self,
        repository: Repository,
        order: Sequence[Task],
        riders: Mapping[TaskId, Rider],
        left: Mapping[TaskId, Car],
        *,
        target: str,
        old: CommitId,
    ) -> Train:
        going = [riders[task.id] for task in order if task.id not in left]
        cars = await couple(repository, going, target=old, clashes=self._clashes)
        by_task = {car.task: car for car in (*cars, *left.values())}
        return Train(
            target=target, old=old, cars=tuple(by_task[task.id] for task in order)
        )

    def _clashes(self, task: TaskId) -> frozenset[TaskId]:
        known = self._forecasting.of(task)
        return frozenset(known.tasks) if known else frozenset()

    async def _checked(
        self,
        repository: Repository,
        order: Sequence[Task],
        riders: Mapping[TaskId, Rider],
        train: Train,
        *,
        progress: Say,
    ) -> Train:
        """Check what goes in together, and leave behind who breaks a check."""
        policy = await self._on.starter.policy(order[0])
        async with train_checks(
            self._on, pool=self._pool, policy=policy, say=progress
        ) as checks:
            while train.going:
                trial = Trial(
                    riders=riders,
                    train=train,
                    policy=policy,
                    checks=checks,
                    known=self._known,
                    say=progress,
                )
                results = await trial.run()
                train = attrs.evolve(train, checks=results)
                bad = next((one for one in results if one.outcome.bad), None)
                if bad is None:
                    return train
                place, found = await trial.find_breaker(bad)
                if place == 0:
                    why = (
                        f"The check {bad.name} fails on {train.target} as it is, with"
                        f" none of the tasks{shown_by(found)}."
                    )
                    return attrs.evolve(train, why=why)
                breaker, _ = train.going[place - 1]
                left = {car.task: car for car in train.cars if car.plan is None}
                left[breaker] = Car(
                    task=breaker,
                    outcome=CarOutcome.BREAKS,
                    why=f"With it, the check {bad.name} fails{shown_by(found)}.",
                    check=bad.name,
                    session=found.session,
                )
                progress(f"{breaker} breaks {bad.name}: going on without it")
                train = await self._couple(
                    repository, order, riders, left, target=train.target, old=train.old
                )
        return train

    async def _merge(
        self,
        repository: Repository,
        riders: Mapping[TaskId, Rider],
        train: Train,
        *,
        progress: Say,
        sign: bool,
        skip_hooks: bool,
    ) -> Train:
        """Merge what was checked: all of it in one step, or nothing."""
        progress(f"Merging {count_of(len(train.going))}")
        async with self._held(task for task, _ in train.going):
            anew: list[Rider] = []
            for task_id, _ in train.going:
                before = riders[task_id]
                task = await self._on.to_review(task_id, stop=False, to="merge")
                rider = await self._rider(
                    repository, task, sign=sign, skip_hooks=skip_hooks
                )
                if _work(rider) != _work(before):
                    raise _deviates(task_id, "it changed since.")
                anew.append(rider)
            cars = await couple(
                repository, anew, target=train.old, clashes=self._clashes
            )
            for car, (_, plan) in zip(cars, train.going, strict=True):
                if car.plan is None:
                    raise _deviates(car.task, car.why)
                if await _differ(repository, car.plan.new, plan.new):
                    raise _deviates(car.task, "it came to something else now.")
            plans = {car.task: car.plan for car in cars if car.plan}
            return await self._on.background.to_the_end(
                self._advance(repository, train, plans), name="merge a train"
            )

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


async def _check_room(repository: Repository, train: Train) -> None:
    """Raise `DirtyCheckout` for the user's files in the way, before checks are run."""
    checkout = await checkout_of(repository, train.target)
    if checkout is None:
        return
    found = await find_obstacles(repository, checkout, old=train.old, new=train.tip)
    if found.files:
        what = "has uncommitted or untracked files in the way:"
        raise in_the_way(checkout, what, files=found.files)


@contextlib.asynccontextmanager
async def _apart(repository: Repository) -> AsyncGenerator[Repository]:
    """Give the repository with new objects in a folder that goes afterwards."""
    folder = Path(await in_thread(tempfile.mkdtemp, prefix="agentls-train-"))
    try:
        yield repository.quarantined(folder)
    finally:
        await in_thread(shutil.rmtree, folder)


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
