"""A task's change, file by file."""

import enum

import attrs

__all__ = [
    "ChangesParams",
    "ChangesResult",
    "FileInfo",
    "FileStatus",
]


@attrs.frozen(kw_only=True)
class ChangesParams:
    """Whose change to list."""

    task: str
    patch: bool = False
    """The text of the diff too."""


class FileStatus(enum.StrEnum):
    """What became of a file."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"
    COPIED = "copied"
    TYPE_CHANGED = "typeChanged"


@attrs.frozen(kw_only=True)
class FileInfo:
    """One file of a change."""

    path: str
    old_path: str | None = None
    status: FileStatus
    added: int | None = None
    """Lines; absent for a binary file."""
    deleted: int | None = None
    binary: bool = False
    old_mode: str | None = None
    new_mode: str | None = None
    base_uri: str | None = None
    """The `agentls:` document of the base side; absent for an added file."""
    uri: str | None = None
    """The real file in the worktree; absent for a deleted one."""


@attrs.frozen(kw_only=True)
class ChangesResult:
    """A task's change: from its base to its worktree now."""

    task: str
    base: str
    files: tuple[FileInfo, ...]
    added: int
    deleted: int
    skipped: tuple[str, ...] = ()
    """What no checkpoint stores, each with the reason; kept on disk."""
    patch: str | None = None
