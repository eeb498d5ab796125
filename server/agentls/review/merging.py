"""Merging a task into its target: computed apart from any checkout, then one step.

`plan_merge` makes the commit that the target would get and changes nothing that
anybody sees; `advance` is the one step that does. Between the two the caller
notes the plan in its journal, so that `heal` can finish or undo it.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import attrs

from agentls.errors import InvalidParams, InvalidState
from agentls.git.advance import Advanced, advance_branch, checkout_of
from agentls.git.commits import tree_of
from agentls.git.filters import refuse_untrusted_between
from agentls.git.healing import Outcome, heal_advance
from agentls.git.history import reaches
from agentls.git.refs import branch_ref, read_ref
from agentls.git.repository import Repository
from agentls.model import Checkpoint, CommitId, Task
from agentls.review.drafts import Draft, Wish, complete
from agentls.review.message import merge_message
from agentls.review.strategies import combine
from agentls.review.ticking import with_box_ticked
from agentls.review.work import Work, part_of_work, read_work

__all__ = [
    "MergePlan",
    "advance",
    "draft_merge",
    "heal",
    "plan_merge",
    "plan_part",
    "read_target",
]


@attrs.frozen(kw_only=True)
class MergePlan:
    """A merge that is computed: the target goes from `old` to `new`, or nowhere."""

    target: str
    old: CommitId
    new: CommitId
    checkout: Path | None
    """The checkout that has the target; None if nobody has."""

    def to_json(self) -> Mapping[str, Any]:
        """Write it as the journal keeps it."""
        checkout = self.checkout and os.fspath(self.checkout)
        return {**attrs.asdict(self), "checkout": checkout}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            target=data["target"],
            old=CommitId(data["old"]),
            new=CommitId(data["new"]),
            checkout=Path(data["checkout"]) if data["checkout"] else None,
        )


async def plan_merge(
    repository: Repository,
    task: Task,
    *,
    saved: Checkpoint,
    wish: Wish,
    upon: CommitId | None = None,
) -> MergePlan:
    """Compute the commits that a task's target would get.

    `upon` is where it will stand by then, if that is elsewhere than now. Raises
    `Conflict` naming the files, `InvalidState` when there is nothing to merge,
    `Untrusted` for a file whose filter nobody trusted, `InvalidParams` for a target
    that is gone. Nothing is changed.
    """
    target = upon or await read_target(repository, task)
    work = await read_work(
        repository, task, tree=saved.tree, head=saved.head, target=target
    )
    return await _plan(repository, task, work, wish=wish)


async def plan_part(
    repository: Repository, task: Task, *, tree: str, wish: Wish
) -> MergePlan:
    """Compute the commit that a target would get of a part of a task's change.

    `tree` is the task's base with that part, `wish` a squash that ticks if it is the
    last part; the rest is as for `plan_merge`.
    """
    work = await part_of_work(
        repository, task, tree=tree, target=await read_target(repository, task)
    )
    return await _plan(repository, task, work, wish=wish)


async def read_target(repository: Repository, task: Task) -> CommitId:
    """Give where a task's target stands; raise `InvalidParams` if it is gone."""
    target = await read_ref(repository, branch_ref(task.target))
    if target is None:
        raise InvalidParams(
            f"The target {task.target!r} is no branch any more; nothing was changed.",
            hint="Make it again, or create the task anew with another target.",
        )
    return target


async def draft_merge(
    repository: Repository, task: Task, work: Work, *, wish: Wish
) -> Draft:
    """Say what the target would get, up to the last commit; raises as `plan_merge`."""
    if work.tree == await tree_of(repository, work.base):
        raise InvalidState(
            f"Task {task.id} has changed nothing, so there is nothing to merge.",
            hint=f"`agentls send {task.id}` tells its agent more, or discard it.",
        )
    draft = await combine(repository, task, work, wish=wish)
    await _check_result(repository, task, target=work.target, tree=draft.tree)
    return await _ticked(repository, task, work, draft, wish=wish)


async def _ticked(
    repository: Repository, task: Task, work: Work, draft: Draft, *, wish: Wish
) -> Draft:
    """Have the box of the task's item ticked by the last commit.

    Where that is one of the agent's own (a rebase), another one comes on top.
    """
    if not wish.tick:
        return draft
    tree = await with_box_ticked(repository, task, draft.tree, target=work.target)
    if tree == draft.tree:
        return draft
    message = draft.message or wish.message or merge_message(wish.template, task)
    return attrs.evolve(draft, tree=tree, message=message)


async def _plan(
    repository: Repository, task: Task, work: Work, *, wish: Wish
) -> MergePlan:
    draft = await draft_merge(repository, task, work, wish=wish)
    commit = await complete(repository, task, draft, wish=wish)
    checkout = await checkout_of(repository, task.target)
    return MergePlan(
        target=task.target,
        old=work.target,
        new=commit,
        checkout=checkout and checkout.path,
    )


async def advance(repository: Repository, plan: MergePlan) -> Advanced:
    """Bring the target, and a checkout that has it, to the new commit; or refuse.

    Raises `TargetMoved` or `DirtyCheckout`; then nothing was changed.
    """
    return await advance_branch(repository, plan.target, old=plan.old, new=plan.new)


async def heal(repository: Repository, plan: MergePlan) -> bool:
    """Bring an advance that was cut off to an end; tell whether the merge is done."""
    outcome = await heal_advance(
        repository,
        plan.target,
        old=plan.old,
        new=plan.new,
        checkout=plan.checkout,
    )
    if outcome is not Outcome.ELSEWHERE:
        return outcome is Outcome.NEW
    target = await read_ref(repository, branch_ref(plan.target))
    return target is not None and await reaches(repository, target, ancestor=plan.new)


async def _check_result(
    repository: Repository, task: Task, *, target: CommitId, tree: str
) -> None:
    """Refuse a merge that changes nothing, or would publish unfiltered content."""
    if tree == await tree_of(repository, target):
        raise InvalidState(
            f"{task.target} has all of task {task.id}'s changes already.",
            hint="Discard the task; its work is in the target.",
        )
    await refuse_untrusted_between(repository, old=target, new=tree)
