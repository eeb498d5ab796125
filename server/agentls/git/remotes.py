"""The remotes of a repository: which is meant, where it is, and one that is away."""

import os

from agentls.errors import GitFailed, InvalidParams
from agentls.git.repository import Repository
from agentls.git.runner import git, load_settings

__all__ = ["default_remote", "remote_for", "remote_url", "unreachable"]


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


async def remote_for(repo: Repository, branch: str) -> str:
    """Give the remote that a push is meant for, of a branch to be merged into that.

    Raises `InvalidParams` when there is none, or several and none is named.
    """
    settings = await load_settings(repo.main)
    values = {(one.section, one.subsection, one.name): one.value for one in settings}
    named = (
        values.get(("branch", branch, "pushremote"))
        or values.get(("remote", None, "pushdefault"))
        or values.get(("branch", branch, "remote"))
    )
    return named if named and named != "." else await default_remote(repo)


async def remote_url(repo: Repository, remote: str) -> str:
    """Give where a remote is, as the config writes it; a URL is its own remote."""
    found = await git(
        *("config", "-z", "--get", f"remote.{remote}.url"), at=repo.main, ok=(0, 1)
    )
    return os.fsdecode(found.rstrip(b"\0")) or remote


def unreachable(remote: str, stderr: bytes, *, kept: str) -> GitFailed:
    """Make the error for a remote that doesn't answer; `kept` says what was not done.

    `stderr` is what git said.
    """
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    return GitFailed(
        f"{remote} can't be reached: {lines[0] if lines else 'git says nothing'}."
        f" {kept}",
        hint=f"Try `git fetch {remote}` in a terminal: it needs to work without asking"
        " for a password.",
    )
