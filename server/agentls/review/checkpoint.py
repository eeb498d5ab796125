"""Checkpoints: the saved states of a task's worktree, on one hidden ref a task.

Each is a commit whose parents are the one before, what the worktree was on, and
what was only staged: the ref reaches everything that was ever there.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import attrs

from agentls.errors import GitFailed, InvalidParams, NoCommits
from agentls.git.changes import changed_files, changed_paths
from agentls.git.checkouts import Checkout, own_checkout
from agentls.git.history import reaches
from agentls.git.refs import read_ref, task_ref, update_ref
from agentls.git.repository import Head, Repository, head
from agentls.git.snapshot import FILE_MAX, WorktreeState, commit_state, read_state
from agentls.git.staged import keep_staged, not_committed
from agentls.git.trees import leave_out
from agentls.model import Checkpoint, CommitId, Task, TaskId
from agentls.store import checkpoints as table
from agentls.store.database import Database
from agentls.together import together

__all__ = ["PREPARED", "Checkpointer", "Size"]

PREPARED = "Prepared"
"""Why the checkpoint is taken that holds what `copy` and `setup` made."""


@attrs.frozen(kw_only=True)
class Size:
    """How large a change is."""

    files: int
    added: int
    """Lines; a binary file has none."""
    deleted: int


class Checkpointer:
    """Takes checkpoints, and knows which there are.

    `sized` is told how large a task's change is, whenever that may be new.
    """

    def __init__(
        self,
        *,
        indexes: Path,
        database: Database,
        sized: Callable[[TaskId, Size], Awaitable[object]],
    ) -> None:
        self.indexes = indexes
        self.file_max = FILE_MAX
        """Bytes above which an untracked file isn't stored."""
        self._database = database
        self._sized = sized
        self._saving: defaultdict[TaskId, asyncio.Lock] = defaultdict(asyncio.Lock)
        """Held while a checkpoint is taken: one follows the other."""

    def index_of(self, task: Task) -> Path:
        """Give the file in which the task's index is kept between checkpoints."""
        return self.indexes / task.id

    async def read(self, repository: Repository, task: Task) -> WorktreeState:
        """Give the worktree's present state as a tree, without a checkpoint."""
        checkout = await own_checkout(repository, task.worktree)
        return await self._read(repository, checkout, task)

    async def take(
        self,
        repository: Repository,
        task: Task,
        *,
        reason: str,
        also: tuple[CommitId, ...] = (),
    ) -> Checkpoint:
        """Save the worktree as it is; its index, HEAD and files aren't touched.

        A state that was saved already isn't saved again: then the last checkpoint is
        given. `also` are commits that it must reach.
        """

        async def measure(tree: str) -> Size:
            return await _size(repository, task, tree)

        return await self._save(
            repository, task, reason=reason, also=also, measure=measure
        )

    async def take_prepared(
        self, repository: Repository, task: Task
    ) -> CommitId | None:
        """Save what `copy` and `setup` made; None if git sees nothing of it."""

        async def measure(_: str) -> Size:
            return Size(files=0, added=0, deleted=0)

        saved = await self._save(
            repository, task, reason=PREPARED, also=(), measure=measure
        )
        made = await changed_paths(repository, task.base.commit, saved.commit)
        return saved.commit if made else None

    async def list(self, task: Task) -> tuple[Checkpoint, ...]:
        """Give a task's checkpoints in the order in which they were taken."""
        return await self._database.read(lambda db: table.load_checkpoints(db, task.id))

    async def get(self, task: Task, number: int) -> Checkpoint:
        """Give one of them; raise `InvalidParams` if there is none of that number."""
        found = await self._database.read(
            lambda db: table.load_checkpoint(db, task.id, number)
        )
        if found is None:
            raise InvalidParams(
                f"Task {task.id} has no checkpoint {number}.",
                hint=f"`agentls checkpoints {task.id}` lists them.",
            )
        return found

    async def last(self, task: Task) -> Checkpoint | None:
        """Give the last one, None before the first."""
        return await self._database.read(
            lambda db: table.load_last_checkpoint(db, task.id)
        )

    async def _read(
        self, repository: Repository, checkout: Checkout, task: Task
    ) -> WorktreeState:
        return await read_state(
            repository, checkout, index=self.index_of(task), file_max=self.file_max
        )

    async def _save(
        self,
        repository: Repository,
        task: Task,
        *,
        reason: str,
        also: tuple[CommitId, ...],
        measure: Callable[[str], Awaitable[Size]],
    ) -> Checkpoint:
        async with self._saving[task.id]:
            found, tip = await together(
                self._look(repository, task, reason=reason),
                read_ref(repository, task_ref(task.id)),
            )
            return await self._follow(
                repository, task, found, tip=tip, also=also, measure=measure
            )

    async def _follow(
        self,
        repository: Repository,
        task: Task,
        found: Checkpoint,
        *,
        tip: CommitId | None,
        also: tuple[CommitId, ...],
        measure: Callable[[str], Awaitable[Size]],
    ) -> Checkpoint:
        """Make it the one after the last, unless it is the same."""
        last = await self.last(task)
        if tip and last and last.commit == tip and _same_state(last, found):
            reached = [await reaches(repository, tip, ancestor=one) for one in also]
            if all(reached):
                await self._sized(task.id, _size_of(last))
                return last
        parents = [tip or task.base.commit, *also]
        parents += [one for one in (found.head, found.staged) if one]
        commit, size = await asyncio.gather(
            commit_state(
                repository,
                found.tree,
                parents=tuple(dict.fromkeys(parents)),
                message=f"{task.title}\n\n{found.reason}",
            ),
            measure(found.tree),
            return_exceptions=True,
        )
        if isinstance(commit, BaseException):
            raise commit
        await update_ref(repository, task_ref(task.id), new=commit, expected=tip)
        if isinstance(size, BaseException):
            raise size
        made = attrs.evolve(found, commit=commit, **attrs.asdict(size))
        made = await self._database.transaction(
            lambda db: table.add_checkpoint(db, made)
        )
        await self._sized(task.id, size)
        return made

    async def _look(
        self, repository: Repository, task: Task, *, reason: str
    ) -> Checkpoint:
        """Read what is there now; number, commit and size are still to come."""
        checkout = await own_checkout(repository, task.worktree)
        (at, uncommitted), state = await together(
            _own_state(repository, checkout), self._read(repository, checkout, task)
        )
        staged: CommitId | None = None
        if at is not None:
            with contextlib.suppress(GitFailed):  # a damaged index has nothing to keep
                staged = await keep_staged(
                    repository,
                    checkout,
                    head=at.commit,
                    uncommitted=uncommitted,
                    tree=state.tree,
                )
        return Checkpoint(
            task=task.id,
            number=0,
            commit=task.base.commit,
            tree=state.tree,
            base=task.base.commit,
            began=task.base,
            prepared=task.prepared,
            head=at and at.commit,
            branch=at.branch if at else checkout.branch,
            staged=staged,
            files=0,
            added=0,
            deleted=0,
            reason=reason,
            taken=datetime.now(UTC),
            skipped=tuple(f"{one.display}: {one.why}" for one in state.skipped),
        )


async def _own_state(
    repository: Repository, checkout: Checkout
) -> tuple[Head | None, frozenset[bytes]]:
    """Give what a worktree is on, and the paths that its index has besides."""
    try:
        at = await head(repository, at=checkout.place(repository))
    except NoCommits:  # the agent is on a branch without any
        return None, frozenset()
    with contextlib.suppress(GitFailed):  # a damaged index
        return at, await not_committed(repository, checkout, at.commit)
    return at, frozenset()


def _same_state(one: Checkpoint, other: Checkpoint) -> bool:
    def state(of: Checkpoint) -> tuple[object, ...]:
        return (of.tree, of.base, of.head, of.branch, of.staged, of.skipped)

    return state(one) == state(other)


def _size_of(checkpoint: Checkpoint) -> Size:
    return Size(
        files=checkpoint.files, added=checkpoint.added, deleted=checkpoint.deleted
    )


async def _size(repository: Repository, task: Task, tree: str) -> Size:
    base = task.base.commit
    if task.prepared is not None:
        tree = await leave_out(repository, tree, base=base, made=task.prepared)
    files = await changed_files(repository, base, tree)
    return Size(
        files=len(files),
        added=sum(file.added for file in files),
        deleted=sum(file.deleted for file in files),
    )
