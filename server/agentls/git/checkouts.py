"""The checkouts of a repository, as git's own folder lists them.

Nothing is read from inside a worktree, where an agent writes: which folder a
worktree is, and what it has checked out, stands in `.git/worktrees/<id>`.
"""

import asyncio
import os
from pathlib import Path

import attrs

from agentls.errors import GitFailed, InvalidState
from agentls.git.place import Place
from agentls.git.repository import Repository
from agentls.git.runner import git
from agentls.threads import in_thread

__all__ = [
    "LOCK_REASON",
    "Checkout",
    "find_checkout",
    "list_checkouts",
    "own_checkout",
]

LOCK_REASON = "agentls"
"""Why git must not prune our worktrees; also the mark that they are ours."""

_PAUSES = (0.01, 0.03, 0.1, 0.3)
"""Seconds between attempts to read what others may be writing; none takes long."""

_BUSY_FILES = ("rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START")


@attrs.frozen(kw_only=True)
class Checkout:
    """The main checkout, or a linked worktree."""

    path: Path
    """The top folder of its files."""
    admin: Path
    """Its own git folder: the common one, or `.git/worktrees/<id>`."""
    linked: bool
    branch: str | None
    """The branch that it has checked out; None for a detached head."""
    busy: tuple[str, ...] = ()
    """Branches that a rebase or bisect there will come back to."""
    lock_reason: str | None = None
    """Why it is locked; None when it isn't."""

    def place(self, repo: Repository) -> Place:
        """Say where git works in it."""
        return Place(
            git_dir=self.admin,
            common_dir=repo.git_dir,
            work_tree=self.path,
            objects=repo.quarantine,
            alternates=repo.alternates,
            network=repo.partial,
            trusted=repo.trusted,
        )


async def list_checkouts(repo: Repository) -> tuple[Checkout, ...]:
    """Give all checkouts, the main one first; missing folders included."""
    for pause in (*_PAUSES, None):
        try:
            listing = await git("worktree", "list", "--porcelain", "-z", at=repo.main)
        except GitFailed:
            # git dies of an entry that another git is just writing or removing.
            if pause is None:
                raise
            await asyncio.sleep(pause)
        else:
            return await in_thread(_read_checkouts, repo, listing)
    raise AssertionError


async def find_checkout(repo: Repository, path: Path) -> Checkout | None:
    """Give the checkout whose top folder that is, None if git knows of none."""
    wanted = _as_git_writes(path)
    for checkout in await list_checkouts(repo):
        if checkout.path in {wanted, path}:
            return checkout
    return None


async def own_checkout(repo: Repository, path: Path) -> Checkout:
    """Give the worktree at that path; raise `InvalidState` unless agentls made it."""
    found = await find_checkout(repo, path)
    if found is None or not found.linked or found.lock_reason != LOCK_REASON:
        raise InvalidState(
            f"{path} isn't a worktree that agentls made; it was not touched.",
            hint="git worktree list shows which there are.",
        )
    return found


def _as_git_writes(path: Path) -> Path:
    return Path(os.path.realpath(path.parent)) / path.name


def _read_checkouts(repo: Repository, listing: bytes) -> tuple[Checkout, ...]:
    admins = _admins(repo)
    found: list[Checkout] = []
    for number, record in enumerate(listing.split(b"\0\0")[:-1]):
        fields: dict[str, str] = {}
        for line in record.split(b"\0"):
            key, _, value = os.fsdecode(line).partition(" ")
            fields[key] = value
        # For a submodule git lists its git folder as the main one; we know better.
        linked = number > 0
        path = Path(fields["worktree"]) if linked else repo.root
        admin = admins.get(path) if linked else repo.git_dir
        if admin is None:  # removed since
            continue
        branch = fields.get("branch")
        found.append(
            Checkout(
                path=path,
                admin=admin,
                linked=linked,
                branch=branch.removeprefix("refs/heads/") if branch else None,
                busy=_busy_branches(admin),
                lock_reason=fields.get("locked"),
            )
        )
    return tuple(found)


def _admins(repo: Repository) -> dict[Path, Path]:
    """Map each worktree's folder to its `.git/worktrees/<id>`."""
    found: dict[Path, Path] = {}
    parent = repo.git_dir / "worktrees"
    try:
        names = os.listdir(parent)  # noqa: PTH208 - names only
    except FileNotFoundError:
        return found
    for name in names:
        text = _first_line(parent / name / "gitdir")
        if text:
            dot_git = Path(os.path.normpath(parent / name / text))
            found[dot_git.parent] = parent / name
    return found


def _busy_branches(admin: Path) -> tuple[str, ...]:
    lines = (_first_line(admin / name) for name in _BUSY_FILES)
    return tuple(line.removeprefix("refs/heads/") for line in lines if line)


def _first_line(file: Path) -> str:
    try:
        return os.fsdecode(file.read_bytes()).rstrip("\n")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ""
