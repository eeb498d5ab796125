"""The state of a worktree as a tree or a commit, with nothing of it touched.

A copy of the worktree's index is brought up to date with the files and written
as a tree. The copy is kept by the caller between calls, so that only files
that changed since are read; it is made again when the worktree's own index
changed, since what was staged or committed there counts as tracked.

Submodules are stored as the commit they stand on. What the worktree's index
marks as assume-unchanged or skip-worktree is taken from the index, as git
itself does. Fifos, sockets and devices have no content; only one that took a
tracked file's place is named.
"""

import asyncio
import os
import stat
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from weakref import WeakValueDictionary

import attrs

from agentls.errors import GitFailed
from agentls.git.checkouts import Checkout
from agentls.git.index_copies import forget_copy, refresh_copy
from agentls.git.place import Place
from agentls.git.repository import Repository
from agentls.git.runner import git, run_git
from agentls.git.staged import IDENTITY
from agentls.model import CommitId
from agentls.threads import in_thread
from agentls.together import together

__all__ = [
    "FILE_MAX",
    "Skipped",
    "Snapshot",
    "WorktreeState",
    "commit_state",
    "read_state",
    "snapshot",
]

FILE_MAX = 50 * 1000 * 1000
"""Bytes above which an untracked file isn't stored."""

_BUSY: WeakValueDictionary[Path, asyncio.Lock] = WeakValueDictionary()
"""The copies that are in use: git would refuse a second who writes one."""

_CHANGED = ("diff-files", "--raw", "-z", "--no-renames", "--ignore-submodules=dirty")
_OTHERS = ("ls-files", "-o", "-z", "--exclude-standard")


@attrs.frozen(kw_only=True)
class Skipped:
    """Something in the worktree that isn't in the snapshot."""

    path: bytes
    """Below the worktree, as git writes it; a folder ends with a slash."""
    why: str

    @property
    def display(self) -> str:
        """The path for a person."""
        return self.path.decode("utf-8", "replace")


@attrs.frozen(kw_only=True)
class WorktreeState:
    """What a worktree holds at a moment."""

    tree: str
    skipped: tuple[Skipped, ...] = ()


@attrs.frozen(kw_only=True)
class Snapshot:
    """A worktree's state that was made a commit; no reference names it yet."""

    commit: CommitId
    tree: str
    skipped: tuple[Skipped, ...] = ()


async def snapshot(
    repo: Repository,
    checkout: Checkout,
    *,
    index: Path,
    parents: Sequence[CommitId],
    message: str,
    date: datetime | None = None,
    file_max: int = FILE_MAX,
) -> Snapshot:
    """Store the worktree's files, untracked ones included, as a hidden commit.

    `index` is a file of the caller's that stays between calls, one for each
    worktree. Raises `GitFailed` when a file can't be read.
    """
    state = await read_state(repo, checkout, index=index, file_max=file_max)
    commit = await commit_state(
        repo, state.tree, parents=parents, message=message, date=date
    )
    return Snapshot(commit=commit, tree=state.tree, skipped=state.skipped)


