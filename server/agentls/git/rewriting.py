"""A worktree brought from one of its states to another: files, index, HEAD.

Only for a task's own worktree, and only after its present state was kept. Files
that git ignores stay; what stands in the way is moved aside or refused. Each
function can be run again after a crash in the middle of it.
"""

import contextlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import attrs

from agentls.errors import DirtyCheckout, GitFailed, InvalidState
from agentls.git.branches import occupants
from agentls.git.changes import changed_paths
from agentls.git.checkouts import Checkout
from agentls.git.lock import advance_lock
from agentls.git.obstacles import find_in_the_way
from agentls.git.refs import branch_ref, read_ref, update_ref
from agentls.git.repository import Repository
from agentls.git.runner import git, run_git
from agentls.git.wording import named
from agentls.model import CommitId
from agentls.threads import in_thread

__all__ = [
    "check_free",
    "check_no_merge",
    "check_no_submodules",
    "clear_locks",
    "forget_index",
    "keep_index",
    "move_aside",
    "move_head",
    "put_back_index",
    "rewrite",
    "write_files",
]

_WITHIN = 1800.0
_LOCKS = ("index.lock", "HEAD.lock", "ORIG_HEAD.lock")

# What git removes by itself when HEAD goes elsewhere.
_HALF_DONE = (
    "MERGE_HEAD",
    "MERGE_MODE",
    "MERGE_MSG",
    "AUTO_MERGE",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "SQUASH_MSG",
)


async def move_aside(checkout: Checkout, paths: Sequence[bytes], *, keep: Path) -> None:
    """Move files and folders out of the worktree, below `keep`."""
    await in_thread(_move_aside, checkout.path, paths, keep)


def check_free(checkout: Checkout) -> None:
    """Raise `DirtyCheckout` where git is at work, or in the middle of a rebase."""
    for name in ("rebase-merge", "rebase-apply", "BISECT_START"):
        if os.path.lexists(checkout.admin / name):
            raise DirtyCheckout(
                f"{checkout.path} is in the middle of a rebase or bisect."
                " Nothing was changed.",
                hint="Finish or abort it there, then try again.",
            )
    if os.path.lexists(checkout.admin / "index.lock"):
        raise DirtyCheckout(
            f"Another git process works in {checkout.path}. Nothing was changed.",
            hint="Try again when it is done; if none runs, remove"
            f" {checkout.admin / 'index.lock'}",
        )


def check_no_merge(checkout: Checkout) -> None:
    """Raise `DirtyCheckout` in the middle of a merge, cherry-pick or revert."""
    for name in ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD"):
        if os.path.lexists(checkout.admin / name):
            raise DirtyCheckout(
                f"{checkout.path} is in the middle of a merge or cherry-pick of its"
                " own. Nothing was changed.",
                hint="Finish or abort it there, or let the agent do it.",
            )


def clear_locks(checkout: Checkout) -> None:
    """Remove the locks of a git of ours that was cut off; the journal says it was."""
    for name in _LOCKS:
        (checkout.admin / name).unlink(missing_ok=True)


async def check_no_submodules(repo: Repository, *, old: str, new: str) -> None:
    """Raise `InvalidState` where a submodule's commit differs: git writes none back."""
    changed = await changed_paths(repo, old, new)
    submodules = [file.path for file in changed if file.submodule]
    if submodules:
        raise InvalidState(
            f"Submodules can't be written: {named(submodules)}. Nothing was changed.",
            hint="Check out the wanted commit in them by hand, then try again.",
        )


async def rewrite(
    repo: Repository, checkout: Checkout, *, index: Path, old: str, new: str
) -> None:
    """Bring the files from `old` to `new` as `write_files` does, moving nothing aside.

    Raises `InvalidState` where something is in the way, or for a submodule, which git
    doesn't write back; nothing was changed then.
    """
    await check_no_submodules(repo, old=old, new=new)
    blocked = await find_in_the_way(repo, checkout, old=old, new=new)
    if blocked:
        raise InvalidState(
            f"In {checkout.path} something that no checkpoint holds is in the way:"
            f" {named(blocked)}. Nothing was changed.",
            hint="Move it away and try again.",
        )
    await write_files(repo, checkout, index=index, old=old, new=new)


