"""Rewind: a task's worktree as it was at one of its checkpoints.

The present state is a checkpoint first, so that a rewind can be rewound. After a
crash in the middle it is begun anew: what was half written is kept like anything
else, and then the files are written again.
"""

from pathlib import Path
from typing import Any

import attrs

from agentls.errors import InvalidState
from agentls.git import rewriting
from agentls.git.checkouts import own_checkout
from agentls.git.conflicts import put_back_unmerged
from agentls.git.obstacles import find_in_the_way
from agentls.git.refs import branch_ref, read_ref
from agentls.git.repository import Repository, has_commit
from agentls.model import Checkpoint, Task
from agentls.review.checkpoint import PREPARED
from agentls.store.database import Database
from agentls.store.tasks import JournalEntry
from agentls.store.updates import delete_update
from agentls.tasks.operations import Operations, entry
from agentls.tasks.starting import Say

__all__ = ["Rewinding", "Rewound", "origin"]


@attrs.frozen(kw_only=True)
class Rewound:
    """What a rewind did."""

    task: Task
    checkpoint: Checkpoint
    """The one that the worktree is at now."""
    before: Checkpoint
    """The one that it can be brought back to."""
    aside: tuple[bytes, ...]
    """What stood in the way: files and folders that git ignores or can't store."""
    aside_folder: Path
    """Where they were moved to."""


class Rewinding:
    """Brings tasks back to their checkpoints."""

    def __init__(self, operations: Operations, *, database: Database) -> None:
        self._on = operations
        self._database = database

    async def rewind(
        self, name: str, number: int, *, stop: bool, progress: Say
    ) -> Rewound:
        """Bring files, branch and base of a task to a checkpoint, its agent at rest.

        Files that git ignores stay. What was staged is in the files, and staged no
        more; what was unmerged is so again. Raises `InvalidState` for an agent that
        works, unless `stop`.
        """
        task_id = self._on.book.get(name).id
        async with self._on.lock(task_id):
            task = self._on.book.get(task_id)
            wanted = await self._on.checkpoints.get(task, number)
            repository = await self._on.repository(task)
            if not await has_commit(repository, wanted.commit):
                raise InvalidState(
                    f"Checkpoint {number} of task {task.id} is gone from the"
                    f" repository (its ref was deleted?). Nothing was changed.",
                    hint=f"`agentls checkpoints {task.id}` lists the others.",
                )
            task = await self._on.to_review(task_id, stop=stop, to="rewind")
            rewriting.check_free(await own_checkout(repository, task.worktree))
            return await self._on.background.to_the_end(
                self._rewind(repository, task, wanted, progress=progress),
                name=f"rewind {task.id}",
            )

    async def finish_rewind(self, task: Task, noted: JournalEntry) -> None:
        """Do a rewind again that was cut off."""
        wanted = await self._on.checkpoints.get(task, noted.data["number"])
        repository = await self._on.repository(task)
        rewriting.clear_locks(await own_checkout(repository, task.worktree))
        await self._rewind(repository, task, wanted, progress=lambda _: None)

    async def _rewind(
        self, repository: Repository, task: Task, wanted: Checkpoint, *, progress: Say
    ) -> Rewound:
        progress("Saving a checkpoint")
        number = wanted.number
        tip = await read_ref(repository, branch_ref(wanted.branch or task.branch))
        before = await self._on.checkpoints.take(
            repository,
            task,
            reason=f"Before the rewind to {number}",
            also=(tip,) if tip else (),
        )
        await rewriting.check_no_submodules(
            repository, old=before.tree, new=wanted.tree
        )
        async with self._on.noted(entry(task, "rewind", data={"number": number})):
            progress("Writing the files")
            aside, folder = await self.write(repository, task, before, wanted)
        task = await self._on.book.finish(
            task.id,
            quietly=True,
            why=f"Rewound to checkpoint {number}.",
            **origin(task, wanted),
        )
        # What an update left to be resolved is another state by now.
        await self._database.transaction(lambda db: delete_update(db, task.id))
        await self._on.checkpoints.take(repository, task, reason=f"Rewound to {number}")
        return Rewound(
            task=self._on.book.get(task.id),
            checkpoint=wanted,
            before=before,
            aside=aside,
            aside_folder=folder,
        )

    async def write(
        self,
        repository: Repository,
        task: Task,
        before: Checkpoint,
        wanted: Checkpoint,
    ) -> tuple[tuple[bytes, ...], Path]:
        """Bring files, index and HEAD from one checkpoint, which they hold, to another.

        Gives what stood in the way, and the folder that it was moved to.
        """
        checkout = await own_checkout(repository, task.worktree)
        folder = _kept_aside(self._on.paths.aside, before)
        aside = await find_in_the_way(
            repository, checkout, old=before.tree, new=wanted.tree
        )
        await rewriting.move_aside(checkout, aside, keep=folder)
        await rewriting.write_files(
            repository,
            checkout,
            index=self._on.checkpoints.index_of(task),
            old=before.tree,
            new=wanted.tree,
        )
        if wanted.head is not None:
            await rewriting.move_head(
                repository, checkout, branch=wanted.branch, commit=wanted.head
            )
            await put_back_unmerged(repository, checkout, wanted.staged)
        return aside, folder


def origin(task: Task, checkpoint: Checkpoint) -> dict[str, Any]:
    """Give what a task's change was told against at a checkpoint, for the book."""
    own = checkpoint.reason == PREPARED
    return {
        "base": attrs.evolve(checkpoint.began or task.base, commit=checkpoint.base),
        "prepared": checkpoint.commit if own else checkpoint.prepared,
    }


def _kept_aside(aside: Path, checkpoint: Checkpoint) -> Path:
    """Name the folder for what was in the way after a checkpoint was taken."""
    return aside / checkpoint.task / str(checkpoint.number)