async def commit_state(
    repo: Repository,
    tree: str,
    *,
    parents: Sequence[CommitId],
    message: str,
    date: datetime | None = None,
) -> CommitId:
    """Make a hidden commit of a tree that was read; no reference names it yet."""
    dates: dict[str, str] = {}
    if date is not None:
        stamp = date.isoformat()
        dates = {"GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}
    commit = await git(
        "commit-tree",
        tree,
        *(part for parent in parents for part in ("-p", parent)),
        at=repo.main,
        stdin=message.encode("utf-8", "replace"),
        env=IDENTITY | dates,
    )
    return CommitId(commit.decode("ascii").strip())


async def read_state(
    repo: Repository,
    checkout: Checkout,
    *,
    index: Path,
    file_max: int = FILE_MAX,
    objects: Path | None = None,
) -> WorktreeState:
    """Store the worktree's files as a tree; as `snapshot`, without the commit.

    Calls for the same `index` wait for each other.

    `objects` is a folder that new objects go into, if not the repository's; it must
    stay as long as the index does.
    """
    place = checkout.place(repo)
    if objects is not None:
        theirs = repo.git_dir / "objects"
        place = attrs.evolve(place, objects=objects, alternates=(theirs,))
    aside = attrs.evolve(place, index=index)
    async with _BUSY.setdefault(index, asyncio.Lock()):
        try:
            source = checkout.admin / "index"
            renewed = await in_thread(refresh_copy, source, index)
            found = await _look(aside)
            if found.ignores_differently and not renewed:
                # What is ignored by now is in the copy only, from the time before.
                await in_thread(forget_copy, index)
                await in_thread(refresh_copy, source, index)
                found = await _look(aside)
            return await _store(repo, aside, found, file_max=file_max)
        except GitFailed:
            # A damaged copy, pruned objects behind it, or a file that went meanwhile.
            await in_thread(forget_copy, index)
            await _read_head(aside)
            return await _store(repo, aside, await _look(aside), file_max=file_max)


@attrs.frozen(kw_only=True)
class _Found:
    gone: tuple[bytes, ...]
    present: tuple[bytes, ...]
    """Those that may differ from the index."""
    others: tuple[bytes, ...]
    """Those that the index doesn't have."""

    @property
    def ignores_differently(self) -> bool:
        """Tell whether a file that says what is ignored is new, changed or gone."""
        return any(
            path == b".gitignore" or path.endswith(b"/.gitignore")
            for paths in (self.gone, self.present, self.others)
            for path in paths
        )


async def _look(aside: Place) -> _Found:
    # Side by side: both read the whole folder, each in its own way.
    changed, others = await together(git(*_CHANGED, at=aside), git(*_OTHERS, at=aside))
    gone, present = _split(changed)
    return _Found(gone=gone, present=present, others=_fields(others))


async def _store(
    repo: Repository, aside: Place, found: _Found, *, file_max: int
) -> WorktreeState:
    skipped, stored = await in_thread(
        _choose,
        aside.cwd,
        others=found.others,
        present=found.present,
        file_max=file_max,
    )
    if found.gone:
        zero = repo.no_commit.encode("ascii")
        lines = (b"0 " + zero + b"\t" + path + b"\0" for path in found.gone)
        await git("update-index", "-z", "--index-info", at=aside, stdin=b"".join(lines))
    if stored:
        # Replacing: a folder may stand by now where a file was, or the reverse.
        await git(
            "update-index",
            "--add",
            "--remove",
            "--replace",
            "-z",
            "--stdin",
            at=aside,
            stdin=b"".join(path + b"\0" for path in stored),
            within=600,
        )
    tree = await git("write-tree", at=aside)
    return WorktreeState(tree=tree.decode("ascii").strip(), skipped=skipped)


def _split(raw: bytes) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """Part the paths of `diff-files --raw -z` into those gone and those present."""
    fields = _fields(raw)
    gone: list[bytes] = []
    present: dict[bytes, None] = {}
    for about, path in zip(fields[0::2], fields[1::2], strict=True):
        if about.endswith(b" D"):
            gone.append(path)
        else:
            present[path] = None  # an unmerged path comes more than once
    return tuple(gone), tuple(present)


def _choose(
    top: Path,
    *,
    others: tuple[bytes, ...],
    present: tuple[bytes, ...],
    file_max: int,
) -> tuple[tuple[Skipped, ...], tuple[bytes, ...]]:
    """Say which paths aren't stored and why, and which are."""
    skipped: list[Skipped] = []
    stored: list[bytes] = []
    root = os.fsencode(top) + b"/"
    for path in present:
        try:
            mode = os.lstat(root + path).st_mode
        except (FileNotFoundError, NotADirectoryError):
            mode = stat.S_IFREG  # gone since, which --remove takes note of
        if stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode):
            stored.append(path)
        else:
            skipped.append(Skipped(path=path, why="not a file, link or folder"))
    for path in others:
        if path.endswith(b"/"):
            skipped.append(Skipped(path=path, why="a repository of its own"))
            continue
        try:
            found = os.lstat(root + path)
        except OSError:
            continue  # gone since
        if stat.S_ISREG(found.st_mode) and found.st_size > file_max:
            skipped.append(Skipped(path=path, why=f"{found.st_size} bytes large"))
        else:
            stored.append(path)
    return tuple(skipped), tuple(stored)


def _fields(listing: bytes) -> tuple[bytes, ...]:
    return tuple(listing.split(b"\0")[:-1])


async def _read_head(aside: Place) -> None:
    """Fill an index from HEAD, or leave it empty where there is no commit."""
    born = await run_git("rev-parse", "--verify", "-q", "HEAD^{commit}", at=aside)
    await git("read-tree", "--empty" if born.status else "HEAD", at=aside)
