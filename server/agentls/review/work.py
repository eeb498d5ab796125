"""What a task brings to its target: the agent's own commits, and the rest on top.

Checkpoints are no part of it: their history also reaches what the agent took back.
"""

import attrs

from agentls.git.commits import HIDDEN, commit_tree
from agentls.git.history import merge_base, reaches
from agentls.git.repository import Repository
from agentls.model import BaseKind, CommitId, Task
from agentls.review.change import without_prepared

__all__ = ["Work", "part_of_work", "read_work"]


@attrs.frozen(kw_only=True)
class Work:
    """A task's work, seen from the commit that its target is at."""

    target: CommitId
    base: CommitId
    head: CommitId
    """The agent's last own commit; where it made none, what it began from."""
    tree: str
    """All of the work, committed or not, without what `copy` and `setup` made."""
    tip: CommitId
    """A hidden commit of that tree, above `head` and the task's base."""
    parents: tuple[CommitId, ...]
    """What stands below the work: `head`, and the base where that doesn't reach it."""
    only_since_base: bool
    """Exactly what leads from the base to the work counts, since the target lacks
    commits that the task began with; else the common history decides."""

    @property
    def start(self) -> CommitId | None:
        """The commit to merge from; None lets git find it in the history."""
        return self.base if self.only_since_base else None


async def read_work(
    repository: Repository,
    task: Task,
    *,
    tree: str,
    head: CommitId | None,
    target: CommitId,
) -> Work:
    """Read what the worktree's files add to what the agent committed.

    `tree` is these files, and `head` what the worktree is on: both of one moment. None
    is a branch without any commit.
    """
    base = task.base.commit
    on = head or base
    tree = await without_prepared(repository, task, tree, base=base)
    parents = (on,)
    if on != base and not await reaches(repository, on, ancestor=base):
        parents = (on, base)
    tip = await commit_tree(
        repository, tree, parents=parents, message=task.title, identity=HIDDEN
    )
    start = await merge_base(repository, target, tip)
    return Work(
        target=target,
        base=base,
        head=on,
        tree=tree,
        tip=tip,
        parents=parents,
        only_since_base=task.base.kind is BaseKind.WIP
        or (
            start is not None
            and start != base
            and await reaches(repository, base, ancestor=start)
        ),
    )


async def part_of_work(
    repository: Repository, task: Task, *, tree: str, target: CommitId
) -> Work:
    """Give a part of the work, as the base's tree with that part in it."""
    base = task.base.commit
    tip = await commit_tree(
        repository, tree, parents=(base,), message=task.title, identity=HIDDEN
    )
    return Work(
        target=target,
        base=base,
        head=base,
        tree=tree,
        tip=tip,
        parents=(base,),
        only_since_base=True,
    )
