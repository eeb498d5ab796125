"""The end of a merge: a branch moves to a commit that was made beforehand.

Exactly one of two forms. Where nobody has the branch checked out, its
reference is swapped. Where a checkout has it, git's own fast-forward in that
checkout is the update: it refuses to touch what the user has changed. (After a
swap that checkout would show the merge as staged for deletion.)
"""

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path

import attrs

from agentls.errors import AgentlsError, DirtyCheckout, Internal, TargetMoved
from agentls.git.branches import occupants
from agentls.git.checkouts import Checkout
from agentls.git.filters import refuse_untrusted_between
from agentls.git.healing import heal_checkout
from agentls.git.history import reaches
from agentls.git.lock import advance_lock
from agentls.git.process import Finished
from agentls.git.refs import branch_ref, read_ref, update_ref
from agentls.git.repository import Repository
from agentls.git.runner import failure, git, run_git
from agentls.git.wording import named
from agentls.model import CommitId
from agentls.threads import in_thread
from agentls.together import together

__all__ = [
    "Advanced",
    "advance_branch",
    "check_checkout",
    "check_merged",
    "checkout_of",
    "in_the_way",
    "locked",
    "to_the_end",
]

_MERGE_WITHIN = 1800.0

# What a checkout is in the middle of, when its git folder holds this.
_IN_PROGRESS = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
}


@attrs.frozen(kw_only=True)
class Advanced:
    """How a branch moved."""

    checkout: Path | None
    """The checkout that moved with it; None where nobody has it checked out."""


async def checkout_of(repo: Repository, branch: str) -> Checkout | None:
    """Give the one checkout that has the branch, None if nobody has.

    Raises `DirtyCheckout` where it can't move: two have it, or one is in the
    middle of a rebase or bisect that comes back to it.
    """
    holders = await occupants(repo, branch)
    for holder in holders:
        if branch in holder.busy:
            raise DirtyCheckout(
                f"{holder.path} is in the middle of a rebase or bisect of {branch}. "
                "Nothing was changed.",
                hint="Finish it there (git rebase --continue or --abort), then again.",
            )
    if len(holders) > 1:
        paths = " and ".join(str(holder.path) for holder in holders)
        raise DirtyCheckout(
            f"{branch} is checked out twice, at {paths}. Nothing was changed.",
            hint="Switch one of them to another branch.",
        )
    return holders[0] if holders else None


async def advance_branch(
    repo: Repository, branch: str, *, old: CommitId, new: CommitId
) -> Advanced:
    """Move a branch from `old` to `new`, wholly or not at all.

    `new` follows `old`. Raises `TargetMoved` if the branch isn't at `old`,
    `DirtyCheckout` if the user's files are in the way, `Untrusted` if a filter
    that nobody trusted applies to a changed file; nothing is changed then.
    Once the branch begins to move, a cancellation waits until it has.
    """
    await refuse_untrusted_between(repo, old=old, new=new)
    async with advance_lock(repo) as lock:
        follows, checkout = await together(
            reaches(repo, new, ancestor=old), checkout_of(repo, branch)
        )
        if not follows:
            raise Internal(f"{new} doesn't follow {old}; {branch} was not moved.")
        if checkout is None:
            ref = branch_ref(branch)
            swap = update_ref(repo, ref, new=new, expected=old, why="agentls: merge")
            await to_the_end(swap)
            return Advanced(checkout=None)
        await check_checkout(repo, checkout, branch, old=old)
        await to_the_end(_forward(repo, checkout, branch, old=old, new=new, lock=lock))
        return Advanced(checkout=checkout.path)


async def check_checkout(
    repo: Repository, checkout: Checkout, branch: str, *, old: CommitId
) -> None:
    """Look before the leap: what makes git refuse, in words that help."""
    tip = await read_ref(repo, branch_ref(branch))
    if tip != old:
        raise TargetMoved(
            f"{branch} moved: expected {old[:10]}, found {tip or 'nothing':.10}. "
            "Nothing was changed.",
            hint="Look at the new commits and try again.",
        )
    await in_thread(_check_folder, checkout)


