"""Spare worktrees: checked out before a task needs them, and taken by one.

A spare has a commit checked out and no branch. It lies where it will stay: a task that
takes it works at its path, since submodules and virtual environments don't bear being
moved. Nobody works in it before; what a crash leaves half done is removed and never
repaired.
"""

import contextlib
import hashlib
import struct
from pathlib import Path

from agentls.errors import InvalidState
from agentls.git.branches import create_branch, delete_branch
from agentls.git.checkouts import Checkout, find_checkout, own_checkout
from agentls.git.entries import move, remove_folder
from agentls.git.lock import (
    FILLING_WITHIN,
    filling_lock,
    repository_lock,
    until_filled,
)
from agentls.git.place import Place
from agentls.git.refs import branch_ref
from agentls.git.repository import Repository
from agentls.git.runner import git, load_settings, run_git
from agentls.git.submodules import init_submodules
from agentls.git.worktrees import add_detached, check_existing
from agentls.model import CommitId
from agentls.threads import in_thread

__all__ = [
    "can_follow",
    "checkout_rules",
    "count_files",
    "follow",
    "is_changed",
    "make_spare",
    "put_spare_away",
    "reset_spare",
    "size_of",
    "take_spare",
    "tracked_files",
]

_RULING = {"core", "extensions", "filter", "lfs", "submodule"}
"""Sections of git's config that decide what a checkout writes."""
_RULING_FILES = ("info/attributes", "info/sparse-checkout")

_INDEX_HEADER = struct.Struct(">4sLL")
_LINK = b"160000"


async def make_spare(repo: Repository, *, path: Path, commit: CommitId) -> None:
    """Make a worktree at `path` with a commit checked out, its submodules filled.

    What fails or is cancelled stays half made, for `put_spare_away`.
    """
    checkout = await add_detached(repo, path=path, start=commit)
    place = checkout.place(repo)
    await _write_files("reset", "-q", "--hard", at=place)
    await init_submodules(repo, path)
    # Files as new as the index would be read again at the first look at them all.
    await git("update-index", "-q", "--refresh", at=place, ok=(0, 1))


async def can_follow(repo: Repository, *, old: CommitId, new: CommitId) -> bool:
    """Tell whether a spare can go from one commit to another.

    One whose submodules differ has to be made anew.
    """
    if old == new:
        return True
    listing = await git(
        *("diff-tree", "-r", "-z", "--raw", "--no-renames", "--end-of-options"),
        *(old, new),
        at=repo.main,
    )
    fields = listing.split(b"\0")
    return not any(
        path == b".gitmodules" or _LINK in about.removeprefix(b":").split(b" ")[:2]
        for about, path in zip(fields[0:-1:2], fields[1::2], strict=True)
    )


async def follow(
    repo: Repository, *, path: Path, old: CommitId, new: CommitId
) -> Checkout:
    """Bring a spare from one commit to another; only what differs is written.

    Raises `GitFailed` where somebody changed what would be written.
    """
    checkout = await own_checkout(repo, path)
    if checkout.branch is not None or checkout.busy:
        raise InvalidState(f"{path} is a spare worktree no more; somebody works there.")
    if old != new:
        place = checkout.place(repo)
        await _write_files("read-tree", "-m", "-u", old, new, at=place)
        await git("update-ref", "--no-deref", "HEAD", new, at=place)
    return checkout


async def reset_spare(repo: Repository, *, path: Path, new: CommitId) -> None:
    """Bring a spare to a commit that `can_follow`, whatever was done to its files.

    What git doesn't track stays, submodules too. Only for one in which nobody works:
    edits are lost.
    """
    checkout = await own_checkout(repo, path)
    if checkout.branch is not None or checkout.busy:
        raise InvalidState(f"{path} is a spare worktree no more; somebody works there.")
    await _write_files("reset", "-q", "--hard", new, at=checkout.place(repo))


