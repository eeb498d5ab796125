"""A worktree's ties to its repository, mended where somebody cut one.

They are git's entry for it (`.git/worktrees/<id>`, locked by us) and the file `.git`
in its folder. What an agent may have put in place of that file isn't followed.
"""

import os
from pathlib import Path

from agentls.errors import InvalidState
from agentls.git.checkouts import Checkout, find_checkout, own_checkout
from agentls.git.entries import write_entry
from agentls.git.lock import repository_lock
from agentls.git.repository import Repository
from agentls.git.runner import git
from agentls.threads import in_thread

__all__ = ["last_head", "leads_home", "mend_entry", "mend_link"]

_FILE_MAX = 64 * 1024


def leads_home(checkout: Checkout) -> bool:
    """Tell whether the file `.git` in a worktree leads to git's entry for it."""
    try:
        with _open(checkout.path / ".git", os.O_RDONLY) as file:
            text = file.read(_FILE_MAX)
    except OSError:
        return False
    named = os.fsdecode(text).removeprefix("gitdir: ").rstrip("\n")
    wanted = os.path.realpath(checkout.admin)
    return os.path.realpath(checkout.path / named) == wanted


async def mend_link(repo: Repository, path: Path) -> None:
    """Write the file `.git` of a worktree of ours again."""
    async with repository_lock(repo):
        await in_thread(_write_link, await own_checkout(repo, path))


async def mend_entry(repo: Repository, path: Path, *, branch: str) -> Checkout:
    """Make git's entry for a worktree of ours again that git knows no more.

    It stands on `branch`, which must be there, with nothing staged. Raises
    `InvalidState` where git has another worktree of that name.
    """
    async with repository_lock(repo):
        if await find_checkout(repo, path) is not None:
            raise InvalidState(f"Git knows the worktree {path}.")
        await in_thread(write_entry, repo, path, path, branch)
        found = await own_checkout(repo, path)
        await in_thread(_write_link, found)
        await git("read-tree", "HEAD", at=found.place(repo))
        return found


def last_head(checkout: Checkout) -> str | None:
    """Give the commit that a worktree's own log of HEAD names last, if it has one."""
    try:
        lines = (checkout.admin / "logs" / "HEAD").read_bytes().splitlines()
    except OSError:
        return None
    fields = lines[-1].split(b" ") if lines else []
    return fields[1].decode("ascii", "replace") if len(fields) > 1 else None


def _write_link(checkout: Checkout) -> None:
    link = checkout.path / ".git"
    aside = checkout.path / f".git.agentls-{os.getpid()}"
    aside.unlink(missing_ok=True)
    with _open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as file:
        file.write(b"gitdir: " + os.fsencode(checkout.admin) + b"\n")
    try:
        aside.rename(link)
    except OSError as error:  # a folder: somebody made a repository of its own there
        aside.unlink()
        raise InvalidState(
            f"{link} can't be replaced: {error.strerror}. It was kept.",
            hint="Look at what is there, and move it away.",
        ) from error


def _open(path: Path, flags: int):  # noqa: ANN202 - a binary file
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    return os.fdopen(descriptor, "rb" if flags == os.O_RDONLY else "wb")
