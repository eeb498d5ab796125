"""Discard and restore: a task's worktree and branch go from sight, and come back.

Each step can be run again after a crash between any two, and the order is such
that nothing is removed before it is kept.
"""

import contextlib
from pathlib import Path

from agentls.errors import InvalidState, TargetMoved
from agentls.git.branches import create_branch, delete_branch
from agentls.git.checkouts import find_checkout
from agentls.git.conflicts import put_back_unmerged
from agentls.git.history import reaches
from agentls.git.refs import branch_ref, read_ref, task_ref, update_ref
from agentls.git.repository import Repository, has_commit
from agentls.git.rewriting import write_files
from agentls.git.worktrees import (
    add_worktree,
    bring_back,
    drop_entry,
    lock_worktree,
    pinned_by,
    remove_half_made,
    set_aside,
    unlock_worktree,
    unpin,
)
from agentls.model import BaseKind, CommitId, Task
from agentls.review.checkpoint import Checkpointer
from agentls.threads import in_thread

__all__ = ["is_kept", "make_again", "put_away", "take_back"]


async def put_away(
    repository: Repository, task: Task, *, checkpoints: Checkpointer, keep: Path
) -> CommitId | None:
    """Keep all of a task's work, then remove its worktree and its own branch.

    Gives where the branch stood, None if it was gone already. A branch of the
    user's that the task worked on stays, and so does a worktree that was adopted.
    """
    if task.base.kind is BaseKind.ADOPTED:
        if task.worktree.exists():
            await checkpoints.take(repository, task, reason="Before the discard")
        await unlock_worktree(repository, task.worktree)
        return None
    own = task.base.own_branch
    tip = await read_ref(repository, branch_ref(task.branch)) if own else None
    if task.worktree.exists():
        also = (tip,) if tip else ()
        await checkpoints.take(repository, task, reason="Before the discard", also=also)
        keep.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if task.worktree.exists() or await in_thread(keep.exists):
        await set_aside(repository, task.worktree, keep=keep)
    else:  # somebody removed the folder by hand, or there never was one
        await drop_entry(repository, task.worktree, keep=keep)
    kept = await read_ref(repository, task_ref(task.id)) or task.base.commit
    # A branch that moved on since it was kept has commits of somebody, and one that
    # is checked out has somebody at work: it stays.
    if tip is not None and await reaches(repository, kept, ancestor=tip):
        with contextlib.suppress(InvalidState, TargetMoved):
            await delete_branch(repository, task.branch, expected=tip)
    return tip


def is_kept(task: Task, *, keep: Path) -> bool:
    """Tell whether a discarded task's worktree can be brought back as it was."""
    return keep.exists() or task.worktree.exists()


async def take_back(repository: Repository, task: Task, *, keep: Path) -> None:
    """Make the branch and the worktree of a discarded task again, as they were."""
    if task.base.kind is BaseKind.ADOPTED:
        found = await find_checkout(repository, task.worktree)
        if found is None:
            raise InvalidState(
                f"The worktree {task.worktree} was removed by its owner; task"
                f" {task.id} stays discarded, its last checkpoint is kept.",
                hint=f"`agentls run --base task:{task.id}` begins from that.",
            )
        await lock_worktree(repository, found)
        return
    tip = await read_ref(repository, branch_ref(task.branch))
    if tip is None and task.kept_tip is not None:
        await create_branch(repository, task.branch, at=task.kept_tip)
    await bring_back(repository, task.worktree, keep=keep, branch=task.branch)


async def make_again(
    repository: Repository, task: Task, *, checkpoints: Checkpointer, keep: Path
) -> bool:
    """Make the worktree of a task again from its last checkpoint, and its branch.

    What git ignores isn't in it. False if there is no checkpoint: then it had no
    worktree. An earlier attempt that was cut off is begun anew. Raises `InvalidState`
    when the checkpoint is gone from the repository.
    """
    last = await checkpoints.last(task)
    if last is None:
        return False
    if not await has_commit(repository, last.commit):
        raise InvalidState(
            f"The work of task {task.id} is gone from the repository: neither its"
            " folder nor its last checkpoint is there any more.",
            hint=f"Its prompt is kept: agentls show {task.id}",
        )
    ref = task_ref(task.id)
    if await read_ref(repository, ref) is None:  # somebody deleted it
        await update_ref(repository, ref, new=last.commit, expected=None)
    await drop_entry(repository, task.worktree, keep=keep)
    await remove_half_made(repository, path=task.worktree)
    start = await read_ref(repository, branch_ref(task.branch))
    if start is None:
        start = task.kept_tip or last.head or task.base.commit
        await create_branch(repository, task.branch, at=start)
    checkout = await add_worktree(
        repository,
        path=task.worktree,
        branch=task.branch,
        start=start,
        new_branch=False,
    )
    fresh = await checkpoints.read(repository, task)
    await write_files(
        repository,
        checkout,
        index=checkpoints.index_of(task),
        old=fresh.tree,
        new=last.tree,
    )
    await put_back_unmerged(repository, checkout, last.staged)
    # The first worktree's own folder is gone, and what only its reflog reached with
    # it: from now on the checkpoints keep that.
    if (pinned := await pinned_by(repository, keep=keep)) is not None:
        await checkpoints.take(repository, task, reason="Restored", also=(pinned,))
        await unpin(repository, keep=keep)
    return True
