"""Discard and restore: a task's worktree and branch go from sight, and come back.

Each step can be run again after a crash between any two, and the order is such
that nothing is removed before it is kept.
"""

import contextlib
from pathlib import Path

from agentls.errors import InvalidState, TargetMoved
from agentls.git.branches import create_branch, delete_branch
from agentls.git.history import reaches
from agentls.git.refs import branch_ref, read_ref, task_ref
from agentls.git.repository import Repository
from agentls.git.worktrees import bring_back, set_aside
from agentls.model import BaseKind, CommitId, Task
from agentls.review.checkpoint import Checkpointer

__all__ = ["put_away", "take_back"]


async def put_away(
    repository: Repository, task: Task, *, checkpoints: Checkpointer, trash: Path
) -> CommitId | None:
    """Keep all of a task's work, then remove its worktree and its own branch.

    Gives where the branch stood, None if it was gone already. A branch of the
    user's that the task worked on stays.
    """
    keep = trash / task.id
    own_branch = task.base.kind is not BaseKind.BRANCH
    tip = await read_ref(repository, branch_ref(task.branch)) if own_branch else None
    if task.worktree.exists():
        also = (tip,) if tip else ()
        await checkpoints.take(repository, task, reason="Before the discard", also=also)
        keep.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if task.worktree.exists() or keep.exists():
        await set_aside(repository, task.worktree, keep=keep)
    kept = await read_ref(repository, task_ref(task.id)) or task.base.commit
    # A branch that moved on since it was kept has commits of somebody, and one that
    # is checked out has somebody at work: it stays.
    if tip is not None and await reaches(repository, kept, ancestor=tip):
        with contextlib.suppress(InvalidState, TargetMoved):
            await delete_branch(repository, task.branch, expected=tip)
    return tip


async def take_back(repository: Repository, task: Task, *, trash: Path) -> None:
    """Make the branch and the worktree of a discarded task again, as they were."""
    keep = trash / task.id
    if not keep.exists() and not task.worktree.exists():
        return  # it was discarded before it had a worktree
    tip = await read_ref(repository, branch_ref(task.branch))
    if tip is None and task.kept_tip is not None:
        await create_branch(repository, task.branch, at=task.kept_tip)
    await bring_back(repository, task.worktree, keep=keep, branch=task.branch)
