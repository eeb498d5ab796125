"""A train: ready tasks merged one upon the other, before their target moves at all.

Each becomes the commits that its own merge would make, upon what those before it made.
One that can't is left behind, and the next is tried without it.
"""

import enum
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from pathlib import Path

import attrs

from agentls.errors import InvalidParams, InvalidState, Untrusted
from agentls.git.changes import changed_paths
from agentls.git.repository import Repository
from agentls.git.wording import named
from agentls.model import (
    Checkpoint,
    CheckResult,
    CommitId,
    GroupKind,
    SessionId,
    Task,
    TaskId,
)
from agentls.review.drafts import Wish, WorkConflicts
from agentls.review.merging import MergePlan, plan_merge

__all__ = [
    "Car",
    "CarOutcome",
    "Rider",
    "Train",
    "couple",
    "find_breaker",
    "left_behind",
]

_REFUSALS = (InvalidState, InvalidParams, Untrusted)
"""What keeps one task out of a train; anything else keeps all from going."""


class CarOutcome(enum.StrEnum):
    """What becomes of one task in a train."""

    CLEAN = "clean"
    """It goes in, upon those before it that did."""
    CONFLICTS = "conflicts"
    """With the target, or with what goes in before it."""
    BREAKS = "breaks"
    """With it, a check fails that passes without it."""
    REFUSED = "refused"
    """It can't be merged at all now."""


@attrs.frozen(kw_only=True)
class Rider:
    """A task that wants to go in."""

    task: Task
    saved: Checkpoint
    """What it has, as a checkpoint."""
    wish: Wish
    """How its merge is wanted."""
    on: TaskId | None = None
    """The task that it stands on, as long as that one isn't merged."""


@attrs.frozen(kw_only=True)
class Car:
    """One task of a train."""

    task: TaskId
    outcome: CarOutcome
    plan: MergePlan | None = None
    """What it does to the target; None of one that is left behind."""
    why: str = ""
    """One sentence: why it is left behind."""
    files: tuple[bytes, ...] = ()
    """Those in conflict."""
    against: tuple[TaskId, ...] = ()
    """The tasks before it that went in and conflict with it."""
    against_target: bool = False
    """Whether it conflicts with the target alone."""
    check: str = ""
    """The name of the check that it breaks."""
    session: SessionId | None = None
    """The session that shows how."""


@attrs.frozen(kw_only=True)
class Train:
    """Tasks with one target, in the order in which they were tried."""

    target: str
    old: CommitId
    """Where the target stands, or stood before the merge."""
    cars: tuple[Car, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    """What was checked of all that goes in, together."""
    why: str = ""
    """Why nothing of it can be merged; else empty."""
    merged: bool = False
    checkout: Path | None = None
    """The checkout that moved with the target."""

    @property
    def going(self) -> tuple[tuple[TaskId, MergePlan], ...]:
        """The tasks that go in, each with what it does to the target."""
        return tuple((car.task, car.plan) for car in self.cars if car.plan)

    @property
    def tip(self) -> CommitId:
        """Where the target stands with all that goes in."""
        return self.going[-1][1].new if self.going else self.old


async def couple(
    repository: Repository,
    riders: Sequence[Rider],
    *,
    target: CommitId,
    clashes: Callable[[TaskId], Collection[TaskId]],
) -> tuple[Car, ...]:
    """Merge tasks one upon the other, from where their target stands; it stays there.

    `clashes` tells which tasks are known to conflict with one.
    """
    at, cars = target, list[Car]()
    races: dict[str, TaskId] = {}
    for rider in riders:
        task, group = rider.task, rider.task.group
        went_in = {car.task: car.plan for car in cars if car.plan}
        if rider.on is not None and rider.on not in went_in:
            car = left_behind(
                task, f"It stands on task {rider.on}, which stays behind."
            )
        elif group and group.kind is GroupKind.RACE and group.id in races:
            won = races[group.id]
            car = left_behind(task, f"Its race is won by {won}, which goes in.")
        else:
            known = clashes(task.id)
            car = await _try(
                repository, rider, at=at, went_in=went_in, known=known, target=target
            )
        cars.append(car)
        if car.plan is not None:
            at = car.plan.new
            if group and group.kind is GroupKind.RACE:
                races[group.id] = task.id
    return tuple(cars)


def left_behind(task: Task, why: str) -> Car:
    """Give the car of a task that can't be merged now."""
    return Car(task=task.id, outcome=CarOutcome.REFUSED, why=why)


async def find_breaker(count: int, passes: Callable[[int], Awaitable[bool]]) -> int:
    """Give which of `count` cars is the first with which a check fails; 0: the target.

    `passes` tells whether it does with the first so many cars; with all it fails. It is
    asked log2(count) times, and once more about none where the first car is found.
    """
    good, bad = 0, count
    while bad - good > 1:
        middle = (good + bad) // 2
        if await passes(middle):
            good = middle
        else:
            bad = middle
    if bad == 1 and not await passes(0):
        return 0
    return bad


async def _try(
    repository: Repository,
    rider: Rider,
    *,
    at: CommitId,
    went_in: Mapping[TaskId, MergePlan],
    known: Collection[TaskId],
    target: CommitId,
) -> Car:
    try:
        plan = await _plan(repository, rider, upon=at)
    except WorkConflicts as error:
        files = error.found.files
        alone = at == target or await _conflicts(repository, rider, upon=target)
        touched = [
            task
            for task, before in went_in.items()
            if await _touches(repository, before, files)
        ]
        against = tuple(task for task in touched if task in known) or tuple(touched)
        met = [rider.task.target] * alone + list(against)
        met = met or ["what goes in before it"]
        return Car(
            task=rider.task.id,
            outcome=CarOutcome.CONFLICTS,
            why=f"It conflicts with {' and '.join(met)} in {named(files)}.",
            files=files,
            against=against,
            against_target=alone,
        )
    except _REFUSALS as error:
        return left_behind(rider.task, error.message)
    return Car(task=rider.task.id, outcome=CarOutcome.CLEAN, plan=plan)


async def _plan(repository: Repository, rider: Rider, *, upon: CommitId) -> MergePlan:
    return await plan_merge(
        repository, rider.task, saved=rider.saved, wish=rider.wish, upon=upon
    )


async def _conflicts(repository: Repository, rider: Rider, *, upon: CommitId) -> bool:
    try:
        await _plan(repository, rider, upon=upon)
    except WorkConflicts:
        return True
    except _REFUSALS:
        return False
    return False


async def _touches(
    repository: Repository, plan: MergePlan, files: Collection[bytes]
) -> bool:
    changed = await changed_paths(repository, plan.old, plan.new)
    return any(file.path in files for file in changed)
