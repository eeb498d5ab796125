"""What a task begins from that stands on another: that one's work, or its merge.

Each base follows the one before, as a commit: so the task's own work is what leads from
its base to its worktree, however the task below went on or was merged.
"""

from agentls.git.changes import changed_paths
from agentls.git.commits import HIDDEN, commit_tree, tree_of
from agentls.git.history import reaches
from agentls.git.refs import branch_ref, read_ref
from agentls.git.repository import Repository
from agentls.model import Base, BaseKind, Checkpoint, CommitId, Task
from agentls.review.change import without_prepared
from agentls.review.updating import Source

__all__ = ["base_on", "source_of_merged", "source_on"]


async def base_on(
    repository: Repository,
    lower: Task,
    saved: Checkpoint,
    *,
    follows: CommitId | None = None,
) -> Base:
    """Give a task's saved state as a base: its commit if it has no more than that.

    Uncommitted work is no part of history; such a base is one that only a squash can
    leave out again, as with `wip`. It `follows` the base that was there before.
    """
    name = f"task:{lower.id}"
    tree = await without_prepared(repository, lower, saved.tree, base=saved.base)
    on = saved.head
    if (
        on is not None
        and (follows is None or await reaches(repository, on, ancestor=follows))
        and not await changed_paths(repository, on, tree)
    ):
        return Base(kind=BaseKind.REF, name=name, commit=on)
    parents = (saved.commit, *((follows,) if follows else ()))
    commit = await commit_tree(
        repository,
        await tree_of(repository, tree),
        parents=parents,
        message=name,
        identity=HIDDEN,
    )
    return Base(kind=BaseKind.WIP, name=name, commit=commit)


async def source_on(
    repository: Repository, task: Task, *, lower: Task, saved: Checkpoint
) -> Source | None:
    """Give what the task below has now; None if the task has all of that already."""
    before = task.base.commit
    base = await base_on(repository, lower, saved, follows=before)
    if not await changed_paths(repository, before, base.commit):
        return None
    return Source(
        commit=base.commit, theirs=base.commit, name=f"task {lower.id}", base=base
    )


async def source_of_merged(
    repository: Repository, task: Task, *, lower: Task
) -> Source | None:
    """Give the target that holds the merge of the task below; None if none does now.

    Seen as what follows the task's base, whatever the merge made of the commits below:
    so nothing of it conflicts with itself.
    """
    tip = await read_ref(repository, branch_ref(lower.target))
    merged = lower.merged_commit
    if not tip or not merged or not await reaches(repository, tip, ancestor=merged):
        return None
    before = task.base.commit
    theirs = tip
    if not await reaches(repository, tip, ancestor=before):
        theirs = await commit_tree(
            repository,
            await tree_of(repository, tip),
            parents=(tip, before),
            message=lower.target,
            identity=HIDDEN,
        )
    base = Base(kind=BaseKind.REF, name=lower.target, commit=tip)
    return Source(commit=tip, theirs=theirs, name=lower.target, base=base)
