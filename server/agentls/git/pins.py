"""Keeps from git's gc what only a set-aside worktree reaches.

The entry of such a worktree is out of git's sight, and so are its index, its
HEAD, its reflog and a merge or rebase in progress. One hidden commit names
them all: the index as its tree, the commits as its parents.
"""

import os
import re
from pathlib import Path

from agentls.git.checkouts import Checkout
from agentls.git.place import Place
from agentls.git.refs import delete_ref, read_ref, update_ref
from agentls.git.repository import Repository
from agentls.git.runner import git
from agentls.git.staged import IDENTITY, index_tree
from agentls.model import CommitId
from agentls.threads import in_thread

__all__ = ["pin_worktree", "pinned_for", "unpin_worktree"]

_ID = re.compile(rb"(?<![0-9a-f])[0-9a-f]{40}(?:[0-9a-f]{24})?(?![0-9a-f])")
_TEXT_MAX = 16 * 1024 * 1024


async def pin_worktree(repo: Repository, checkout: Checkout, *, name: str) -> None:
    """Make everything reachable that the worktree's own git folder names."""
    ref = _ref(name)
    tree = await index_tree(repo, checkout)
    before = await read_ref(repo, ref)
    parents = await _commits(repo, await in_thread(_ids_in, checkout.admin))
    if before is not None:  # pinned by an earlier worktree of that name: kept, too
        parents = (before, *parents)
    args = [part for parent in parents for part in ("-p", parent)]
    commit = await git(
        "commit-tree",
        tree,
        *args,
        at=repo.main,
        stdin=b"What a set-aside worktree reaches\n",
        env=IDENTITY,
    )
    new = CommitId(commit.decode("ascii").strip())
    await update_ref(repo, ref, new=new, expected=before)


async def pinned_for(repo: Repository, *, name: str) -> CommitId | None:
    """Give the commit that reaches what was pinned, None if nothing is."""
    return await read_ref(repo, _ref(name))


async def unpin_worktree(repo: Repository, *, name: str) -> None:
    """Let go of what was pinned; nothing happens if it was let go already."""
    ref = _ref(name)
    if (pinned := await read_ref(repo, ref)) is not None:
        await delete_ref(repo, ref, expected=pinned)


def _ref(name: str) -> str:
    return f"refs/agentls/_trash/{name}"


async def _commits(repo: Repository, ids: tuple[str, ...]) -> tuple[str, ...]:
    """Give those of the ids that are commits here."""
    if not ids:
        return ()
    asked = "\n".join((*ids, ""))
    at = Place(git_dir=repo.git_dir)  # objects only: nothing may be fetched for this
    listing = await git("cat-file", "--batch-check", at=at, stdin=asked.encode("ascii"))
    rows = (line.split(b" ") for line in listing.splitlines())
    return tuple(row[0].decode("ascii") for row in rows if row[1:2] == [b"commit"])


def _ids_in(admin: Path) -> tuple[str, ...]:
    """Collect all object ids in the worktree's small files: HEAD, logs, rebase."""
    found: dict[str, None] = {}
    for folder, folders, files in os.walk(admin):
        if Path(folder) == admin and "modules" in folders:
            folders.remove("modules")  # repositories of their own
        for name in sorted(files):
            file = Path(folder) / name
            if name == "index" or not file.is_file() or file.is_symlink():
                continue
            if file.stat().st_size <= _TEXT_MAX:
                ids = _ID.findall(file.read_bytes())
                found |= dict.fromkeys(one.decode("ascii") for one in ids)
    return tuple(found)
