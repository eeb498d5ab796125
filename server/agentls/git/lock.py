"""Locks around what git itself doesn't do in parallel, and what may outlive us.

Adding, moving and removing worktrees, config and fetch fail now and then when
they run at once. The lock for them is a `flock` on a file in the repository's
own agentls folder, so it holds between all processes of agentls, whatever their
state folder; and a git process that inherits it keeps it when agentls is
killed, so the next one waits until that git is done. Another one, on the
worktree's folder itself, is held by what fills it with files, which takes long.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import stat
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from agentls.errors import GitFailed, StorageFull
from agentls.git.repository import Repository

__all__ = [
    "FILLING_WITHIN",
    "advance_lock",
    "filling_lock",
    "repository_lock",
    "until_filled",
]

FILLING_WITHIN = 1800.0
"""Seconds that it may take to write the files of a worktree."""

_LOG = logging.getLogger(__name__)

_FIRST_PAUSE = 0.002
_LONGEST_PAUSE = 0.05


@asynccontextmanager
async def repository_lock(
    repo: Repository, *, within: float = 60.0
) -> AsyncGenerator[int]:
    """Hold the repository's lock; gives its descriptor, for git to inherit.

    Raises `GitFailed` when it isn't free within that many seconds.
    """
    async with _flock(repo.own_dir / "lock", within=within) as descriptor:
        yield descriptor


@asynccontextmanager
async def advance_lock(
    repo: Repository, *, within: float = 60.0
) -> AsyncGenerator[int]:
    """Hold the lock around what changes a checkout of the user; as above."""
    async with _flock(repo.own_dir / "advance.lock", within=within) as descriptor:
        yield descriptor


@asynccontextmanager
async def filling_lock(
    worktree: Path, *, within: float = FILLING_WITHIN
) -> AsyncGenerator[int]:
    """Hold the lock around what fills a new worktree; gives its descriptor to inherit.

    Where the file system locks no folders (NFS) nothing is locked.
    """
    descriptor = os.open(worktree, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    async with _held(descriptor, path=worktree, within=within):
        yield descriptor


async def until_filled(worktree: Path) -> None:
    """Wait for a program of a killed daemon that still writes into a worktree."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        async with filling_lock(worktree):
            pass


@asynccontextmanager
async def _flock(path: Path, *, within: float) -> AsyncGenerator[int]:
    try:
        path.parent.mkdir(exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageFull(
            f"{path} can't be written: {error.strerror}.",
            hint="agentls needs to write to the repository's git folder.",
        ) from error
    async with _held(descriptor, path=path, within=within):
        yield descriptor


@asynccontextmanager
async def _held(descriptor: int, *, path: Path, within: float) -> AsyncGenerator[None]:
    """Lock an open file or folder, and close it in the end."""
    try:
        await _wait_for(descriptor, path=path, within=within)
        yield
    finally:
        os.close(descriptor)


async def _wait_for(descriptor: int, *, path: Path, within: float) -> None:
    pause = _FIRST_PAUSE
    try:
        async with asyncio.timeout(within):
            while not _try(descriptor):
                await asyncio.sleep(pause)  # flock has no event to wait for
                pause = min(pause * 1.5, _LONGEST_PAUSE)
    except TimeoutError as error:
        raise GitFailed(
            f"Another agentls has held {path} for {within:g} seconds.",
            hint="Try again; if it stays so, look for a git process that hangs.",
        ) from error


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise
        _LOG.debug("a folder can't be locked here: %s", error)
    return True
