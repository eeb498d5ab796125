"""What stands in the way of files that git is about to write.

In a checkout of the user's git has the last word when its branch moves; this is for
telling it beforehand. In a task's worktree this look decides.
"""

import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

import attrs

from agentls.git.changes import changed_paths
from agentls.git.checkouts import Checkout
from agentls.git.repository import Repository
from agentls.git.runner import git
from agentls.threads import in_thread

__all__ = ["Obstacles", "find_in_the_way", "find_obstacles"]


@attrs.frozen(kw_only=True)
class Obstacles:
    """Files of the user's that the move would have to touch."""

    changed: tuple[bytes, ...] = ()
    """Changed and not committed."""
    untracked: tuple[bytes, ...] = ()
    """Untracked, ignored ones included, where the move puts a file or folder."""

    @property
    def files(self) -> tuple[bytes, ...]:
        """All of them."""
        return self.changed + self.untracked


async def find_obstacles(
    repo: Repository, checkout: Checkout, *, old: str, new: str
) -> Obstacles:
    """Look whether a checkout could go from where it is to a commit or tree."""
    place = checkout.place(repo)
    moved = await changed_paths(repo, old, new)
    status = await git(
        *("status", "--porcelain", "-z", "--untracked-files=no", "--no-renames"),
        "--ignore-submodules=dirty",
        at=place,
    )
    dirty = {entry[3:] for entry in status.split(b"\0")[:-1]}
    paths = [file.path for file in moved]
    added = [file.path for file in moved if file.new_mode and not file.old_mode]
    listing = await git("ls-files", "-z", at=place) if added else b""
    return Obstacles(
        changed=tuple(path for path in paths if path in dirty),
        untracked=await in_thread(
            _untracked, checkout.path, added, frozenset(listing.split(b"\0")[:-1])
        ),
    )


async def find_in_the_way(
    repo: Repository, checkout: Checkout, *, old: str, new: str
) -> tuple[bytes, ...]:
    """Give what the worktree holds besides `old` where `new` has files.

    That is: ignored files, nested repositories and what was too large to be stored.
    A folder stands for all that is in it.
    """
    changed = await changed_paths(repo, old, new)
    kept = {file.path for file in changed if file.old_mode}
    coming = [file.path for file in changed if file.new_mode and not file.old_mode]
    return await in_thread(_in_the_way, checkout.path, coming, kept)


def _untracked(
    top: Path, added: Collection[bytes], tracked: frozenset[bytes]
) -> tuple[bytes, ...]:
    """Give what lies where files are to be put, and git knows nothing of."""
    folders = {folder for path in tracked for folder in _folders(path)}
    found: dict[bytes, None] = {}
    for path in added:
        place, mode = _in_place_of(top, path)
        if mode is None or place in tracked or place in folders:
            continue
        if stat.S_ISDIR(mode) and not any(_at(top, place).iterdir()):
            continue  # an empty folder gives way
        found[place] = None
    return tuple(found)


def _in_the_way(
    top: Path, coming: Collection[bytes], kept: set[bytes]
) -> tuple[bytes, ...]:
    """Give what lies where files are to be put; `kept` goes by itself."""
    found: dict[bytes, None] = {}
    for path in coming:
        place, mode = _in_place_of(top, path)
        if mode is None or place in kept:
            continue
        if stat.S_ISDIR(mode) and not _holds_more(top, place, kept):
            continue
        found[place] = None
    return tuple(found)


def _in_place_of(top: Path, path: bytes) -> tuple[bytes, int | None]:
    """Give what is where a file is to be put, and its mode; None if nothing is.

    That is at its path, or above it, where a folder is needed and something else lies.
    """
    for folder in _folders(path):
        mode = _mode(top, folder)
        if mode is None or not stat.S_ISDIR(mode):
            return folder, mode
    return path, _mode(top, path)


def _holds_more(top: Path, folder: bytes, kept: set[bytes]) -> bool:
    """Tell whether a folder in a file's place holds anything besides `kept`."""
    names = _names_below(_at(top, folder))
    return any(folder + b"/" + name not in kept for name in names)


def _names_below(folder: Path) -> Iterator[bytes]:
    top = os.fsencode(folder)
    for at, folders, files in os.walk(top):
        for name in (*files, *folders):
            whole = os.path.join(at, name)  # noqa: PTH118 - bytes
            if name in files or os.path.islink(whole):  # noqa: PTH114 - bytes
                yield whole[len(top) + 1 :]


def _mode(top: Path, path: bytes) -> int | None:
    try:
        return _at(top, path).lstat().st_mode
    except OSError:  # nothing there, or nothing that git could write to
        return None


def _at(top: Path, path: bytes) -> Path:
    return top / os.fsdecode(path)


def _folders(path: bytes) -> tuple[bytes, ...]:
    parts = path.split(b"/")
    return tuple(b"/".join(parts[:count]) for count in range(1, len(parts)))
