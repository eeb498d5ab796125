"""The undo of a merge: a branch goes back to a commit that it came from.

In the same two forms as the way there: where nobody has the branch, its reference
is swapped; where a checkout has it, files and index go back there first, as git's own
fast-forward would write them, and then the reference. (`git reset --keep` would
unstage all that the user has staged elsewhere.)
"""

from agentls.errors import AgentlsError, Internal, TargetMoved
from agentls.git.advance import (
    Advanced,
    check_checkout,
    check_merged,
    checkout_of,
    in_the_way,
    locked,
    to_the_end,
)
from agentls.git.checkouts import Checkout
from agentls.git.filters import refuse_untrusted_between
from agentls.git.healing import heal_checkout
from agentls.git.history import reaches
from agentls.git.lock import advance_lock
from agentls.git.obstacles import find_obstacles
from agentls.git.refs import branch_ref, read_ref, update_ref
from agentls.git.repository import Repository
from agentls.git.runner import failure, git, run_git
from agentls.model import CommitId

__all__ = ["retreat_branch"]

_WITHIN = 1800.0


async def retreat_branch(
    repo: Repository, branch: str, *, tip: CommitId, to: CommitId
) -> Advanced:
    """Move a branch from its tip back to a commit that led there, or not at all.

    Raises `TargetMoved` if the branch isn't at `tip`, `DirtyCheckout` if the user's
    files are in the way, `Untrusted` if a filter that nobody trusted applies to a
    changed file; nothing is changed then.
    """
    if not await reaches(repo, tip, ancestor=to):
        raise Internal(f"{tip} doesn't follow {to}; {branch} was not moved.")
    await refuse_untrusted_between(repo, old=tip, new=to)
    async with advance_lock(repo) as lock:
        checkout = await checkout_of(repo, branch)
        if checkout is None:
            swap = update_ref(
                repo, branch_ref(branch), new=to, expected=tip, why="agentls: undo"
            )
            await to_the_end(swap)
            return Advanced(checkout=None)
        await check_checkout(repo, checkout, branch, old=tip)
        await check_merged(repo, checkout)
        # Before the leap, as read-tree takes ignored files for worth nothing.
        found = await find_obstacles(repo, checkout, old=tip, new=to)
        if found.changed:
            raise in_the_way(
                checkout, "has uncommitted changes in the way:", files=found.changed
            )
        if found.untracked:
            raise in_the_way(
                checkout, "has untracked files in the way:", files=found.untracked
            )
        await to_the_end(_back(repo, checkout, branch, tip=tip, to=to, lock=lock))
        return Advanced(checkout=checkout.path)


async def _back(
    repo: Repository,
    checkout: Checkout,
    branch: str,
    *,
    tip: CommitId,
    to: CommitId,
    lock: int,
) -> None:
    place, ref = checkout.place(repo), branch_ref(branch)
    try:
        await git("update-index", "-q", "--refresh", at=place, ok=(0, 1))
        args = ("read-tree", "-m", "-u", "--no-recurse-submodules", tip, to)
        finished = await run_git(*args, at=place, inherit=(lock,), within=_WITHIN)
        if b"index.lock" in finished.stderr:
            raise locked(checkout)
        if finished.status:
            raise failure(args, finished)
        args = ("update-ref", "-m", "agentls: undo", ref, to, tip)
        finished = await run_git(*args, at=place)
        if finished.status:
            raise failure(args, finished)
    except AgentlsError:  # it was ended or refused in the middle: mend what it left
        if await read_ref(repo, ref) not in {tip, to}:
            await git("read-tree", "-m", "-u", to, tip, at=place, ok=(0, 128))
            raise TargetMoved(
                f"{branch} moved at this very moment. Nothing was changed.",
                hint="Look at the new commits and try again.",
            ) from None
        await heal_checkout(repo, checkout, branch=branch, old=tip, new=to)
        if await read_ref(repo, ref) != to:
            raise
