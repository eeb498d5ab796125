"""A train: ready tasks merged one after the other, without keeping anything.

It tells which go in cleanly in that order, and which would conflict then: with the
target, or with a task before it. One that conflicts is left behind, and the next is
tried upon what went in before.
"""

from collections.abc import Sequence

import attrs

from agentls.git.merging import hidden_commit, laid_out_attributes
from agentls.git.pairs import try_pairs
from agentls.git.repository import Repository
from agentls.model import CommitId, TaskId
from agentls.review.forecast import Forecaster
from agentls.review.outlook import Outcome
from agentls.review.trials import keeping, throwaway

__all__ = ["Car", "try_train"]


@attrs.frozen(kw_only=True)
class Car:
    """One task of a train."""

    task: TaskId
    outcome: Outcome
    """`clean` when it goes in, upon those before it that did."""
    files: tuple[bytes, ...] = ()
    """Those in conflict."""
    against: tuple[TaskId, ...] = ()
    """The tasks before it that went in and are known to conflict with it."""
    against_target: bool = False
    """Whether it conflicts with the target alone."""


async def try_train(
    forecaster: Forecaster,
    repository: Repository,
    order: Sequence[TaskId],
    *,
    target: CommitId,
) -> tuple[Car, ...]:
    """Try a train of tasks with one target; the forecast is up to date."""
    cars: list[Car] = []
    went_in: list[TaskId] = []
    at = target
    async with (
        throwaway() as objects,
        laid_out_attributes(repository, target) as work_tree,
    ):
        place = await keeping(repository, objects, also=forecaster.objects)
        place = attrs.evolve(place, work_tree=work_tree)
        for task in order:
            side, known = forecaster.side(task), forecaster.of(task)
            if side is None or known is None:
                continue
            met = {one: known.tasks[one] for one in went_in if one in known.tasks}
            outlooks = (known.target, *met.values())
            if any(one.outcome is Outcome.UNKNOWN for one in outlooks):
                cars.append(Car(task=task, outcome=Outcome.UNKNOWN))
                continue
            (trial,) = await try_pairs([(at, side.commit)], at=place)
            if trial is None:
                cars.append(Car(task=task, outcome=Outcome.UNKNOWN))
            elif trial.clean:
                at = await hidden_commit(trial.tree, parent=at, at=place)
                went_in.append(task)
                cars.append(Car(task=task, outcome=Outcome.CLEAN))
            else:
                cars.append(
                    Car(
                        task=task,
                        outcome=Outcome.CONFLICTS,
                        files=tuple(clash.path for clash in trial.clashes),
                        against=tuple(met),
                        against_target=known.target.outcome is Outcome.CONFLICTS,
                    )
                )
    return tuple(cars)
