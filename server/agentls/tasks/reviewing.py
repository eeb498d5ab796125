"""Reading a task's change, for a person who reviews it, and what they have seen."""

import re
import sqlite3
from collections.abc import Callable, Collection, Mapping

import attrs

from agentls.errors import InvalidParams, InvalidState
from agentls.git.changes import ChangedFile, patch
from agentls.git.hunks import Hunk, hunks_of
from agentls.git.repository import Repository, find_repository
from agentls.model import Checkpoint, HunkId, Task
from agentls.review.change import (
    Listings,
    Present,
    read_present,
    read_text,
    select,
)
from agentls.review.viewed import Seen, find_hunks, see
from agentls.store import viewed as table
from agentls.store.database import Database
from agentls.store.decisions import Decided
from agentls.tasks.book import ViewedChanged, now
from agentls.tasks.deciding import Deciding
from agentls.tasks.operations import Operations
from agentls.tasks.points import BASE, NOW, Points
from agentls.threads import in_thread

__all__ = ["LIMIT_MAX", "Asked", "Marked", "Reviewing", "Shown"]

LIMIT_MAX = 10_000

_OBJECT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MORE = re.compile(r"([0-9a-f]{40,64})\.([0-9a-f]{40,64})\.(\d{1,9})")


@attrs.frozen(kw_only=True)
class Asked:
    """Which part of which change is wanted."""

    old: str = BASE
    new: str = NOW
    paths: tuple[bytes, ...] = ()
    """Files or folders; all if there is none."""
    hunks: bool = False
    patch: bool = False
    limit: int = LIMIT_MAX
    more: str | None = None
    look: bool = False
    """A person looks at it: from now on `looked` means the state that is shown."""
    by_agent: bool = False
    """No person reads it: it counts as no look at all."""


@attrs.frozen(kw_only=True)
class Shown:
    """A task's change, or one page of it."""

    task: Task
    old: str
    """The commit or tree that it begins from."""
    new: str
    skipped: tuple[str, ...]
    """What is in the worktree and in no checkpoint, with the reason."""
    worktree: bool
    """It leads to what the worktree holds now."""
    files: tuple[ChangedFile, ...]
    """Those of this page; the figures are of all."""
    count: int
    added: int
    deleted: int
    seen: Mapping[bytes, Seen]
    marks: Collection[HunkId]
    decided: Mapping[HunkId, Decided]
    hunks: Mapping[bytes, tuple[Hunk, ...]] | None
    patch: bytes | None
    more: str | None

    @property
    def viewed(self) -> int:
        """How many files were seen wholly."""
        return sum(seen.viewed for seen in self.seen.values())


@attrs.frozen(kw_only=True)
class Marked:
    """How much of a change is viewed, after marks were set or taken off."""

    task: Task
    files: int
    viewed: int


@attrs.frozen(kw_only=True)
class _Ends:
    old: str
    new: str
    begin: int = 0
    """How many files were on the pages before."""
    skipped: tuple[str, ...] = ()


