"""What of the user's stands in the way of a branch that moves in a checkout.

git has the last word when it moves; this is for telling it beforehand.
"""

import os
from collections.abc import Collection
from pathlib import Path

import attrs

from agentls.git.changes import changed_paths
from agentls.git.checkouts import Checkout
from agentls.git.repository import Repository
from agentls.git.runner import git
from agentls.threads import in_thread

__all__ = ["Obstacles", "find_obstacles"]


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


def _untracked(
    top: Path, added: Collection[bytes], tracked: frozenset[bytes]
) -> tuple[bytes, ...]:
    """Give what lies where files are to be put, and git knows nothing of."""
    folders = {folder for path in tracked for folder in _folders(path)}
    found: dict[bytes, None] = {}
    for path in added:
        for at in (*_folders(path), path):
            if at in tracked or at in folders:
                continue
            if not _is_free(top / os.fsdecode(at), for_folder=at != path):
                found[at] = None
                break
    return tuple(found)


def _is_free(place: Path, *, for_folder: bool) -> bool:
    """Tell whether a file, or a folder, can be put there; an empty folder gives way."""
    if place.is_dir() and not place.is_symlink():
        return for_folder or not any(place.iterdir())
    return not os.path.lexists(place)


def _folders(path: bytes) -> tuple[bytes, ...]:
    parts = path.split(b"/")
    return tuple(b"/".join(parts[:count]) for count in range(1, len(parts)))
