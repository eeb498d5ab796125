"""Updating a task from its target: computed apart from any checkout.

The target is merged into what the worktree holds, committed or not. The task's base
moves with it, so that the target's own progress is never told as the agent's.
"""

import attrs

from agentls.errors import Conflict, InvalidParams
from agentls.git.checkouts import own_checkout
from agentls.git.commits import HIDDEN, commit_tree, tree_of
from agentls.git.conflicts import find_unresolved
from agentls.git.filters import refuse_untrusted
from agentls.git.history import reaches
from agentls.git.merging import Conflicted, Merged, merge_trees
from agentls.git.refs import branch_ref, read_ref
from agentls.git.repository import Repository
from agentls.git.trees import leave_out, read_entry, with_entries
from agentls.git.wording import named
from agentls.model import Base, BaseKind, Checkpoint, CommitId, Task

__all__ = [
    "Source",
    "UpdatePlan",
    "check_resolved",
    "index_beside",
    "merge_line",
    "next_head",
    "plan_update",
    "read_source",
]


@attrs.frozen(kw_only=True)
class Source:
    """What an update brings into a task."""

    commit: CommitId
    """What the task's branch holds afterwards."""
    theirs: CommitId
    """The same, as it is merged: mostly that commit itself."""
    name: str
    """As a person knows it: the target's name, or `task k2m3`."""
    base: Base | None = None
    """What the task begins from then; None: the target, with what that lacks of it."""


@attrs.frozen(kw_only=True)
class UpdatePlan:
    """An update that is computed."""

    source: Source
    ours: CommitId
    """A hidden commit of what the worktree holds."""
    base: Base
    """The task's next base."""
    prepared: CommitId | None
    """What `copy` and `setup` made, as seen from that base."""
    merged: Merged | Conflicted

    @property
    def commits(self) -> tuple[CommitId, ...]:
        """Give the hidden commits that must be kept."""
        prepared = (self.prepared,) if self.prepared else ()
        return (self.base.commit, *prepared)


async def read_source(repository: Repository, task: Task) -> Source | None:
    """Give what the target has; None if the task begins with all of it already.

    Raises `InvalidParams` for a target that is gone.
    """
    target = await read_ref(repository, branch_ref(task.target))
    if target is None:
        raise InvalidParams(
            f"The target {task.target!r} is no branch any more; nothing was changed.",
            hint="Make it again, or create the task anew with another target.",
        )
    if await reaches(repository, task.base.commit, ancestor=target):
        return None
    return Source(commit=target, theirs=target, name=task.target)


async def plan_update(
    repository: Repository, task: Task, saved: Checkpoint, *, source: Source
) -> UpdatePlan:
    """Merge what is to come in with a checkpoint.

    Raises `Conflict` where what the task began with, and the target lacks, conflicts
    with it. Nothing is changed.
    """
    base = task.base.commit
    # Not the checkpoint itself: its history reaches what was taken back as well.
    on = saved.head or base
    above = (on,) if await reaches(repository, on, ancestor=base) else (on, base)
    ours = await commit_tree(
        repository, saved.tree, parents=above, message=task.title, identity=HIDDEN
    )
    next_base = source.base or attrs.evolve(
        task.base, commit=await _next_base(repository, task, source.commit)
    )
    merged = await merge_trees(repository, ours, source.theirs)
    if on != base or isinstance(merged, Conflicted):
        next_base = _kept_apart(task.base, next_base)
    return UpdatePlan(
        source=source,
        ours=ours,
        base=next_base,
        prepared=await _next_prepared(repository, task, next_base.commit),
        merged=merged,
    )


def _kept_apart(before: Base, after: Base) -> Base:
    """Let a base say that a branch's history holds what nobody else is to see.

    Commits that were made above hidden ones stay above them.
    """
    if before.kind is BaseKind.WIP:
        return attrs.evolve(after, kind=BaseKind.WIP)
    return after


async def next_head(
    repository: Repository, task: Task, *, head: CommitId, source: Source, tree: str
) -> CommitId:
    """Give the commit that the task's branch stands on after an update.

    Where the agent committed nothing, that is what comes in; else a merge of both,
    and what is uncommitted stays so: but for the files in which the commits conflict,
    which the merge has as they are in `tree`, the work with the target in it.
    Raises `Untrusted` for one of these that may not come onto a branch.
    """
    if await reaches(repository, head, ancestor=source.commit):
        return head
    if await reaches(repository, source.theirs, ancestor=head):
        return source.commit
    merged = await merge_trees(repository, head, source.theirs)
    whole = merged.tree
    if isinstance(merged, Conflicted):
        resolved = {
            path: await read_entry(repository, tree, path) for path in merged.files
        }
        whole = await with_entries(repository, merged.tree, resolved)
        await refuse_untrusted(repository, trees=(whole,), paths=merged.files)
    return await commit_tree(
        repository,
        whole,
        parents=(head, source.commit),
        message=merge_line(task, source),
    )


def merge_line(task: Task, source: Source) -> str:
    """Give the message of a merge into a task's branch."""
    if source.name == task.target:
        return f"Merge branch '{task.target}' into {task.branch}\n"
    return f"Merge {source.name} into {task.branch}\n"


async def index_beside(
    repository: Repository,
    *,
    head: CommitId,
    theirs: CommitId,
    conflicted: Conflicted,
    tree: str,
) -> str:
    """Give what the index has beside the conflicts of a merge in a worktree.

    That is the merge of what is committed: what isn't stays so. `tree` is the files.
    """
    committed = await merge_trees(repository, head, theirs)
    if isinstance(committed, Merged):
        return committed.tree
    # What only the commits conflict in is resolved in the files already.
    entries = {
        path: await read_entry(repository, tree, path)
        for path in committed.files
        if path not in conflicted.files
    }
    return await with_entries(repository, committed.tree, entries)


async def check_resolved(repository: Repository, task: Task) -> None:
    """Raise `Conflict` where the worktree has conflicts that nobody resolved."""
    checkout = await own_checkout(repository, task.worktree)
    if left := await find_unresolved(repository, checkout):
        raise Conflict(
            f"In the worktree of task {task.id} conflicts are left in {named(left)}."
            " Nothing was changed.",
            hint="Resolve them there and `git add` the files, then try again;"
            f" `agentls update --abort {task.id}` ends an update.",
        )


async def _next_base(repository: Repository, task: Task, target: CommitId) -> CommitId:
    """Give the target's tip, with what the task began from where that lacks it."""
    base = task.base.commit
    if await reaches(repository, target, ancestor=base):
        return target
    both = await merge_trees(repository, base, target)
    if isinstance(both, Conflicted):
        raise Conflict(
            f"What task {task.id} began from ({task.base.name}) conflicts with"
            f" {task.target} in {named(both.files)}. Nothing was changed.",
            hint=f"Bring {task.base.name} into {task.target} first, then update again.",
        )
    return await commit_tree(
        repository,
        both.tree,
        parents=(base, target),
        message=f"{task.base.name} and {task.target}",
        identity=HIDDEN,
    )


async def _next_prepared(
    repository: Repository, task: Task, base: CommitId
) -> CommitId | None:
    """Lay what `copy` and `setup` made over the next base."""
    if task.prepared is None:
        return None
    old = task.base.commit
    laid = await merge_trees(repository, base, task.prepared, base=old)
    tree = (
        laid.tree
        if isinstance(laid, Merged)
        # Where the target changed the same, its files count.
        else await leave_out(
            repository, await tree_of(repository, base), base=task.prepared, made=old
        )
    )
    return await commit_tree(
        repository, tree, parents=(base,), message="Prepared", identity=HIDDEN
    )
