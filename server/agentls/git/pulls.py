"""Pull and merge requests of a remote, fetched as commits; no reference is made."""

import attrs

from agentls.errors import GitFailed, InvalidParams
from agentls.git.remotes import unreachable
from agentls.git.repository import Repository
from agentls.git.runner import failure, run_git
from agentls.model import CommitId

__all__ = ["fetch_pull"]

_REFS = ("refs/pull/{}/head", "refs/merge-requests/{}/head")
"""As GitHub, Gitea and Forgejo name them, and as GitLab does."""

_ASK_WITHIN = 60.0
_FETCH_WITHIN = 1800.0


async def fetch_pull(repo: Repository, number: int, *, remote: str) -> CommitId:
    """Fetch what a pull or merge request proposes, and give its commit.

    It is the user's git that speaks to the remote, with their credentials. Raises
    `InvalidParams` when the remote has no such request, `GitFailed` when it can't be
    reached.
    """
    at = attrs.evolve(repo.main, network=True)
    wanted = [ref.format(number) for ref in _REFS]
    args = ("ls-remote", "-q", "--", remote, *wanted)
    found = await run_git(*args, at=at, within=_ASK_WITHIN)
    if found.status:
        raise unreachable(remote, found.stderr, kept="Nothing was created.")
    if not found.stdout:
        raise InvalidParams(
            f"{remote} has no pull or merge request {number}.",
            hint="Look at its number on the web page of the repository.",
        )
    commit, _, ref = found.stdout.splitlines()[0].decode("utf-8").partition("\t")
    await _fetch(repo, remote, ref)
    if (await run_git("cat-file", "-e", f"{commit}^{{commit}}", at=repo.main)).status:
        raise GitFailed(
            f"Request {number} moved at this very moment; nothing was created.",
            hint="Try again.",
        )
    return CommitId(commit)


async def _fetch(repo: Repository, remote: str, ref: str) -> None:
    args = (
        *("fetch", "-q", "--no-tags", "--no-write-fetch-head", "--refmap="),
        *("--no-recurse-submodules", "--no-auto-maintenance", "--", remote, ref),
    )
    at = attrs.evolve(repo.main, network=True)
    fetched = await run_git(*args, at=at, within=_FETCH_WITHIN)
    if fetched.status:
        raise failure(args, fetched)