async def check_merged(repo: Repository, checkout: Checkout) -> None:
    """Raise `DirtyCheckout` for files of a checkout that are unmerged."""
    unmerged = await git("ls-files", "-u", "-z", at=checkout.place(repo))
    if unmerged:
        entries = unmerged.split(b"\0")[:-1]
        names = dict.fromkeys(entry.partition(b"\t")[2] for entry in entries)
        raise in_the_way(checkout, "has unresolved conflicts in", files=tuple(names))


def _check_folder(checkout: Checkout) -> None:
    if not checkout.path.is_dir():
        raise DirtyCheckout(
            f"The folder of the checkout {checkout.path} is gone. Nothing was changed.",
            hint="git worktree prune lets git forget it.",
        )
    for name, what in _IN_PROGRESS.items():
        if os.path.lexists(checkout.admin / name):
            raise DirtyCheckout(
                f"{checkout.path} is in the middle of {what}. Nothing was changed.",
                hint="Finish or abort it there, then try again.",
            )
    if os.path.lexists(checkout.admin / "index.lock"):
        raise locked(checkout)


async def _forward(
    repo: Repository,
    checkout: Checkout,
    branch: str,
    *,
    old: CommitId,
    new: CommitId,
    lock: int,
) -> None:
    args = (
        *("merge", "--ff-only", "--no-overwrite-ignore", "--no-autostash"),
        *("--no-verify-signatures", "--no-squash", "--commit", "--no-stat"),
        *("-q", "--no-progress", new),
    )
    try:
        finished = await run_git(
            *args,
            at=checkout.place(repo),
            # Options that the config names for merges into this branch.
            settings={f"branch.{branch}.mergeOptions": ""},
            env={"GIT_REFLOG_ACTION": "agentls: merge"},
            inherit=(lock,),
            within=_MERGE_WITHIN,
        )
    except AgentlsError:  # it was ended in the middle: mend what it left
        await heal_checkout(repo, checkout, branch=branch, old=old, new=new)
        if await read_ref(repo, branch_ref(branch)) != new:
            raise
        return
    if await read_ref(repo, branch_ref(branch)) == new:
        return
    await check_merged(repo, checkout)  # that git refuses, and names no files
    refusal = _refusal(checkout, branch, finished)
    if refusal is not None:
        raise refusal
    # Not a refusal but a failure on the way, such as a full disk.
    await heal_checkout(repo, checkout, branch=branch, old=old, new=new)
    raise failure(args, finished)


def _refusal(
    checkout: Checkout, branch: str, finished: Finished
) -> AgentlsError | None:
    """Read why git changed nothing; None if it doesn't say."""
    text = finished.stderr
    # git names the files one a line behind a tab.
    files = tuple(line[1:] for line in text.split(b"\n") if line.startswith(b"\t"))
    if files and (b"untracked" in text or b"ignored" in text):
        return in_the_way(checkout, "has untracked files in the way:", files=files)
    if files and b"would be overwritten" in text:
        return in_the_way(checkout, "has uncommitted changes in the way:", files=files)
    if files:
        return in_the_way(checkout, "has something in the way:", files=files)
    if b"index.lock" in text:
        return locked(checkout)
    if b"fast-forward" in text or b"cannot lock ref" in text:
        return TargetMoved(
            f"{branch} moved at this very moment. Nothing was changed.",
            hint="Look at the new commits and try again.",
        )
    return None


def in_the_way(
    checkout: Checkout, what: str, *, files: tuple[bytes, ...]
) -> DirtyCheckout:
    """Make the error that names the user's files."""
    return DirtyCheckout(
        f"{checkout.path} {what} {named(files)}. Nothing was changed.",
        hint="Commit them or move them away, then try again.",
    )


def locked(checkout: Checkout) -> DirtyCheckout:
    """Make the error for an index that another git works on."""
    return DirtyCheckout(
        f"Another git works in {checkout.path} (index.lock is there). "
        "Nothing was changed.",
        hint="Try again when it is done; remove the file if no git runs.",
    )


async def to_the_end(work: Coroutine[None, None, None]) -> None:
    """Await something that must not stop half-way; a cancellation comes after."""
    failed: list[AgentlsError] = []

    async def settle() -> None:
        try:
            await work
        except AgentlsError as error:
            failed.append(error)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(settle())
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            while not task.done():
                await asyncio.wait([task])
            raise
    if failed:
        raise failed[0]
