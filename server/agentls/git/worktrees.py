"""Worktrees of tasks: made, set aside by a discard, and brought back.

Each is locked with the reason "agentls", which keeps git's own prune away and
marks it as ours. Set aside means: its folder is renamed to a place that the
caller names, and its `.git/worktrees/<id>` (HEAD, index, submodules' git
folders, a rebase in progress) lies in the trash of the repository. Every step
can be run again after a crash between any two.
"""

import os
from pathlib import Path

from agentls.errors import BranchExists, GitFailed, InvalidState, StorageFull
from agentls.git.branches import create_branch, delete_branch, occupants
from agentls.git.checkouts import (
    LOCK_REASON,
    Checkout,
    find_checkout,
    own_checkout,
)
from agentls.git.entries import (
    bring_back_entry,
    check_may_come_back,
    is_set_aside,
    move,
    move_folder,
    remove_folder,
    remove_unlisted,
    trash_of,
    write_entry,
)
from agentls.git.lock import (
    FILLING_WITHIN,
    filling_lock,
    repository_lock,
    until_filled,
)
from agentls.git.pins import pin_worktree, pinned_for, unpin_worktree
from agentls.git.refs import branch_ref, read_ref
from agentls.git.repository import Repository
from agentls.git.runner import git
from agentls.model import CommitId
from agentls.threads import in_thread

__all__ = [
    "add_detached",
    "add_worktree",
    "bring_back",
    "check_existing",
    "drop_entry",
    "forget_set_aside",
    "lock_worktree",
    "pinned_by",
    "remove_half_made",
    "set_aside",
    "unlock_worktree",
    "unpin",
]


async def add_worktree(
    repo: Repository,
    *,
    path: Path,
    branch: str,
    start: CommitId,
    new_branch: bool,
) -> Checkout:
    """Make a worktree at `path` with the branch checked out, and give it.

    A new branch begins at `start`; an existing one must stand there. Raises
    `BranchExists` when it is there already or checked out elsewhere,
    `InvalidState` when there is something at `path`. What fails or is
    cancelled leaves nothing behind: no folder, no entry, no new branch.
    """
    if new_branch:
        await create_branch(repo, branch, at=start)
    else:
        await check_existing(repo, branch, start=start)
    made = False
    try:
        await in_thread(_check_free, path)
        made = True
        return await _add(repo, path=path, branch=branch, start=start)
    except BaseException:
        if made:
            await remove_half_made(repo, path=path)
        if new_branch:
            await delete_branch(repo, branch, expected=start)
        raise


async def remove_half_made(repo: Repository, *, path: Path) -> None:
    """Remove a worktree that was never given to anybody, and its entry.

    For an `add_worktree` that a crash cut off. Never call it for a worktree in
    which somebody may have worked: that is what `set_aside` is for.
    """
    await until_filled(path)
    async with repository_lock(repo):
        found = await find_checkout(repo, path)
        if found is None:
            await in_thread(remove_unlisted, repo, path)
            return
        found = await own_checkout(repo, path)
        # The entry goes last: as long as it is there, this can be run again.
        await in_thread(remove_folder, path)
        await in_thread(remove_folder, found.admin)


async def lock_worktree(repo: Repository, checkout: Checkout) -> None:
    """Keep git's own prune away from a worktree, as from those that we make."""
    if checkout.lock_reason == LOCK_REASON:
        return
    async with repository_lock(repo):
        await git(
            *(
                "worktree",
                "lock",
                "--reason",
                LOCK_REASON,
                "--",
                checkout.path.as_posix(),
            ),
            at=repo.main,
        )


async def unlock_worktree(repo: Repository, path: Path) -> None:
    """Give a worktree back to its owner; nothing happens if it is gone or unlocked."""
    async with repository_lock(repo):
        found = await find_checkout(repo, path)
        if found is not None and found.lock_reason == LOCK_REASON:
            await git("worktree", "unlock", "--", path.as_posix(), at=repo.main)


async def set_aside(repo: Repository, path: Path, *, keep: Path) -> None:
    """Take a worktree out of sight, with every byte of it kept in `keep`.

    `keep` doesn't exist yet and lies on the same file system. What only the
    worktree's index, HEAD and reflog reach is pinned, so that git's gc keeps it.
    Raises `InvalidState` for a path that agentls didn't make. Does nothing if
    it was done already.
    """
    async with repository_lock(repo):
        trash = trash_of(repo, keep=keep)
        found = await find_checkout(repo, path)
        if found is None and await in_thread(is_set_aside, path, keep):
            return
        found = await own_checkout(repo, path)
        await pin_worktree(repo, found, name=trash.name)
        await in_thread(move_folder, path, keep)
        await in_thread(move, found.admin, trash / found.admin.name)


async def forget_set_aside(repo: Repository, *, keep: Path) -> None:
    """Remove the entry of a worktree whose set-aside folder is gone for good.

    What the entry's index, HEAD and reflog reach stays pinned.
    """
    async with repository_lock(repo):
        await in_thread(remove_folder, trash_of(repo, keep=keep))


async def pinned_by(repo: Repository, *, keep: Path) -> CommitId | None:
    """Give the commit that reaches what a worktree set aside as `keep` has pinned."""
    return await pinned_for(repo, name=trash_of(repo, keep=keep).name)