class Reviewing:
    """Shows tasks' changes, and keeps what was seen of them."""

    def __init__(
        self, operations: Operations, *, database: Database, deciding: Deciding
    ) -> None:
        self._on = operations
        self._deciding = deciding
        self._database = database
        self._points = Points(operations)
        self._listings = Listings()

    async def changes(self, name: str, asked: Asked) -> Shown:
        """Read a task's change between two of its states, page by page."""
        if not 1 <= asked.limit <= LIMIT_MAX:
            raise InvalidParams(
                f"The limit is {asked.limit}; it goes from 1 to {LIMIT_MAX}."
            )
        task = self._on.book.get(name)
        repository = await self._on.repository(task)
        ends = await self._ends(repository, task, asked)
        old, new, begin = ends.old, ends.new, ends.begin
        files = select(
            await self._listings.files(repository, old, new), paths=asked.paths
        )
        end = begin + asked.limit
        page = files[begin:end]
        if asked.new == NOW and not asked.by_agent:
            await self._on.book.keep_opened(task.id)
        marks = await self._database.read(lambda db: table.load_marks(db, task.id))
        decisions = await self._deciding.decided(task.id) if asked.hunks else ()
        return Shown(
            task=task,
            old=old,
            new=new,
            skipped=ends.skipped,
            worktree=asked.new == NOW and await in_thread(task.worktree.exists),
            files=page,
            count=len(files),
            added=sum(file.added for file in files),
            deleted=sum(file.deleted for file in files),
            seen=await see(repository, files, marks) if marks else {},
            marks=marks.keys(),
            decided={one.hunk: one.decided for one in decisions},
            hunks=await hunks_of(repository, page) if asked.hunks else None,
            patch=await _patch(repository, old, new, files=files, asked=asked)
            if asked.patch
            else None,
            more=f"{old}.{new}.{end}" if end < len(files) else None,
        )

    async def mark(
        self,
        name: str,
        *,
        hunks: Collection[HunkId],
        paths: Collection[bytes],
        viewed: bool,
    ) -> Marked:
        """Mark hunks of the change as viewed, or take their marks off.

        Without `hunks` all those of the paths are meant, without either the whole
        change. Raises `InvalidState` for hunks that aren't in the change any more;
        nothing was marked then.
        """
        task = self._on.book.get(name)
        repository = await self._on.repository(task)
        files = await self._present_files(repository, task)
        chosen = select(files, paths)
        if viewed:
            await self._on.book.keep_opened(task.id)
            found = await self._wanted(repository, task, chosen, hunks)
            marks = tuple((hunk.id, hunk.path) for hunk in found)
            await self._write(
                task, lambda db: table.add_marks(db, task.id, marks, now=now())
            )
        elif hunks:
            await self._write(task, lambda db: table.drop_marks(db, task.id, hunks))
        else:
            gone = [file.path for file in chosen]
            await self._write(
                task, lambda db: table.drop_marks_of_paths(db, task.id, gone)
            )
        left = await self._database.read(lambda db: table.load_marks(db, task.id))
        seen = await see(repository, files, left)
        count = sum(one.viewed for one in seen.values())
        if viewed and files and count == len(files):
            await self.look(task.id)
        return Marked(task=task, files=len(files), viewed=count)

    async def look(self, name: str) -> Checkpoint | None:
        """Note that a person looked at the change as it is now.

        None for a task without a worktree: what is kept of it changes no more.
        """
        task_id = self._on.book.get(name).id
        async with self._on.lock(task_id):
            task = self._on.book.get(task_id)
            if not await in_thread(task.worktree.exists):
                return None
            repository = await self._on.repository(task)
            saved = await self._on.checkpoints.take(
                repository, task, reason="Looked at"
            )
            await self._on.book.keep_looked(task_id, saved.commit)
            return saved

    async def text(self, name: str, point: str, path: bytes) -> str:
        """Give a file's text in one of a task's states; empty if it wasn't there.

        The state is `base`, or a commit or tree that a change was told with.
        """
        task = self._on.book.get(name)
        repository = await find_repository(task.repository)
        if _OBJECT.fullmatch(point):
            return await read_text(repository, point, path)
        if point != BASE:
            raise InvalidParams(f"There is no {point!r} of a task to read a file from.")
        return await read_text(repository, task.base.commit, path)

    async def _write(
        self, task: Task, work: Callable[[sqlite3.Connection], None]
    ) -> None:
        def tell(_: None) -> None:
            self._on.book.tell(ViewedChanged(task=task.id))

        await self._database.transaction(work, then=tell)

    async def _wanted(
        self,
        repository: Repository,
        task: Task,
        files: Collection[ChangedFile],
        wanted: Collection[HunkId],
    ) -> tuple[Hunk, ...]:
        of = await hunks_of(repository, files)
        if not wanted:
            return tuple(hunk for hunks in of.values() for hunk in hunks)
        found, gone = find_hunks(of, wanted)
        if gone:
            raise InvalidState(
                f"{len(gone)} of these hunks are no part of task {task.id}'s change"
                " any more; nothing was marked.",
                hint="Look at the change again: it was edited since.",
            )
        return found

    async def _present_files(
        self, repository: Repository, task: Task
    ) -> tuple[ChangedFile, ...]:
        present = await self._present(repository, task)
        return await self._listings.files(repository, task.base.commit, present.tree)

    async def _present(self, repository: Repository, task: Task) -> Present:
        return await read_present(repository, task, checkpoints=self._on.checkpoints)

    async def _ends(self, repository: Repository, task: Task, asked: Asked) -> _Ends:
        """Find both trees; a further page is one of the list that the first was of."""
        if asked.more is not None:
            found = _MORE.fullmatch(asked.more)
            if found is None:
                raise InvalidParams(
                    f"{asked.more!r} is no page of changes.",
                    hint="Give the `more` of the answer before.",
                )
            return _Ends(old=found[1], new=found[2], begin=int(found[3]))
        # First of all what is there now: `looked` may come to mean it.
        old = await self._points.tree(repository, task, asked.old)
        if asked.new != NOW:
            new = await self._points.tree(repository, task, asked.new)
            return _Ends(old=old, new=new)
        if asked.look and not asked.by_agent:
            await self.look(task.id)
        present = await self._present(repository, task)
        return _Ends(old=old, new=present.tree, skipped=present.skipped)


async def _patch(
    repository: Repository,
    old: str,
    new: str,
    *,
    files: Collection[ChangedFile],
    asked: Asked,
) -> bytes:
    if not asked.paths:
        return await patch(repository, old, new)
    if not files:
        return b""
    # With both paths of what was moved, else git would not see that it was.
    named = {path for file in files for path in (file.path, file.old_path)}
    return await patch(repository, old, new, paths=sorted(named))
