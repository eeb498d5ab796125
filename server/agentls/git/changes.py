"""What differs between two commits or trees, file by file.

Read from objects only, never from a worktree by path: an agent could put a
link to the outside where a folder was.
"""

import enum
from collections.abc import Collection, Iterable, Iterator

import attrs

from agentls.git.repository import Repository
from agentls.git.runner import git, run_git
from agentls.git.wording import shown
from agentls.threads import in_thread

__all__ = [
    "ChangedFile",
    "Status",
    "changed_files",
    "changed_paths",
    "patch",
    "raw_entries",
    "read_blob",
]

BIG = "50m"
"""The size, as git reads it, from which a file is shown without lines, as a binary
one is."""

# The limit is git's own; above it only files that are the same count as renamed.
_SIMILAR = ("-C", "-l1000")

_LINK, _SUBMODULE, _EXECUTABLE = 0o120000, 0o160000, 0o100755


class Status(enum.StrEnum):
    """What happened to a file, in git's letters."""

    ADDED = "A"
    MODIFIED = "M"
    DELETED = "D"
    RENAMED = "R"
    COPIED = "C"
    TYPE_CHANGED = "T"


@attrs.frozen(kw_only=True)
class ChangedFile:
    """One file of a change; paths are bytes, as git allows any but NUL."""

    path: bytes
    old_path: bytes
    """The same as `path` unless it was renamed or copied."""
    status: Status
    added: int
    deleted: int
    binary: bool
    """Git shows no lines of it; `added` and `deleted` are 0."""
    old_mode: int
    """0 for a file that wasn't there."""
    new_mode: int
    old_blob: str
    new_blob: str

    @property
    def display(self) -> str:
        """The path for a person; bytes that aren't UTF-8 come out escaped."""
        return shown(self.path)

    @property
    def symlink(self) -> bool:
        """Tell whether it is (or, deleted, was) a symbolic link."""
        return (self.new_mode or self.old_mode) == _LINK

    @property
    def submodule(self) -> bool:
        """Tell whether it is or was a submodule."""
        return _SUBMODULE in {self.new_mode, self.old_mode}

    @property
    def executable(self) -> bool:
        """Tell whether it may be run as a program."""
        return self.new_mode == _EXECUTABLE


async def changed_files(
    repo: Repository, base: str, tip: str, *, paths: Collection[bytes] = ()
) -> tuple[ChangedFile, ...]:
    """Give what leads from one commit or tree to another, renames and copies found.

    A copy is found of a file that changed too, as `git diff -C` does. With `paths`,
    only these are looked at.
    """
    listing = await git(
        *("diff-tree", "-r", "--raw", "--numstat", "-z", *_SIMILAR, "--no-abbrev"),
        *("--no-ext-diff", "--no-textconv", "--no-color"),
        *("--end-of-options", base, tip, "--", *paths),
        at=repo.main,
        settings={"core.bigFileThreshold": BIG},
    )
    return await in_thread(_parse, listing)


async def changed_paths(
    repo: Repository, base: str, tip: str
) -> tuple[ChangedFile, ...]:
    """Give the same without counts; a rename is a file deleted and one added."""
    listing = await git(
        *("diff-tree", "-r", "--raw", "-z", "--no-renames", "--no-abbrev"),
        *("--end-of-options", base, tip),
        at=repo.main,
    )
    return raw_entries(listing.split(b"\0")[:-1])


def raw_entries(listing: Iterable[bytes]) -> tuple[ChangedFile, ...]:
    """Read the fields of `--raw -z`, without counts."""
    fields = iter(listing)
    return tuple(_entry(*_raw_fields(field, fields)) for field in fields)


async def patch(
    repo: Repository, base: str, tip: str, *, paths: Collection[bytes] = ()
) -> bytes:
    """Give the change as a patch that `git apply` takes, for some paths or all."""
    return await git(
        *("diff-tree", "-r", "-p", *_SIMILAR, "--binary", "--full-index"),
        *("--no-ext-diff", "--no-textconv", "--no-color"),
        *("--src-prefix=a/", "--dst-prefix=b/"),
        *("--end-of-options", base, tip, "--", *paths),
        at=repo.main,
    )


async def read_blob(repo: Repository, commit: str, path: bytes) -> bytes | None:
    """Give a file's content in a commit or tree; None if there is no file.

    A link's content is where it leads; a submodule or folder gives None.
    """
    listing = await run_git(
        "ls-tree", "-z", "--full-tree", commit, "--", path, at=repo.main
    )
    about, _, name = listing.stdout.rstrip(b"\0").partition(b"\t")
    fields = about.split(b" ")
    if listing.status or name != path or fields[1:2] != [b"blob"]:
        return None
    return await git("cat-file", "blob", fields[2], at=repo.main)


def _parse(listing: bytes) -> tuple[ChangedFile, ...]:
    """Read the raw lines, and the counts that follow them in the same order."""
    fields = iter(listing.split(b"\0")[:-1])
    raw: list[tuple[bytes, bytes, bytes]] = []
    counts: list[tuple[bytes, bytes]] = []
    for field in fields:
        if field.startswith(b":"):
            raw.append(_raw_fields(field, fields))
        else:
            added, deleted, path = field.split(b"\t", 2)
            if not path:  # a rename: old and new path follow
                next(fields)
                next(fields)
            counts.append((added, deleted))
    return tuple(
        _entry(*one, added=added, deleted=deleted)
        for one, (added, deleted) in zip(raw, counts, strict=True)
    )


def _raw_fields(about: bytes, fields: Iterator[bytes]) -> tuple[bytes, bytes, bytes]:
    """Give what a raw line says, and the old and new path that follow it."""
    old_path = next(fields)
    two = about.rpartition(b" ")[2][:1] in {b"R", b"C"}
    return about, old_path, next(fields) if two else old_path


def _entry(
    about: bytes,
    old_path: bytes,
    path: bytes,
    *,
    added: bytes = b"0",
    deleted: bytes = b"0",
) -> ChangedFile:
    old_mode, new_mode, old_blob, new_blob, letter = about[1:].split(b" ")
    binary = added == b"-"
    return ChangedFile(
        path=path,
        old_path=old_path,
        status=Status(letter[:1].decode("ascii")),
        added=0 if binary else int(added),
        deleted=0 if binary else int(deleted),
        binary=binary,
        old_mode=int(old_mode, 8),
        new_mode=int(new_mode, 8),
        old_blob=old_blob.decode("ascii"),
        new_blob=new_blob.decode("ascii"),
    )
