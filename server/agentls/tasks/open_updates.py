"""Updates that left conflicts to be resolved: ended, or taken back.

Until then the store knows of one, with the checkpoint that an abort goes back to, and
a copy of the worktree's own index lies beside those of the snapshots.
"""

from pathlib import Path

from agentls.errors import InvalidState
from agentls.git import rewriting
from agentls.git.checkouts import own_checkout
from agentls.git.commits import tree_of
from agentls.git.history import reaches
from agentls.git.repository import Repository
from agentls.model import Checkpoint, CommitId, Task
from agentls.review import updating
from agentls.review.updating import Source
from agentls.store import updates as table
from agentls.store.database import Database
from agentls.store.tasks import JournalEntry
from agentls.store.updates import OpenUpdate
from agentls.tasks.operations import Operations, entry
from agentls.tasks.rewinding import Rewinding, origin
from agentls.threads import in_thread

__all__ = ["OpenUpdates", "back"]


class OpenUpdates:
    """Knows the updates that are open; the caller holds the task's lock."""

    def __init__(
        self, operations: Operations, *, database: Database, rewinding: Rewinding
    ) -> None:
        self._on = operations
        self._database = database
        self._rewinding = rewinding

    async def of(self, task: Task) -> OpenUpdate | None:
        """Give a task's open update; None if there is none."""
        return await self._database.read(lambda db: table.load_update(db, task.id))

    async def open(self, opened: OpenUpdate) -> None:
        """Keep that an update is open now."""
        await self._on.book.change(
            opened.task,
            also=lambda db: table.insert_update(db, opened),
            quietly=True,
            open_update=True,
        )

    def index_before(self, before: Checkpoint) -> Path:
        """Name the copy of the worktree's own index as it was before an update."""
        return self._on.checkpoints.indexes / f"{before.task}.{before.number}.own"

    async def conclude(
        self, repository: Repository, task: Task, opened: OpenUpdate
    ) -> Task:
        """End an update whose conflicts are resolved, committed or not."""
        saved = await self._on.checkpoints.take(repository, task, reason="Resolved")
        on = saved.head or task.base.commit
        if await reaches(repository, on, ancestor=opened.target):
            return await self._ended(repository, task)  # somebody committed the merge
        checkout = await own_checkout(repository, task.worktree)
        going_on = await in_thread((checkout.admin / "MERGE_HEAD").exists)
        if not going_on and saved.tree == await tree_of(repository, on):
            raise InvalidState(
                f"Somebody ended the merge in the worktree of task {task.id}, and the"
                " work that was not committed with it. Nothing was changed.",
                hint=f"`agentls update --abort {task.id}` brings it all back.",
            )
        source = Source(commit=opened.target, theirs=opened.target, name=task.base.name)
        head = await updating.next_head(
            repository, task, head=on, source=source, tree=saved.tree
        )
        data = {"branch": saved.branch, "head": head}
        async with self._on.noted(entry(task, "update", step="head", data=data)):
            return await self.end(repository, task, branch=saved.branch, head=head)

    async def end(
        self, repository: Repository, task: Task, *, branch: str | None, head: CommitId
    ) -> Task:
        """Let the branch stand on the merge, and forget that an update was open."""
        checkout = await own_checkout(repository, task.worktree)
        await rewriting.move_head(repository, checkout, branch=branch, commit=head)
        return await self._ended(repository, task)

    async def _ended(self, repository: Repository, task: Task) -> Task:
        if opened := await self.of(task):
            before = await self._on.checkpoints.get(task, opened.checkpoint)
            await in_thread(rewriting.forget_index, self.index_before(before))
        task = await self._on.book.finish(
            task.id,
            also=lambda db: table.delete_update(db, task.id),
            quietly=True,
            open_update=False,
            why="Updated: its conflicts are resolved.",
        )
        await self._on.checkpoints.take(repository, task, reason="Updated")
        return self._on.book.get(task.id)

    async def abort(
        self, repository: Repository, task: Task, opened: OpenUpdate
    ) -> Task:
        """Bring a worktree back to what it was before its open update, noted before."""
        why = "Its update was aborted."
        async with self._on.noted(back(task, before=opened.checkpoint, why=why)):
            return await self.go_back(repository, task, opened.checkpoint, why=why)

    async def go_back(
        self, repository: Repository, task: Task, number: int, *, why: str
    ) -> Task:
        """Bring all back to a checkpoint, the index too; what is there is kept."""
        wanted = await self._on.checkpoints.get(task, number)
        present = await self._on.checkpoints.take(
            repository, task, reason="Before the update was taken back"
        )
        await self._rewinding.write(repository, task, present, wanted)
        checkout = await own_checkout(repository, task.worktree)
        kept = self.index_before(wanted)
        await in_thread(rewriting.put_back_index, checkout, kept)
        task = await self._on.book.finish(
            task.id,
            also=lambda db: table.delete_update(db, task.id),
            quietly=True,
            open_update=False,
            why=why,
            **origin(task, wanted),
        )
        await in_thread(rewriting.forget_index, kept)
        await self._on.checkpoints.take(
            repository, task, reason="After the update was taken back"
        )
        return self._on.book.get(task.id)


def back(task: Task, *, before: int, why: str) -> JournalEntry:
    """Note to which checkpoint an update that is cut off goes back, and why."""
    data = {"before": before, "why": why}
    return entry(task, "update", step="back", data=data)
