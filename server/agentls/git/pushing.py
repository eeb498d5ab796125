"""Pushing a branch to a remote, by the user's own git and credentials.

No hook runs, nothing but the one branch is pushed, and what others pushed to it
is never overwritten.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import attrs

from agentls.errors import BranchExists, GitFailed
from agentls.git.history import reaches
from agentls.git.pulls import default_remote
from agentls.git.refs import branch_ref
from agentls.git.repository import Repository
from agentls.git.runner import git, load_settings, run_git
from agentls.model import CommitId
from agentls.threads import in_thread

__all__ = ["Pushed", "push_branch", "push_hook", "remote_for", "remote_url"]

_ASK_WITHIN = 60.0
_PUSH_WITHIN = 1800.0

# What a push would do beside.
_ALONE = {
    "push.followTags": "false",
    "push.gpgSign": "false",
    "push.recurseSubmodules": "no",
}

_OFFER = re.compile(r"^remote:\s+(https?://\S+)", re.MULTILINE)


@attrs.frozen(kw_only=True)
class Pushed:
    """A branch that is on the remote now."""

    offer: str | None = None
    """The page that the remote names for making a request of it."""


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


async def push_hook(repo: Repository) -> Path | None:
    """Give the user's `pre-push` hook, which a push of ours doesn't run."""
    settings = await load_settings(repo.main)
    values = [
        one.value
        for one in settings
        if one.section == "core" and one.name == "hookspath"
    ]
    named = values[-1] if values else None
    return await in_thread(_hook_in, repo, named)


async def push_branch(
    repo: Repository,
    branch: str,
    *,
    to: str,
    tip: CommitId,
    pushed: CommitId | None,
    env: Mapping[str, str],
) -> Pushed:
    """Make a branch of a remote be at a commit.

    `pushed` is what was pushed there before, and may be replaced. Raises
    `BranchExists` when the branch there holds anything else that the commit lacks,
    `GitFailed` when the remote can't be reached or refuses.
    """
    at = attrs.evolve(repo.main, network=True)
    ref = branch_ref(branch)
    asked = await run_git(
        *("ls-remote", "-q", "--", to, ref), at=at, env=env, within=_ASK_WITHIN
    )
    if asked.status:
        raise _unreachable(to, asked.stderr)
    there = CommitId(asked.stdout.decode("ascii", "replace").partition("\t")[0])
    if there == tip:
        return Pushed()
    if there and there != pushed and not await _leads_to(repo, there, tip):
        raise BranchExists(
            f"The branch {branch} on {to} holds commits that the task doesn't have."
            " Nothing was pushed.",
            hint=f"git fetch {to} {branch}; look at them, and delete or rename one of"
            " the two branches.",
        )
    done = await run_git(
        *("push", "--porcelain", "--no-verify", f"--force-with-lease={ref}:{there}"),
        *("--", to, f"{tip}:{ref}"),
        at=at,
        env=env,
        settings=_ALONE,
        within=_PUSH_WITHIN,
    )
    said = done.stderr.decode("utf-8", "replace")
    if done.status:
        raise _refused(branch, to, done.stdout.decode("utf-8", "replace") + said)
    offer = _OFFER.search(said)
    return Pushed(offer=offer[1] if offer else None)


def _hook_in(repo: Repository, named: str | None) -> Path | None:
    folder = repo.root / Path(named).expanduser() if named else repo.git_dir / "hooks"
    hook = folder / "pre-push"
    return hook if os.access(hook, os.X_OK) else None


async def _leads_to(repo: Repository, there: CommitId, tip: CommitId) -> bool:
    known = await run_git("cat-file", "-e", f"{there}^{{commit}}", at=repo.main)
    return not known.status and await reaches(repo, tip, ancestor=there)


def _unreachable(remote: str, stderr: bytes) -> GitFailed:
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    return GitFailed(
        f"{remote} can't be reached: {lines[0] if lines else 'git says nothing'}."
        " Nothing was pushed.",
        hint=f"Try `git fetch {remote}` in a terminal: it needs to work without asking"
        " for a password.",
    )


def _refused(branch: str, remote: str, said: str) -> GitFailed:
    lines = [line for line in said.splitlines() if line.strip()]
    why = [line for line in lines if line.startswith(("!", "remote:", "fatal:"))]
    return GitFailed(
        f"{remote} refused the branch {branch}: " + "\n".join((why or lines)[-6:]),
        hint=f"git push {remote} {branch} in a terminal may tell more.",
    )
