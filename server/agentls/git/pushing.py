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
from agentls.git.refs import branch_ref
from agentls.git.remotes import unreachable
from agentls.git.repository import Repository
from agentls.git.runner import load_settings, run_git
from agentls.model import CommitId
from agentls.threads import in_thread

__all__ = ["Pushed", "push_branch", "push_hook"]

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
        raise unreachable(to, asked.stderr, kept="Nothing was pushed.")
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


def _refused(branch: str, remote: str, said: str) -> GitFailed:
    lines = [line for line in said.splitlines() if line.strip()]
    why = [line for line in lines if line.startswith(("!", "remote:", "fatal:"))]
    return GitFailed(
        f"{remote} refused the branch {branch}: " + "\n".join((why or lines)[-6:]),
        hint=f"git push {remote} {branch} in a terminal may tell more.",
    )
