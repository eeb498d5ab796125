"""Checkpoints: the saved states of a task's worktree, on one hidden ref a task."""

import contextlib
from pathlib import Path

import attrs

from agentls.errors import NoCommits
from agentls.git.changes import changed_paths
from agentls.git.checkouts import own_checkout
from agentls.git.refs import read_ref, task_ref, update_ref
from agentls.git.repository import Repository, head
from agentls.git.snapshot import Snapshot, snapshot
from agentls.model import CommitId, Task

__all__ = ["Checkpointer"]


@attrs.frozen(kw_only=True)
class Checkpointer:
    """Takes checkpoints; each worktree's index of ours is kept for the next one."""

    indexes: Path

    def index_of(self, task: Task) -> Path:
        """Give the file in which the task's index is kept between checkpoints."""
        return self.indexes / task.id

    async def take(
        self,
        repository: Repository,
        task: Task,
        *,
        reason: str,
        also: tuple[CommitId, ...] = (),
    ) -> Snapshot:
        """Save the worktree as it is; its index, HEAD and files aren't touched.

        The commit's parents are the last checkpoint (at first the base), the
        worktree's HEAD, and what else the caller names: one ref reaches everything
        that was ever there.
        """
        ref = task_ref(task.id)
        checkout = await own_checkout(repository, task.worktree)
        last = await read_ref(repository, ref)
        parents = [last or task.base.commit, *also]
        with contextlib.suppress(NoCommits):  # the agent is on a branch without any
            at = await head(repository, at=checkout.place(repository))
            parents.append(at.commit)
        saved = await snapshot(
            repository,
            checkout,
            index=self.index_of(task),
            parents=tuple(dict.fromkeys(parents)),
            message=f"{task.title}\n\n{reason}",
        )
        await update_ref(repository, ref, new=saved.commit, expected=last)
        return saved

    async def take_prepared(
        self, repository: Repository, task: Task
    ) -> CommitId | None:
        """Save what `copy` and `setup` made; None if git sees nothing of it."""
        saved = await self.take(repository, task, reason="Prepared")
        made = await changed_paths(repository, task.base.commit, saved.commit)
        return saved.commit if made else None