def keep_index(checkout: Checkout, copy: Path) -> None:
    """Copy the worktree's own index."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copy2(checkout.admin / "index", copy)
    except FileNotFoundError:
        copy.unlink(missing_ok=True)


def put_back_index(checkout: Checkout, copy: Path) -> None:
    """Make the copy the worktree's own index again; nothing if there is none."""
    aside = checkout.admin / "index.agentls"
    with contextlib.suppress(FileNotFoundError):
        shutil.copy2(copy, aside)
        aside.rename(checkout.admin / "index")


def forget_index(copy: Path) -> None:
    """Remove the copy; nothing if there is none."""
    copy.unlink(missing_ok=True)


async def write_files(
    repo: Repository, checkout: Checkout, *, index: Path, old: str, new: str
) -> None:
    """Bring the worktree's files from the tree `old`, which they hold, to `new`.

    `index` is the snapshot's, which has just read them. Raises `DirtyCheckout`
    naming the files that were changed since; nothing was changed then.
    """
    aside = index.with_name(f"{index.name}.rewriting")
    await in_thread(_copy_index, index, aside)
    async with advance_lock(repo) as lock:
        try:
            finished = await run_git(
                *("read-tree", "-m", "-u", old, new),
                at=attrs.evolve(checkout.place(repo), index=aside),
                # A git that outlives a killed daemon holds the next one back.
                inherit=(lock,),
                within=_WITHIN,
            )
        finally:
            await in_thread(_unlink, aside)
    if finished.status:
        said = finished.stderr.decode("utf-8", "replace").strip()
        raise DirtyCheckout(
            f"Files in {checkout.path} can't be written: {said}",
            hint="Somebody changed them just now, or git was told to overlook them"
            " (assume-unchanged). Try again; everything there was kept.",
        )


async def move_head(
    repo: Repository, checkout: Checkout, *, branch: str | None, commit: CommitId
) -> None:
    """Let the worktree stand on that commit of that branch, and its index on both.

    None is a detached head; so is a branch that another checkout has meanwhile.
    What was staged is staged no more, files stay as they are. The caller has kept
    where HEAD and the branch were.
    """
    place = checkout.place(repo)
    if branch is not None:
        others = await occupants(repo, branch)
        if any(other.path != checkout.path for other in others):
            branch = None
    if branch is None:
        await git("update-ref", "--no-deref", "-m", "agentls", "HEAD", commit, at=place)
    else:
        ref = branch_ref(branch)
        tip = await read_ref(repo, ref)
        if tip != commit:
            await update_ref(repo, ref, new=commit, expected=tip)
        await git("symbolic-ref", "-m", "agentls", "HEAD", ref, at=place)
    await in_thread(_forget_half_done, checkout)
    try:
        await git("read-tree", "--reset", commit, at=place)
    except GitFailed:  # the index was damaged
        await in_thread(_unlink, checkout.admin / "index")
        await git("read-tree", commit, at=place)
    await git("update-index", "-q", "--refresh", at=place, ok=(0, 1))


def _move_aside(top: Path, paths: Sequence[bytes], keep: Path) -> None:
    for path in paths:
        source = top / os.fsdecode(path)
        if not os.path.lexists(source):
            continue
        target = keep / os.fsdecode(path)
        number = 1
        while os.path.lexists(target):
            number += 1
            target = keep / f"{number}" / os.fsdecode(path)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.move(source, target)


def _copy_index(index: Path, aside: Path) -> None:
    _unlink(aside)
    shutil.copy2(index, aside)


def _forget_half_done(checkout: Checkout) -> None:
    for name in _HALF_DONE:
        (checkout.admin / name).unlink(missing_ok=True)


def _unlink(file: Path) -> None:
    for one in (file, file.with_name(f"{file.name}.lock")):
        one.unlink(missing_ok=True)
