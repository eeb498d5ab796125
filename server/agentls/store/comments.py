"""The table of comments: what was said about lines of a task's change.

The functions run inside a transaction that the caller opened.
"""

import enum
import sqlite3
from collections.abc import Collection
from datetime import datetime
from typing import NewType

import attrs

from agentls.model import CommitId, TaskId

__all__ = [
    "Comment",
    "CommentId",
    "CommentState",
    "Side",
    "delete_comment",
    "insert_comment",
    "load_comments",
    "reopen",
    "update_comment",
]

CommentId = NewType("CommentId", int)


class Side(enum.StrEnum):
    """Which side of the change a comment's lines are on."""

    OLD = "old"
    """As it was at the base."""

    NEW = "new"
    """As it is in the worktree."""


class CommentState(enum.StrEnum):
    """How far a comment has come."""

    OPEN = "open"
    """The agent wasn't told of it."""

    SENT = "sent"
    RESOLVED = "resolved"


@attrs.frozen(kw_only=True)
class Comment:
    """A remark about some lines, a file or a task's whole change."""

    id: CommentId
    task: TaskId
    thread: CommentId
    """The first comment of its thread: its own id for that one."""
    author: str
    """Empty for the person, else an agent's name."""
    checkpoint: CommitId
    """The commit in which the path and lines are these."""
    path: bytes
    """Empty for the whole change."""
    side: Side
    first: int | None
    """Lines count from 1; None for the whole file."""
    last: int | None
    quoted: str
    """The lines' text when it was written."""
    text: str
    state: CommentState
    written: datetime
    sent: CommitId | None = None
    """The checkpoint of the worktree as it was when the agent was told."""
    turn: int | None = None
    """The turn that it was told in."""


def insert_comment(
    connection: sqlite3.Connection,
    comment: Comment,
) -> Comment:
    """Keep a new comment and give it with its id; `id` 0 stands for the new one.

    One that begins a thread has 0 for that as well.
    """
    row = connection.execute(
        "INSERT INTO comments (task, thread, author, checkpoint, path, side,"
        " first_line, last_line, quoted, text, state, written, sent)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (
            comment.task,
            comment.thread or None,
            comment.author,
            comment.checkpoint,
            comment.path,
            comment.side,
            comment.first,
            comment.last,
            comment.quoted,
            comment.text,
            comment.state,
            comment.written.isoformat(),
            comment.sent,
        ),
    ).fetchone()
    new = CommentId(row["id"])
    return attrs.evolve(comment, id=new, thread=comment.thread or new)


def update_comment(connection: sqlite3.Connection, comment: Comment) -> None:
    """Keep what may change of a comment: its text and how far it has come."""
    connection.execute(
        "UPDATE comments SET text = ?, state = ?, sent = ?, turn = ? WHERE id = ?",
        (comment.text, comment.state, comment.sent, comment.turn, comment.id),
    )


def reopen(connection: sqlite3.Connection, task: TaskId, *, turn: int) -> None:
    """Let all comments be open that a turn's agent was to be told, and wasn't."""
    connection.execute(
        "UPDATE comments SET state = ?, sent = NULL, turn = NULL"
        " WHERE task = ? AND turn = ? AND state = ?",
        (CommentState.OPEN, task, turn, CommentState.SENT),
    )


def delete_comment(connection: sqlite3.Connection, comment: CommentId) -> None:
    """Forget a comment, and its whole thread if it began one."""
    connection.execute("DELETE FROM comments WHERE id = ?", (comment,))


def load_comments(
    connection: sqlite3.Connection,
    task: TaskId,
    *,
    states: Collection[CommentState] = tuple(CommentState),
) -> tuple[Comment, ...]:
    """Give a task's comments in the order in which they were written."""
    rows = connection.execute(
        "SELECT * FROM comments WHERE task = ? ORDER BY id", (task,)
    )
    read = (_comment(row) for row in rows)
    return tuple(comment for comment in read if comment.state in states)


def _comment(row: sqlite3.Row) -> Comment:
    return Comment(
        id=CommentId(row["id"]),
        task=TaskId(row["task"]),
        thread=CommentId(row["thread"] or row["id"]),
        author=row["author"],
        checkpoint=CommitId(row["checkpoint"]),
        path=row["path"],
        side=Side(row["side"]),
        first=row["first_line"],
        last=row["last_line"],
        quoted=row["quoted"],
        text=row["text"],
        state=CommentState(row["state"]),
        written=datetime.fromisoformat(row["written"]),
        sent=row["sent"] and CommitId(row["sent"]),
        turn=row["turn"],
    )
