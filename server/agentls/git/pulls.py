"""Pull and merge requests of a remote, fetched as commits; no reference is made."""

import os

import attrs

from agentls.errors import GitFailed, InvalidParams
from agentls.git.repository import Repository
from agentls.git.runner import failure, git, run_git
from agentls.model import CommitId

__all__ = ["default_remote", "fetch_pull"]

_REFS = ("refs/pull/{}/head", "refs/merge-requests/{}/head")
"""As GitHub, Gitea and Forgejo name them, and as GitLab does."""

_ASK_WITHIN = 60.0
_FETCH_WITHIN = 1800.0


async def default_remote(repo: Repository) -> str:
    """Give the remote that is meant when none is named: `origin`, or the only one.

    Raises `InvalidParams` when there is none, or several without an `origin`.
    """
    listing = await git(
        "config",
        "--get-regexp",
        "--name-only",
        "-z",
        r"^remote\..*\.url$",
        at=repo.main,
        ok=(0, 1),
    )
    keys = (os.fsdecode(key) for key in listing.split(b"\0") if key)
    names = tuple(
        dict.fromkeys(key.removeprefix("remote.").removesuffix(".url") for key in keys)
    )
    if "origin" in names:
        return "origin"
    if len(names) == 1:
        return names[0]
    raise InvalidParams(
        f"The repository at {repo.root} has"
        f" {'several remotes and no origin' if names else 'no remote'}.",
        hint="git remote add origin URL",
    )


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
        said = found.stderr.decode("utf-8", "replace").strip().splitlines()
        raise GitFailed(
            f"{remote} can't be asked for request {number}:"
            f" {said[0] if said else 'git says nothing'}. Nothing was created.",
            hint=f"Try `git fetch {remote}` in a terminal: it needs to work without"
            " asking for a password.",
        )
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
