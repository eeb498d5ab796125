"""The undo of a merge, while nothing came after it."""

from agentls.errors import InvalidState, TargetMoved
from agentls.git.advance import Advanced, checkout_of
from agentls.git.commits import commits_between, read_commit
from agentls.git.history import reaches
from agentls.git.refs import branch_ref, read_ref
from agentls.git.repository import Repository
from agentls.git.retreat import retreat_branch
from agentls.git.runner import git
from agentls.model import CommitId, Task
from agentls.review.merging import MergePlan

__all__ = ["plan_undo", "retreat"]

_NAMED = 5


async def plan_undo(repository: Repository, task: Task) -> MergePlan:
    """Say where the target goes back to.

    Raises `TargetMoved` naming what came after the merge, `InvalidState` where it
    isn't known where the target stood, or the merge was published.
    """
    merged, before = task.merged_commit, task.merged_from
    if merged is None or before is None:
        raise InvalidState(
            f"Where {task.target} stood before task {task.id} was merged isn't known.",
            hint=f"git revert {merged or 'COMMIT'} takes the work back.",
        )
    tip = await read_ref(repository, branch_ref(task.target))
    if tip != merged:
        raise await _moved(repository, task, tip=tip, merged=merged)
    if remote := await _published(repository, merged):
        raise InvalidState(
            f"The merge of task {task.id} is in {remote} already; nothing was changed.",
            hint=f"git revert {merged[:12]} takes the work back for all.",
        )
    checkout = await checkout_of(repository, task.target)
    return MergePlan(
        target=task.target, old=merged, new=before, checkout=checkout and checkout.path
    )


async def retreat(repository: Repository, plan: MergePlan) -> Advanced:
    """Bring the target, and a checkout that has it, back; or refuse."""
    return await retreat_branch(repository, plan.target, tip=plan.old, to=plan.new)


async def _moved(
    repository: Repository, task: Task, *, tip: CommitId | None, merged: CommitId
) -> TargetMoved:
    hint = f"git revert {merged[:12]} takes the work back all the same."
    if tip is None or not await reaches(repository, tip, ancestor=merged):
        return TargetMoved(
            f"{task.target} doesn't hold the merge of task {task.id} any more:"
            f" expected {merged[:10]}, found {tip or 'nothing':.10}."
            " Nothing was changed.",
            hint="Look at it with git reflog.",
        )
    after = await commits_between(repository, tip=tip, without=(merged,))
    told: list[str] = []
    for one in after[:_NAMED]:
        subject = (await read_commit(repository, one)).message.strip()
        told.append(f"{one[:10]} {subject.partition(chr(10))[0]}")
    if len(after) > _NAMED:
        told.append(f"and {len(after) - _NAMED} more")
    return TargetMoved(
        f"After the merge of task {task.id} came to {task.target}: {'; '.join(told)}."
        " Nothing was changed.",
        hint=hint,
    )


async def _published(repository: Repository, commit: CommitId) -> str:
    """Give a remote's branch that has the commit, or nothing."""
    listing = await git(
        *("for-each-ref", "--count=1", "--format=%(refname:short)"),
        *(f"--contains={commit}", "refs/remotes"),
        at=repository.main,
    )
    return listing.decode("utf-8", "replace").strip()
