"""A task's change, file by file and hunk by hunk, and what was seen of it."""

import enum

import attrs

__all__ = [
    "ChangesParams",
    "ChangesResult",
    "FileInfo",
    "FileStatus",
    "HunkInfo",
    "HunkKind",
    "MarkViewedParams",
    "MarkViewedResult",
    "ViewedChangedParams",
]


@attrs.frozen(kw_only=True)
class ChangesParams:
    """Which part of whose change to list."""

    task: str
    from_: str = "base"
    """The state that it begins from: `base` (where the task began), `looked` (what a
    person looked at last, else the base), `turn` (before the last turn), a
    checkpoint's number, or `task:ID` (what another task's work is now). What the
    target got since then is left out."""
    to: str = "now"
    """The state that it leads to: `now` (what the worktree holds), or one of these."""
    look: bool = False
    """A person looks at it: from now on `looked` means the state that is shown. It
    does too when all hunks are marked as viewed, and when a prompt or review goes to
    an agent that rests."""
    paths: tuple[str, ...] = ()
    """Files or folders; the whole change if there is none."""
    hunks: bool = False
    """The hunks of each file too."""
    patch: bool = False
    """The text of the diff too: of all the files, not of this page alone."""
    limit: int = 1000
    """Files in one answer, 1 to 10000."""
    more: str | None = None
    """The `more` of the answer before, for the next page of that list; `from` and
    `to` count no more then. Give `paths` as before."""


class FileStatus(enum.StrEnum):
    """What became of a file."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"
    COPIED = "copied"
    TYPE_CHANGED = "typeChanged"


class HunkKind(enum.StrEnum):
    """What a hunk is made of: lines, or what has none (a rename, a mode, a binary)."""

    LINES = "lines"
    FILE = "file"


@attrs.frozen(kw_only=True)
class HunkInfo:
    """The least part of a change: removed and added lines with none in between."""

    id: str
    """Made of path and content: it stays while other parts of the file change."""
    kind: HunkKind
    """`file`: a rename, a copy, a mode, or content that is shown without lines (a
    binary, a link, a submodule, a very large file). It comes first in its file."""
    old_start: int
    """The first line on the old side, from 1; where nothing was removed, the line
    that the added ones follow. 0 for a hunk without lines."""
    old_lines: int
    new_start: int
    """The same on the new side."""
    new_lines: int
    viewed: bool = False
    decided: str | None = None
    """`taken` (the target has it already), `refused` (and it is there again) or
    `edited` (by a person, after the turn)."""


@attrs.frozen(kw_only=True)
class FileInfo:
    """One file of a change."""

    path: str
    old_path: str | None = None
    """Where it was, of a file that was renamed or copied."""
    status: FileStatus
    added: int | None = None
    """Lines; absent for a binary file."""
    deleted: int | None = None
    binary: bool = False
    """It is shown without lines: binary, or larger than 50 MB."""
    old_mode: str | None = None
    """`100644`, `100755` (a program), `120000` (a link), `160000` (a submodule)."""
    new_mode: str | None = None
    old_uri: str | None = None
    """The `agentls:` document of the old side; absent for an added file."""
    uri: str | None = None
    """The new side: the real file in the worktree, or an `agentls:` document where
    the change leads elsewhere; absent for a deleted file."""
    viewed: bool = False
    """All its hunks were marked as viewed."""
    viewed_hunks: int = 0
    """How many of them were."""
    hunks: tuple[HunkInfo, ...] | None = None
    """Where they were asked for."""


@attrs.frozen(kw_only=True)
class ChangesResult:
    """A task's change between two of its states, or one page of it."""

    task: str
    base: str
    """The commit where the task began."""
    old: str
    """The commit or tree that the change begins from."""
    new: str
    """The one that it leads to."""
    files: tuple[FileInfo, ...]
    """In the order of their paths."""
    count: int
    """How many files there are on all pages; so the next three."""
    added: int
    deleted: int
    viewed: int
    """How many files are viewed."""
    skipped: tuple[str, ...] = ()
    """What no checkpoint stores, each with the reason; kept on disk."""
    patch: str | None = None
    more: str | None = None
    """Give it with the next request, where there are more files."""


@attrs.frozen(kw_only=True)
class MarkViewedParams:
    """What of a task's change (from its base to now) was viewed."""

    task: str
    hunks: tuple[str, ...] = ()
    """Ids of hunks; with `paths`, only these files are searched for them."""
    paths: tuple[str, ...] = ()
    """Without `hunks`: all hunks of these files or folders. Without either: the whole
    change."""
    viewed: bool = True
    """False takes the marks off."""


@attrs.frozen(kw_only=True)
class MarkViewedResult:
    """How much is viewed now."""

    task: str
    files: int
    """Files of the change."""
    viewed: int
    """How many of them are viewed."""


@attrs.frozen(kw_only=True)
class ViewedChangedParams:
    """Whose change has other marks now."""

    task: str
