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

from agentls.errors import Conflict, InvalidParams, InvalidState
from agentls.git.advance import Advanced, advance_branch, checkout_of
from agentls.git.changes import changed_paths
from agentls.git.filters import refuse_untrusted
from agentls.git.healing import Outcome, heal_advance
from agentls.git.history import reaches
from agentls.git.merging import Conflicted, Identity, commit_tree, merge_trees
from agentls.git.refs import branch_ref, read_ref
from agentls.git.repository import Repository
from agentls.git.trees import leave_out
from agentls.model import BaseKind, CommitId, Task

__all__ = ["MergePlan", "advance", "heal", "plan_merge"]

HIDDEN = Identity(name="agentls", email="agentls@localhost")
"""Who makes commits that no branch ever has."""

_FILES_NAMED = 10


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
    checkpoint: CommitId,
    message: str | None,
) -> MergePlan:
    """Compute the squash of a task's checkpoint onto its target.

    Raises `Conflict` naming the files, `InvalidState` when there is nothing to
    merge, `Untrusted` for a file whose filter nobody trusted, `InvalidParams` for a
    target that is gone. Nothing is changed.
    """
    target = await read_ref(repository, branch_ref(task.target))
    if target is None:
        raise InvalidParams(
            f"The target {task.target!r} is no branch any more; nothing was changed.",
            hint="Make it again, or create the task anew with another target.",
        )
    checkpoint = await _without_prepared(repository, task, checkpoint)
    if not await changed_paths(repository, task.base.commit, checkpoint):
        raise InvalidState(
            f"Task {task.id} has changed nothing, so there is nothing to merge.",
            hint=f"`agentls send {task.id}` tells its agent more, or discard it.",
        )
    # A checkpoint of uncommitted changes is no part of history: what the task
    # began with must not be merged with what it did.
    wip = task.base.kind is BaseKind.WIP
    merged = await merge_trees(
        repository, target, checkpoint, base=task.base.commit if wip else None
    )
    if isinstance(merged, Conflicted):
        raise _conflict(task, merged)
    await _check_result(repository, task, target=target, tree=merged.tree)
    commit = await commit_tree(
        repository,
        merged.tree,
        parents=(target,),
        message=(message or "").strip() or _message(task),
    )
    checkout = await checkout_of(repository, task.target)
    return MergePlan(
        target=task.target,
        old=target,
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


async def _without_prepared(
    repository: Repository, task: Task, checkpoint: CommitId
) -> CommitId:
    """Give the checkpoint as it would be without what `copy` and `setup` made."""
    if task.prepared is None:
        return checkpoint
    tree = await leave_out(
        repository,
        f"{checkpoint}^{{tree}}",
        base=task.base.commit,
        made=task.prepared,
    )
    return await commit_tree(
        repository,
        tree,
        parents=(checkpoint,),
        message="Without what the setup made",
        identity=HIDDEN,
    )


async def _check_result(
    repository: Repository, task: Task, *, target: CommitId, tree: str
) -> None:
    """Refuse a merge that changes nothing, or would publish unfiltered content."""
    files = await changed_paths(repository, target, tree)
    if not files:
        raise InvalidState(
            f"{task.target} has all of task {task.id}'s changes already.",
            hint="Discard the task; its work is in the target.",
        )
    paths = {file.path for file in files}
    await refuse_untrusted(repository, trees=(target, tree), paths=paths)


def _conflict(task: Task, conflicted: Conflicted) -> Conflict:
    names = [path.decode("utf-8", "backslashreplace") for path in conflicted.files]
    more = len(names) - _FILES_NAMED
    listed = ", ".join(names[:_FILES_NAMED]) + (f" and {more} more" * (more > 0))
    return Conflict(
        f"Task {task.id} conflicts with {task.target} in {listed}."
        " Nothing was changed.",
        hint=_way_out(task),
    )


def _way_out(task: Task) -> str:
    resolve = (
        f"tell its agent to merge {task.target} and resolve it: `agentls send"
        f' {task.id} "…"`; or discard the task.'
    )
    if task.base.kind is BaseKind.WIP:
        return (
            "It began from changes that you had not committed: if that is what"
            f" {task.target} lacks, commit them and merge again. Else {resolve}"
        )
    return resolve[0].upper() + resolve[1:]


def _message(task: Task) -> str:
    return f"{task.title}\n\nAgent: {task.agent}\nTask: {task.id}\n"
