"""Comments as operations: write, list, edit and resolve them."""

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar

import attrs

from agentls.errors import InvalidParams, InvalidState
from agentls.git.refs import read_ref, task_ref
from agentls.git.repository import Repository
from agentls.model import CommitId, Lines, State, Task, TaskId
from agentls.review import comments as placing
from agentls.review.comments import Answered, PlacedComment
from agentls.store import comments as table
from agentls.store.comments import Comment, CommentId, CommentState, Side
from agentls.store.database import Database
from agentls.tasks.book import CommentsChanged, now
from agentls.tasks.operations import Operations
from agentls.tasks.request import check_text
from agentls.tasks.resuming import require_worktree
from agentls.threads import in_thread

__all__ = ["Commenting", "Remark"]

_BUSY = {State.WORKING, State.WAITING, State.CHECKING}

R = TypeVar("R")


@attrs.frozen(kw_only=True)
class Remark:
    """A comment that is asked for."""

    text: str
    path: bytes = b""
    """Empty for the whole change."""
    side: Side = Side.NEW
    lines: Lines | None = None
    thread: CommentId | None = None
    """Any comment of the thread that it goes on; path and lines are that one's."""


class Commenting:
    """Keeps what is said about tasks' changes."""

    def __init__(self, operations: Operations, *, database: Database) -> None:
        self._on = operations
        self._database = database
        self.sending: defaultdict[TaskId, asyncio.Lock] = defaultdict(asyncio.Lock)
        """Held while a review is sent: what is sent is what is marked."""

    async def add(self, name: str, remark: Remark, *, author: str = "") -> Comment:
        """Write a comment on the change as it is now, or a reply.

        Raises `InvalidParams` for a file or lines that aren't there.
        """
        _check(remark.text)
        task = self._on.book.get(name)
        if remark.thread is not None:
            return await self._reply(task, remark, thread=remark.thread, author=author)
        new = await self._new(task, remark, author=author)
        return await self.write(task, lambda db: table.insert_comment(db, new))

    async def listed(
        self, name: str, *, resolved: bool = True
    ) -> tuple[Task, tuple[PlacedComment, ...]]:
        """Give a task's comments where their lines are now, thread by thread.

        Threads come in the order of files and lines. `resolved` ones may be left out.
        """
        task = self._on.book.get(name)
        comments = await self.load(task)
        if not resolved:
            done = {one.thread for one in comments if _is_resolved(one)}
            comments = tuple(one for one in comments if one.thread not in done)
        return task, await self._placed(task, comments)

    async def edit(self, name: str, comment: int, text: str) -> Comment:
        """Give a comment another text, as long as its agent wasn't told of it."""
        _check(text)
        task = self._on.book.get(name)
        async with self.sending[task.id]:
            found = await self._get(task, comment)
            if found.state is not CommentState.OPEN:
                raise InvalidState(
                    f"The agent of task {task.id} was told of comment {comment}"
                    " already; it was not changed.",
                    hint="Reply to it instead.",
                )
            return await self._update(task, attrs.evolve(found, text=text))

    async def delete(self, name: str, comment: int) -> Task:
        """Forget a comment, and the replies to it if it began a thread."""
        task = self._on.book.get(name)
        found = await self._get(task, comment)
        await self.write(task, lambda db: table.delete_comment(db, found.id))
        return task

    async def resolve(self, name: str, comment: int, *, resolved: bool) -> Comment:
        """Mark a comment's thread as resolved, or take the mark away."""
        task = self._on.book.get(name)
        async with self.sending[task.id]:
            found = await self._get(task, comment)
            first = await self._get(task, found.thread)
            state = CommentState.RESOLVED if resolved else _unresolved(first)
            return await self._update(task, attrs.evolve(first, state=state))

    @staticmethod
    def beginning(
        task: Task, remark: Remark, *, author: str, commit: CommitId, quoted: str
    ) -> Comment:
        """Make a comment that begins a thread; the store gives it its id."""
        return Comment(
            id=CommentId(0),
            task=task.id,
            thread=CommentId(0),
            author=author,
            checkpoint=commit,
            path=remark.path,
            side=remark.side,
            first=remark.lines and remark.lines.first,
            last=remark.lines and remark.lines.last,
            quoted=quoted,
            text=remark.text,
            state=CommentState.OPEN,
            written=now(),
        )

    async def _new(self, task: Task, remark: Remark, *, author: str) -> Comment:
        await require_worktree(task, to="comment on")
        repository = await self._on.repository(task)
        path = remark.path
        if not path or remark.side is Side.NEW:
            commit = await self.checkpoint(task, reason="Commented")
        else:
            commit = task.base.commit
            tip = await self._present(repository, task)
            path = await placing.old_path(repository, path, old=commit, new=tip)
        quoted = ""
        if path:
            quoted = await placing.quote(
                repository, commit, path=path, lines=remark.lines
            )
        placed = attrs.evolve(remark, path=path)
        return self.beginning(task, placed, author=author, commit=commit, quoted=quoted)

    async def _reply(
        self, task: Task, remark: Remark, *, thread: CommentId, author: str
    ) -> Comment:
        async with self.sending[task.id]:
            found = await self._get(task, thread)
            first = await self._get(task, found.thread)
            new = attrs.evolve(
                first,
                id=CommentId(0),
                author=author,
                text=remark.text,
                state=CommentState.OPEN,
                written=now(),
                sent=None,
                turn=None,
            )

            def insert(connection: sqlite3.Connection) -> Comment:
                if _is_resolved(first):  # somebody has more to say
                    reopened = attrs.evolve(first, state=_unresolved(first))
                    table.update_comment(connection, reopened)
                return table.insert_comment(connection, new)

            return await self.write(task, insert)

    async def _placed(
        self, task: Task, comments: Sequence[Comment]
    ) -> tuple[PlacedComment, ...]:
        if not comments:
            return ()
        repository = await self._on.repository(task)
        tip = await self._present(repository, task)
        placed = await placing.place(
            repository, comments, base=task.base.commit, now=tip
        )
        if task.state in _BUSY:  # it may come to them yet
            placed = tuple(
                attrs.evolve(one, answer=None)
                if one.answer and one.answer.how is Answered.UNTOUCHED
                else one
                for one in placed
            )
        first = {one.comment.id: one for one in placed}
        return tuple(sorted(placed, key=lambda one: _order(first, one)))

    async def _present(self, repository: Repository, task: Task) -> str:
        """Give the tree of the worktree as it is; without one, what was kept of it."""
        if await in_thread(task.worktree.exists):
            return (await self._on.checkpoints.read(repository, task)).tree
        return await read_ref(repository, task_ref(task.id)) or task.base.commit

    async def checkpoint(self, task: Task, *, reason: str) -> CommitId:
        """Save the worktree as it is; give the commit that comments may be on."""
        async with self._on.lock(task.id):
            repository = await self._on.repository(task)
            saved = await self._on.checkpoints.take(repository, task, reason=reason)
        return saved.commit

    async def load(self, task: Task) -> tuple[Comment, ...]:
        """Give all of a task's comments as they were written."""
        return await self._database.read(lambda db: table.load_comments(db, task.id))

    async def _get(self, task: Task, comment: int) -> Comment:
        for one in await self.load(task):
            if one.id == comment:
                return one
        raise InvalidParams(
            f"Task {task.id} has no comment {comment}.",
            hint=f"`agentls comments {task.id} --all` lists them.",
        )

    async def _update(self, task: Task, comment: Comment) -> Comment:
        await self.write(task, lambda db: table.update_comment(db, comment))
        return comment

    async def write(self, task: Task, work: Callable[[sqlite3.Connection], R]) -> R:
        """Change a task's comments in one transaction, and tell who listens."""
        return await self._database.transaction(
            work, then=lambda _: self._on.book.tell(CommentsChanged(task=task.id))
        )


def _check(text: str) -> None:
    check_text(text, what="comment")
    if not text.strip():
        raise InvalidParams("The comment is empty.", hint="Say something.")


def _is_resolved(comment: Comment) -> bool:
    return comment.state is CommentState.RESOLVED


def _unresolved(comment: Comment) -> CommentState:
    return CommentState.SENT if comment.sent else CommentState.OPEN


def _order(
    placed: dict[CommentId, PlacedComment], one: PlacedComment
) -> tuple[bytes, int, int, int]:
    first = placed.get(one.comment.thread, one)
    line = first.lines.first if first.lines else 0
    return first.path, line, one.comment.thread, one.comment.id
