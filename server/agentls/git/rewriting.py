"""Writing a worktree's files from one known state to another.

git's two-way `read-tree -m -u` does it, with an index of ours: it writes only
what differs, refuses before the first file where one isn't as it should be, and
puts contents through the filters that may run. What git would overwrite all the
same (ignored files, and what is in no index) is looked for before.
"""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

import attrs

from agentls.errors import InvalidState
from agentls.git.changes import ChangedFile, changed_paths
from agentls.git.checkouts import Checkout
from agentls.git.lock import advance_lock
from agentls.git.repository import Repository
from agentls.git.runner import failure, run_git
from agentls.threads import in_thread

__all__ = ["rewrite_worktree"]

_WITHIN = 600.0
_NAMED = 10


async def rewrite_worktree(
    repo: Repository, checkout: Checkout, *, index: Path, old: str, new: str
) -> None:
    """Make a worktree that holds the tree `old` hold `new`; nothing else is touched.

    `index` is the one that a checkpoint of `old` was just taken with; afterwards it
    fits `new`. The worktree's own index and HEAD stay. Raises `InvalidState` when a
    file was changed meanwhile or something is in the way: nothing was written then.
    A git that outlives this process holds the lock of `advance_lock` until it is done.
    """
    changed = await changed_paths(repo, old, new)
    if not changed:
        return
    submodules = [file.display for file in changed if file.submodule]
    if submodules:
        raise InvalidState(
            f"A submodule can't be written back: {_listed(submodules)}."
            " Nothing was changed.",
            hint="Check out the wanted commit in it by hand.",
        )
    async with advance_lock(repo) as lock:
        blocked = await in_thread(_in_the_way, checkout.path, changed)
        if blocked:
            raise InvalidState(
                f"In {checkout.path} something that no checkpoint holds is in the way"
                f" of {_listed(blocked)}. Nothing was changed.",
                hint="Move it away and try again.",
            )
        args = ("read-tree", "-m", "-u", old, new)
        finished = await run_git(
            *args,
            at=attrs.evolve(checkout.place(repo), index=index),
            inherit=(lock,),
            within=_WITHIN,
        )
    if not finished.status:
        return
    if b"not uptodate" in finished.stderr or b"would be" in finished.stderr:
        raise InvalidState(
            f"A file in {checkout.path} was changed at this very moment."
            " Nothing was written.",
            hint="Try again; everything is kept.",
        )
    raise failure(args, finished)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _in_the_way(top: Path, changed: Sequence[ChangedFile]) -> list[str]:
    """Name the files whose place something takes that isn't among the changed ones."""
    tracked = {file.path for file in changed if file.old_mode}
    root = os.fsencode(top)
    return [
        file.display
        for file in changed
        if not file.old_mode and not _is_free(root, file.path, tracked=tracked)
    ]


def _is_free(root: bytes, path: bytes, *, tracked: set[bytes]) -> bool:
    folder = os.path.dirname(path)  # noqa: PTH120 - bytes
    while folder:
        mode = _mode(root, folder)
        if mode is not None and not stat.S_ISDIR(mode):
            return folder in tracked
        folder = os.path.dirname(folder)  # noqa: PTH120 - bytes
    mode = _mode(root, path)
    if mode is None:
        return True
    return stat.S_ISDIR(mode) and _holds_only(root, path, tracked=tracked)


def _holds_only(root: bytes, folder: bytes, *, tracked: set[bytes]) -> bool:
    """Tell whether all in a folder is among the changed files."""
    for parent, folders, files in os.walk(os.path.join(root, folder)):  # noqa: PTH118
        below = os.path.relpath(parent, root)
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]  # noqa: PTH114, PTH118
        if any(os.path.join(below, name) not in tracked for name in (*files, *links)):  # noqa: PTH118
            return False
    return True


def _mode(root: bytes, path: bytes) -> int | None:
    try:
        return os.lstat(os.path.join(root, path)).st_mode  # noqa: PTH118 - bytes
    except (FileNotFoundError, NotADirectoryError):
        return None