async def tracked_files(repo: Repository, path: Path) -> frozenset[bytes]:
    """Give the files of a worktree that git tracks, a submodule as one of them."""
    checkout = await own_checkout(repo, path)
    listing = await git("ls-files", "-z", at=checkout.place(repo))
    return frozenset(listing.split(b"\0")[:-1])


async def is_changed(repo: Repository, path: Path) -> bool:
    """Tell whether a tracked file of a worktree isn't as its commit has it.

    What is in submodules doesn't count.
    """
    place = (await own_checkout(repo, path)).place(repo)
    await git("update-index", "-q", "--refresh", at=place, ok=(0, 1))
    compare = ("diff-index", "--quiet", "--ignore-submodules=all", "HEAD", "--")
    return bool((await run_git(*compare, at=place)).status)


async def take_spare(
    repo: Repository,
    *,
    path: Path,
    commit: CommitId,
    branch: str,
    start: CommitId,
    new_branch: bool,
) -> None:
    """Give a spare that has `commit` to a task, as `add_worktree` would make it.

    What fails leaves no new branch; the spare is good for nothing any more then.
    """
    if new_branch:
        await create_branch(repo, branch, at=start)
    else:
        await check_existing(repo, branch, start=start)
    try:
        checkout = await follow(repo, path=path, old=commit, new=start)
        async with repository_lock(repo):
            await git(
                "symbolic-ref", "HEAD", branch_ref(branch), at=checkout.place(repo)
            )
    except BaseException:
        if new_branch:
            # Where HEAD names it already the spare goes with the branch.
            with contextlib.suppress(InvalidState):
                await delete_branch(repo, branch, expected=start)
        raise


async def put_spare_away(repo: Repository, path: Path, *, going: Path) -> bool:
    """Take a spare, or what is there of one, out of git's list and out of sight.

    Its folder is renamed to `going`, for removal; tells whether there was one.
    """
    await until_filled(path)
    async with repository_lock(repo):
        found = await find_checkout(repo, path)
        if found is not None:
            found = await own_checkout(repo, path)
        there = await in_thread(path.exists)
        if there:
            await in_thread(move, path, going)
        # The entry goes last: as long as it is there, this can be run again.
        if found is not None:
            await in_thread(remove_folder, found.admin)
        return there


async def checkout_rules(repo: Repository) -> str:
    """Give a digest of all that decides what a checkout writes, but for the commit."""
    settings = [
        f"{one.section}\n{one.subsection}\n{one.name}\n{one.value}"
        for one in await load_settings(repo.main)
        if one.section in _RULING
    ]
    return await in_thread(_digest, repo, settings)


def count_files(repo: Repository) -> int:
    """Give the number of files in the main checkout's index; 0 if it can't be read."""
    try:
        with (repo.git_dir / "index").open("rb") as file:
            mark, _, count = _INDEX_HEADER.unpack(file.read(_INDEX_HEADER.size))
    except (OSError, struct.error):
        return 0
    return int(count) if mark == b"DIRC" else 0


async def size_of(repo: Repository, commit: CommitId) -> int:
    """Give the bytes of a commit's files, as they are stored."""
    listing = await git(
        *("ls-tree", "-r", "-z", "--format=%(objectsize)", "--end-of-options", commit),
        at=repo.main,
    )
    return sum(int(size) for size in listing.split(b"\0")[:-1] if size.isdigit())


async def _write_files(*args: str, at: Place) -> None:
    """Run a git that writes a worktree's files; the lock on them is its own."""
    async with filling_lock(at.cwd) as lock:
        await git(*args, at=at, within=FILLING_WITHIN, inherit=(lock,))


def _digest(repo: Repository, settings: list[str]) -> str:
    digest = hashlib.sha256()
    for text in (*settings, *sorted(repo.trusted)):
        digest.update(text.encode("utf-8", "surrogateescape") + b"\0")
    for name in _RULING_FILES:
        with contextlib.suppress(OSError):
            digest.update((repo.git_dir / name).read_bytes())
        digest.update(b"\0")
    return digest.hexdigest()
