"""Which commits lead to which."""

from agentls.git.repository import Repository
from agentls.git.runner import failure, run_git
from agentls.model import CommitId

__all__ = ["first_parent", "merge_base", "reaches"]


async def reaches(repo: Repository, tip: CommitId, *, ancestor: CommitId) -> bool:
    """Tell whether `ancestor` is `tip` or among the commits that led to it."""
    args = ("merge-base", "--is-ancestor", ancestor, tip)
    finished = await run_git(*args, at=repo.main)
    if finished.status not in {0, 1}:
        raise failure(args, finished)
    return not finished.status


async def merge_base(
    repo: Repository, one: CommitId, other: CommitId
) -> CommitId | None:
    """Give the best common ancestor of two commits, None if there is none."""
    args = ("merge-base", one, other)
    finished = await run_git(*args, at=repo.main)
    if finished.status not in {0, 1}:
        raise failure(args, finished)
    return CommitId(finished.stdout.decode("ascii").strip()) or None


async def first_parent(repo: Repository, commit: CommitId) -> CommitId | None:
    """Give the commit that this one was made upon; None for a first one."""
    args = ("rev-parse", "--verify", "-q", "--end-of-options", f"{commit}^1")
    finished = await run_git(*args, at=repo.main)
    return CommitId(finished.stdout.decode("ascii").strip()) or None
