"""The trash: where the folders of worktrees lie that were put out of sight.

A folder that is to go for good is first renamed within the trash, so that nobody
finds it half removed; removing it may take minutes and disturbs nobody.
"""

import asyncio
import contextlib
import os
import shutil
import stat
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

from agentls.model import Task
from agentls.paths import Paths

__all__ = ["Trash", "remove_slowly"]

_GOING = "going"
_LOWEST = 19


class Trash:
    """Knows where a task's folder is kept, and lets it go."""

    def __init__(self, paths: Paths) -> None:
        self._first = paths.trash
        self._aside = paths.aside

    def place(self, task: Task) -> Path:
        """Say where the task's folder is kept, or will be; touches the disk.

        A folder is renamed into the trash and never copied, so there is a second
        trash beside worktrees that lie on another file system.
        """
        first, second = self._first / task.id, _beside(task.worktree) / task.id
        for place in (first, second):
            if os.path.lexists(place):
                return place
        ours = _device(self._first)
        return first if _device(task.worktree) in {ours, None} else second

    def aside(self, task: Task) -> Path:
        """Say where rewinds moved what was in their way; it may not be there."""
        return self._aside / task.id

    def let_go(self, task: Task) -> tuple[Path, ...]:
        """Take the task's folders out of the trash, and give what is to be removed."""
        places = (self.place(task), self.aside(task))
        return tuple(_let_go(one) for one in places if os.path.lexists(one))

    def going(self, folder: Path) -> Path:
        """Name a free place for a folder that is to be removed; touches the disk.

        The folder itself stays where it is.
        """
        same = _device(self._first) in {_device(folder), None}
        trash = self._first if same else _beside(folder)
        return _free(_going(trash) / folder.name)

    def leftovers(self, tasks: Iterable[Task]) -> tuple[Path, ...]:
        """Give what was to be removed when a daemon ended; touches the disk."""
        found: list[Path] = []
        besides = (_beside(task.worktree) for task in tasks)
        for parent in {self._first, self._aside, *besides}:
            with contextlib.suppress(OSError):
                found += _going(parent).iterdir()
        return tuple(found)


async def remove_slowly(folder: Path) -> None:
    """Remove a folder with all that is in it, giving way to everybody else."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()

    def run() -> None:
        _give_way()
        _remove(folder)
        with contextlib.suppress(RuntimeError):  # the daemon has ended meanwhile
            loop.call_soon_threadsafe(over.set)

    # A thread of its own: its low priority would stay with one of a pool.
    threading.Thread(target=run, name=f"remove {folder.name}", daemon=True).start()
    await over.wait()


def _beside(worktree: Path) -> Path:
    """Name the trash on the file system of a worktree."""
    return worktree.parent.parent / ".agentls-trash"


def _let_go(place: Path) -> Path:
    going = _free(_going(place.parent) / place.name)
    place.rename(going)
    return going


def _free(wanted: Path) -> Path:
    """Give the path, or one like it where something is there; make its folder."""
    going, number = wanted, 1
    while os.path.lexists(going):  # one that still is being removed
        number += 1
        going = going.with_name(f"{wanted.name}.{number}")
    going.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return going


def _going(trash: Path) -> Path:
    return trash.with_name(f"{trash.name}.{_GOING}")


def _device(path: Path) -> int | None:
    """Give the file system of a path or of the nearest folder above that exists."""
    for place in (path, *path.parents):
        with contextlib.suppress(OSError):
            return place.stat().st_dev
    return None


def _give_way() -> None:
    if sys.platform == "linux":  # elsewhere it would slow the whole daemon down
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST)


def _remove(folder: Path) -> None:
    # Caches of packages are often read-only, and then can't be emptied.
    for top, folders, _ in os.walk(folder):
        for name in (".", *folders):
            with contextlib.suppress(OSError):
                _make_writable(os.path.join(top, name))  # noqa: PTH118 - any bytes
    shutil.rmtree(folder, ignore_errors=True)


def _make_writable(path: str) -> None:
    found = os.lstat(path)
    if stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_IRWXU != stat.S_IRWXU:
        os.chmod(path, found.st_mode | stat.S_IRWXU)  # noqa: PTH101
