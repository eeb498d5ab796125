"""Trains: ready tasks tried together, checked together, and merged in one step."""

import contextlib
import shutil
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path

import attrs

from agentls.errors import InvalidParams
from agentls.git.advance import checkout_of, in_the_way
from agentls.git.obstacles import find_obstacles
from agentls.git.refs import branch_ref, read_ref
from agentls.git.repository import Repository, find_repository
from agentls.model import CommitId, Task, TaskId
from agentls.review.train import Car, CarOutcome, Rider, Train, couple
from agentls.store.tasks import JournalEntry
from agentls.tasks.forecasting import Forecasting
from agentls.tasks.merging import Merging
from agentls.tasks.operations import Operations
from agentls.tasks.ordering import Ordering
from agentls.tasks.pool import Pool
from agentls.tasks.setup_cache import SetupCache
from agentls.tasks.starting import Say
from agentls.tasks.train_checks import TrainChecks
from agentls.tasks.train_merging import TrainMerging
from agentls.tasks.train_riders import Riders
from agentls.tasks.train_trials import KnownChecks, Trial, count_of, shown_by
from agentls.tasks.train_worktree import TrainWorktree
from agentls.threads import in_thread

__all__ = ["Trains"]


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
        setup_cache: SetupCache,
    ) -> None:
        self._on = operations
        self._ordering = ordering
        self._forecasting = forecasting
        self._pool = pool
        self._setup_cache = setup_cache
        self._riders = Riders(operations, merging=merging)
        self._merging = TrainMerging(operations, riders=self._riders)
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
        riders, left = await self._riders.gather(repository, order, target=target)
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
        progress(f"Merging {count_of(len(train.going))}")
        return await self._merging.merge(
            repository,
            riders,
            train,
            clashes=self._clashes,
            sign=sign,
            skip_hooks=skip_hooks,
        )

    async def finish_train(self, task: Task, noted: JournalEntry) -> None:
        """Finish or undo a train's merge that was cut off; `task` is its first one."""
        await self._merging.finish(task, noted)

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
        async with TrainWorktree(
            self._on,
            pool=self._pool,
            setup_cache=self._setup_cache,
            policy=policy,
            say=progress,
        ) as worktree:
            checks = TrainChecks(self._on, policy=policy, worktree=worktree)
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