async def unpin(repo: Repository, *, keep: Path) -> None:
    """Let go of that commit: something else reaches it by now."""
    await unpin_worktree(repo, name=trash_of(repo, keep=keep).name)


async def drop_entry(repo: Repository, path: Path, *, keep: Path) -> bool:
    """Remove git's entry of a worktree of ours whose folder is gone; tell if it did.

    What only its index, HEAD and reflog reach is pinned, as for `set_aside` with that
    `keep`. Nothing happens while the folder is there.
    """
    async with repository_lock(repo):
        found = await find_checkout(repo, path)
        if found is None or await in_thread(os.path.lexists, path):
            return False
        found = await own_checkout(repo, path)
        await pin_worktree(repo, found, name=trash_of(repo, keep=keep).name)
        await in_thread(remove_folder, found.admin)
        return True


async def bring_back(
    repo: Repository,
    path: Path,
    *,
    keep: Path,
    branch: str | None = None,
) -> Checkout:
    """Undo `set_aside` with the same `path` and `keep`, and give the worktree.

    The branch that it has checked out must be there again (see
    `create_branch`). Where its entry in git's folder is lost, one is made for
    `branch`; staged changes are then unstaged. Does nothing if it was done.
    """
    async with repository_lock(repo):
        trash = trash_of(repo, keep=keep)
        await in_thread(check_may_come_back, path, keep)
        admin = await in_thread(bring_back_entry, repo, trash, path)
        if admin is None and await find_checkout(repo, path) is None:
            await _make_entry(repo, path=path, keep=keep, branch=branch)
        if await in_thread(os.path.lexists, keep):
            await in_thread(move, keep, path)
        found = await own_checkout(repo, path)
        if not await in_thread((found.admin / "index").exists):
            await git("read-tree", "HEAD", at=found.place(repo))
        await unpin_worktree(repo, name=trash.name)
        return found


async def check_existing(repo: Repository, branch: str, *, start: CommitId) -> None:
    """Raise unless an existing branch stands there and no checkout has it."""
    tip = await read_ref(repo, branch_ref(branch))
    if tip != start:
        raise InvalidState(
            f"The branch {branch} isn't at {start[:10]} any more; nothing was made.",
            hint="Try again.",
        )
    if found := await occupants(repo, branch):
        raise BranchExists(
            f"The branch {branch} is checked out at {found[0].path}.",
            hint="Switch that checkout to another branch, or begin from a new branch.",
        )


async def add_detached(repo: Repository, *, path: Path, start: CommitId) -> Checkout:
    """Make git's entry for a worktree whose HEAD is that commit; no file is there yet.

    Raises `InvalidState` when there is something at `path`.
    """
    await in_thread(_check_free, path)
    async with repository_lock(repo) as lock:
        return await _add_detached(repo, path=path, start=start, lock=lock)


async def _add(
    repo: Repository, *, path: Path, branch: str, start: CommitId
) -> Checkout:
    async with repository_lock(repo) as lock:
        found = await _add_detached(repo, path=path, start=start, lock=lock)
        place = found.place(repo)
        # HEAD is set apart: git refuses some names of existing branches here, and
        # would write tracking settings into the user's config.
        await git("symbolic-ref", "HEAD", branch_ref(branch), at=place)
    # Writing the files takes long: the repository is free for others meanwhile.
    async with filling_lock(path) as filling:
        await git(
            *("reset", "-q", "--hard"),
            at=place,
            within=FILLING_WITHIN,
            inherit=(filling,),
        )
    return await own_checkout(repo, path)


async def _add_detached(
    repo: Repository, *, path: Path, start: CommitId, lock: int
) -> Checkout:
    try:
        await _add_entry(repo, path=path, start=start, lock=lock)
    except GitFailed:  # seen when the user's own git works at the same moment
        await in_thread(remove_folder, path)
        await _add_entry(repo, path=path, start=start, lock=lock)
    return await own_checkout(repo, path)


async def _add_entry(
    repo: Repository, *, path: Path, start: CommitId, lock: int
) -> None:
    await git(
        "worktree",
        "add",
        "-q",
        "--no-checkout",
        "--detach",
        "--lock",
        "--reason",
        LOCK_REASON,
        os.fspath(path),
        start,
        at=repo.main,
        inherit=(lock,),
    )


async def _make_entry(
    repo: Repository, *, path: Path, keep: Path, branch: str | None
) -> None:
    """Write `.git/worktrees/<id>` again; its index is made from HEAD afterwards."""
    tip = await read_ref(repo, branch_ref(branch)) if branch else None
    if branch is None or tip is None:
        raise InvalidState(
            f"Git's entry for {path} is lost, and its branch isn't there; the "
            f"files are kept in {keep}.",
            hint="Copy what you need from there.",
        )
    await in_thread(write_entry, repo, path, keep, branch)


def _check_free(path: Path) -> None:
    if os.path.lexists(path):
        raise InvalidState(
            f"There is something at {path} already; it was not touched.",
            hint="agentls gc shows what is left over.",
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFull(f"{path.parent} can't be made: {error.strerror}.") from error
