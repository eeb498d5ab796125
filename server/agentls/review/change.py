"""A task's change: what leads from its base to its worktree as it is now."""

from pathlib import Path

import attrs

from agentls.errors import InvalidState
from agentls.git.changes import ChangedFile, Status, changed_files, patch, read_blob
from agentls.git.checkouts import own_checkout
from agentls.git.refs import read_ref, task_ref
from agentls.git.repository import Repository
from agentls.git.snapshot import Skipped, read_state
from agentls.git.trees import leave_out
from agentls.model import CommitId, Task

__all__ = ["Change", "ChangedFile", "Status", "read_base", "read_change"]


@attrs.frozen(kw_only=True)
class Change:
    """What a task has done so far."""

    base: CommitId
    files: tuple[ChangedFile, ...]
    skipped: tuple[Skipped, ...] = ()
    """What is in the worktree and in no checkpoint, with the reason."""
    patch: bytes | None = None


async def read_change(
    repository: Repository, task: Task, *, index: Path, with_patch: bool
) -> Change:
    """Read the change from the worktree; of a task without one, from what was kept.

    Raises `InvalidState` for a task that has never been prepared.
    """
    skipped: tuple[Skipped, ...] = ()
    if task.worktree.exists():
        checkout = await own_checkout(repository, task.worktree)
        state = await read_state(repository, checkout, index=index)
        tip, skipped = state.tree, state.skipped
    else:
        kept = await read_ref(repository, task_ref(task.id))
        if kept is None:
            raise InvalidState(
                f"Task {task.id} has no worktree yet, so it has changed nothing.",
                hint="Wait until it is prepared.",
            )
        tip = kept
    base = task.base.commit
    if task.prepared is not None:
        tip = await leave_out(repository, tip, base=base, made=task.prepared)
    return Change(
        base=base,
        files=await changed_files(repository, base, tip),
        skipped=skipped,
        patch=await patch(repository, base, tip) if with_patch else None,
    )


async def read_base(repository: Repository, task: Task, path: bytes) -> str:
    """Give a file's text as it was where the task began; empty if it wasn't there."""
    content = await read_blob(repository, task.base.commit, path)
    return (content or b"").decode("utf-8", "replace")
