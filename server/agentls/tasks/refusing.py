"""Refusing parts of a task's change: they are put back, after a checkpoint."""

from collections.abc import Iterable

import attrs

from agentls.git.changes import changed_paths
from agentls.git.checkouts import own_checkout
from agentls.git.repository import Repository
from agentls.git.rewriting import rewrite
from agentls.git.trees import Entry, with_entries
from agentls.model import Checkpoint, Task
from agentls.review.accepting import with_kept
from agentls.store.decisions import Decided
from agentls.store.tasks import JournalEntry
from agentls.tasks import parts
from agentls.tasks.deciding import REFUSED, Deciding, Named
from agentls.tasks.operations import Operations, entry
from agentls.tasks.parts import ChosenPart, Part, choose_part
from agentls.tasks.starting import Say

__all__ = ["Refused", "Refusing"]


@attrs.frozen(kw_only=True)
class Refused:
    """What was put back."""

    task: Task
    refused: int
    """Hunks."""
    left: int
    """Hunks that the change has besides."""
    checkpoint: Checkpoint
    """The worktree as it was before."""


class Refusing:
    """Puts hunks back in tasks' worktrees."""

    def __init__(self, operations: Operations, *, deciding: Deciding) -> None:
        self._on = operations
        self._deciding = deciding

    async def refuse(
        self, name: str, part: Part, *, stop: bool, progress: Say
    ) -> Refused:
        """Put a part of a task's change back in its worktree, as the base has it.

        The state before is kept as a checkpoint. Raises `DirtyCheckout` when a file is
        changed at that moment and `InvalidState` when something is in the way; nothing
        is written then.
        """
        part.check()
        task_id = self._on.book.get(name).id
        async with self._on.lock(task_id):
            task, repository, saved = await parts.save(
                *(self._on, self._deciding, task_id),
                stop=stop,
                to="refused",
                progress=progress,
            )
            chosen = await choose_part(repository, task, saved, part, refused=True)
            progress("Putting back")
            new = await with_kept(
                repository, saved.tree, chosen.choice, kept=chosen.choice.others
            )
            return await self._on.background.to_the_end(
                self._put_back(repository, task, chosen, saved=saved, new=new),
                name=f"refuse hunks of {task.id}",
            )

    async def finish_refuse(self, task: Task, noted: JournalEntry) -> None:
        """Finish putting hunks back; whatever stands in the files is kept first."""
        repository = await self._on.repository(task)
        now = await self._on.checkpoints.take(
            repository, task, reason="While hunks were refused"
        )
        wanted = {
            file.path: Entry(mode=file.new_mode, blob=file.new_blob)
            if file.new_mode
            else None
            for file in await changed_paths(
                repository, noted.data["old"], noted.data["new"]
            )
        }
        new = await with_entries(repository, now.tree, wanted)
        await self._write(repository, task, old=now.tree, new=new)
        hunks = parts.from_journal(noted.data["hunks"])
        await self._refused(repository, task, hunks)

    async def _put_back(
        self,
        repository: Repository,
        task: Task,
        chosen: ChosenPart,
        *,
        saved: Checkpoint,
        new: str,
    ) -> Refused:
        hunks = parts.to_journal(chosen.names)
        data = {"old": saved.tree, "new": new, "hunks": hunks}
        # Nothing is half done: git looks at all files before it writes the first.
        async with self._on.noted(entry(task, "refuse", step="write", data=data)):
            await self._write(repository, task, old=saved.tree, new=new)
        task = await self._refused(repository, task, chosen.names)
        return Refused(
            task=task,
            refused=len(chosen.names),
            left=len(chosen.rest),
            checkpoint=saved,
        )

    async def _write(
        self, repository: Repository, task: Task, *, old: str, new: str
    ) -> None:
        await rewrite(
            repository,
            await own_checkout(repository, task.worktree),
            index=self._on.checkpoints.index_of(task),
            old=old,
            new=new,
        )

    async def _refused(
        self, repository: Repository, task: Task, hunks: Iterable[Named]
    ) -> Task:
        await self._on.checkpoints.take(repository, task, reason=REFUSED)
        await self._deciding.keep(task.id, hunks, Decided.REFUSED)
        return await self._on.book.finish(task.id)
