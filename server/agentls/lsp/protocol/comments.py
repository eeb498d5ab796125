"""Comments on a task's change, and the review that they become."""

import attrs

from agentls.lsp.protocol.tasks import TaskInfo

__all__ = [
    "AddCommentParams",
    "AnswerInfo",
    "CommentInfo",
    "CommentParams",
    "CommentResult",
    "CommentsChangedParams",
    "EditCommentParams",
    "ListCommentsParams",
    "ListCommentsResult",
    "OriginalInfo",
    "ResolveCommentParams",
    "SendReviewParams",
    "SendReviewResult",
]


@attrs.frozen(kw_only=True)
class OriginalInfo:
    """Where a comment was written."""

    checkpoint: str
    """The commit in which path and lines are these."""
    path: str
    line: int | None = None
    end_line: int | None = None


@attrs.frozen(kw_only=True)
class AnswerInfo:
    """What the agent did about a comment since it was told."""

    how: str
    """`touched` (it changed these lines, or put some beside them), `near` (others of
    the same file) or `untouched`."""
    path: str | None = None
    line: int | None = None
    """The lines that answer it, as they are now; absent where there are none."""
    end_line: int | None = None
    hunk: str | None = None
    """The hunk of the task's change, as `changes` names it, that the lines are in."""


@attrs.frozen(kw_only=True)
class CommentInfo:
    """A comment, where its lines are now. Lines count from 1."""

    id: int
    thread: int
    """The comment that began the thread: its own id for that one."""
    author: str
    """Empty for the person, else the agent that reviewed."""
    path: str | None = None
    """Absent for the whole change."""
    side: str
    """`old` (the base) or `new` (the worktree)."""
    line: int | None = None
    """Absent for the whole file, and when the file is gone."""
    end_line: int | None = None
    outdated: bool = False
    """The lines were changed or are gone; these are the nearest."""
    original: OriginalInfo
    quoted: str
    """The lines' text when it was written."""
    text: str
    state: str
    """`open`, `sent` or `resolved`; a thread is resolved when its first comment is."""
    written: str
    """UTC, ISO 8601."""
    answer: AnswerInfo | None = None
    """Absent for one that wasn't sent, or that the agent may come to yet."""
    uri: str | None = None
    """The document with these lines: the real file, or the base side."""


@attrs.frozen(kw_only=True)
class AddCommentParams:
    """What to say about which lines."""

    task: str
    text: str
    path: str | None = None
    """As `changes` names it; the whole change if absent."""
    side: str = "new"
    """`old` (the base) or `new` (the worktree)."""
    line: int | None = None
    """Counts from 1; the whole file if absent."""
    end_line: int | None = None
    """The last line that is meant; the same if absent."""
    thread: int | None = None
    """A comment to reply to; path and lines are that one's."""


@attrs.frozen(kw_only=True)
class CommentParams:
    """Names a comment."""

    task: str
    comment: int


@attrs.frozen(kw_only=True)
class EditCommentParams:
    """Another text for a comment that wasn't sent."""

    task: str
    comment: int
    text: str


@attrs.frozen(kw_only=True)
class ResolveCommentParams:
    """Whether a comment's thread is done with."""

    task: str
    comment: int
    resolved: bool = True


@attrs.frozen(kw_only=True)
class CommentResult:
    """A comment as it is now."""

    comment: CommentInfo


@attrs.frozen(kw_only=True)
class ListCommentsParams:
    """Whose comments to list."""

    task: str
    all: bool = False
    """Resolved threads too."""


@attrs.frozen(kw_only=True)
class ListCommentsResult:
    """Comments by file and line, each thread in its order."""

    task: str
    comments: tuple[CommentInfo, ...]


@attrs.frozen(kw_only=True)
class SendReviewParams:
    """What to tell the agent besides the comments."""

    task: str
    text: str | None = None
    template: str | None = None
    """In place of the configured `review.prompt`; the same braces are put in."""


@attrs.frozen(kw_only=True)
class SendReviewResult:
    """What was sent."""

    task: TaskInfo
    prompt: str
    comments: tuple[int, ...]
    """Those that are `sent` now."""


@attrs.frozen(kw_only=True)
class CommentsChangedParams:
    """Whose comments changed."""

    task: str
